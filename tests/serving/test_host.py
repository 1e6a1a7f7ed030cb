"""Where the service listens: on this machine alone, unless SENTIMENT_HOST says otherwise."""

from __future__ import annotations

import psutil
import pytest
from crowning import home_with_champion
from served import served

WARNING = "beyond this machine, without a key"


def addresses(process, port):
    """The addresses on which a server's processes listen to a port."""
    supervisor = psutil.Process(process.pid)
    connections = [
        connection
        for member in (supervisor, *supervisor.children(recursive=True))
        for connection in member.net_connections("inet")
    ]
    return {
        connection.laddr.ip
        for connection in connections
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    }


@pytest.fixture(scope="module")
def crowned_home(tmp_path_factory, served_model):
    """One home for this file: a store with a champion."""
    with home_with_champion(tmp_path_factory.mktemp("host") / "home", served_model):
        yield


@pytest.mark.usefixtures("crowned_home")
@pytest.mark.parametrize(
    ("settings", "address", "warns"),
    [
        ({}, "127.0.0.1", False),
        ({"SENTIMENT_HOST": ""}, "127.0.0.1", False),
        ({"SENTIMENT_HOST": "0.0.0.0"}, "0.0.0.0", True),
        ({"SENTIMENT_HOST": "0.0.0.0", "SENTIMENT_API_KEY": "a-key"}, "0.0.0.0", False),
    ],
)
def test_the_service_listens_where_it_is_told_to(tmp_path, settings, address, warns):
    log = tmp_path / "log"
    with served(log, workers=1, **settings) as (url, process):
        assert addresses(process, int(url.rpartition(":")[2])) == {address}
    assert (WARNING in log.read_text()) == warns
