"""Connections of a real server: those without a whole request are closed, too many refused."""

from __future__ import annotations

import contextlib
import socket
import time
from contextlib import closing

import pytest
from service_fixtures import listening
from waiting import wait_for

from sentiment.serving import connection_limit

pytestmark = pytest.mark.usefixtures("store_with_champion")
REQUEST = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.fixture
def port(monkeypatch):
    """The port of a server that waits half a second for headers and takes three connections."""
    monkeypatch.setattr(connection_limit, "HEADER_SECONDS", 0.5)
    monkeypatch.setattr(connection_limit, "most_connections", lambda: 3)
    with listening() as port:
        yield port


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    return closing(connection)


def until_closed(connection):
    """What arrives until the server hangs up."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_connection_that_sends_nothing_is_closed(port):
    with connect(port) as idle:
        assert until_closed(idle) == b""


def test_headers_that_drip_are_closed_in_time_and_so_are_those_of_the_next_request(port):
    with connect(port) as slow:
        slow.sendall(REQUEST)
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 OK")
        assert drip(slow) < 5


def test_a_line_break_after_an_answer_does_not_hold_the_connection(port):
    with connect(port) as held:
        held.sendall(REQUEST)
        assert held.recv(65536).startswith(b"HTTP/1.1 200 OK")
        time.sleep(0.1)
        held.sendall(b"\r\n")
        assert until_closed(held) == b""


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no TCP_USER_TIMEOUT")
def test_a_connection_whose_answers_nobody_reads_is_closed(port, monkeypatch):
    monkeypatch.setattr(connection_limit, "WRITE_SECONDS", 1.0)
    with connect(port) as silent:
        silent.sendall(REQUEST.replace(b"/livez", b"/docs.json") * 500)
        wait_for(lambda: is_cut_off(silent), pause=0.5)


def is_cut_off(connection):
    """Whether the system knows nothing more of a connection, as what arrives there says."""
    try:
        connection.send(b"\r\n")
    except ConnectionError:
        return True
    return False


def drip(connection):
    """Send a request byte by byte; return the seconds until the server has hung up."""
    began = time.monotonic()
    with contextlib.suppress(OSError):
        for number in range(100):
            connection.sendall(b"E" if number else b"G")
            time.sleep(0.1)
    return time.monotonic() - began


def test_a_connection_whose_request_came_in_time_lives_on(port):
    with connect(port) as one:
        for _ in range(3):
            one.sendall(REQUEST)
            assert one.recv(65536).startswith(b"HTTP/1.1 200 OK")
            time.sleep(0.4)


def test_one_connection_too_many_is_refused_in_json_and_a_place_that_is_left_is_free(port):
    held = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(3)]
    time.sleep(0.1)
    with connect(port) as refused:
        answer = until_closed(refused)
    for connection in held:
        connection.close()
    time.sleep(0.1)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert answer.endswith(b'{"error": "too many connections are open: try again in a second"}')
    with connect(port) as one:
        one.sendall(REQUEST)
        assert one.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_a_process_takes_at_most_half_as_many_connections_as_it_may_have_files():
    connection_limit.most_connections.cache_clear()
    assert 1 < connection_limit.most_connections() <= connection_limit.MOST
