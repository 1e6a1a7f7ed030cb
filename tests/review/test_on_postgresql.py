"""The review queue on a real PostgreSQL: with a password, and with tokens of Entra."""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest
from azure.core.exceptions import ClientAuthenticationError
from review_fixtures import NOW, report
from rooms import ROOT
from sqlalchemy import create_engine, text
from sqlalchemy.dialects import plugins

from benchmarks.postgresql import PASSWORD
from infra import entra_login
from sentiment.errors import ReviewError
from sentiment.review.queue import ReviewQueue

pytestmark = pytest.mark.slow


@pytest.fixture
def tokens(monkeypatch):
    """What Entra gives, one after the other; the login is known to SQLAlchemy as when installed."""
    waiting = []

    class Credential:
        def get_token(self, scope):
            assert scope == "https://ossrdbms-aad.database.windows.net/.default"
            if not waiting:
                raise ClientAuthenticationError("no identity here")
            return SimpleNamespace(token=waiting.pop(0))

    monkeypatch.setattr(entra_login, "DefaultAzureCredential", Credential)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (point,) = project["entry-points"]["sqlalchemy.plugins"].items()
    assert EntryPoint(*point, group="sqlalchemy.plugins").load() is entra_login.EntraLogin
    plugins.register("entra", entra_login.__name__, "EntraLogin")
    return waiting


def test_two_people_judge_at_once_and_each_judgement_holds(postgres):
    url = postgres.url(postgres.create_database())
    with ReviewQueue(url, overlap=1) as one, ReviewQueue(url, overlap=1) as two:
        added = one.add([report(number) for number in range(12)], watermarks={"stream": NOW})
        assert (added.new, two.watermark("stream")) == (12, NOW)

        def judge_all(queue, who):
            while item := queue.next_item(who, now=NOW):
                queue.judge(item.item_id, who, "negative" if who == "ann" else "neutral", now=NOW)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(judge_all, (one, two), ("ann", "bob")))
        assert len(one.judgements()) == 24
        assert len(one.disagreements()) == 12
        for item, _ in two.disagreements():
            two.adjudicate(item.item_id, "cora", "neutral", now=NOW)
        closed = one.close_items([each.item.item_id for each in two.settled()], now=NOW)

    assert {each.label for each in closed} == {"neutral"}


def test_a_queue_of_an_earlier_version_gets_the_columns_that_it_lacks(postgres):
    url = postgres.url(postgres.create_database())
    with ReviewQueue(url) as queue:
        queue.add([report(0)])
    engine = create_engine(url)
    with engine.begin() as connection:
        for column in ("drawn", "probability", "model"):
            connection.execute(text(f"ALTER TABLE review_reports DROP COLUMN {column}"))
    engine.dispose()

    with ReviewQueue(url) as queue:
        assert queue.add([report(0), report(1)]).known == 1
        assert queue.progress("ann").items == 2


def test_a_token_of_entra_is_the_password_of_each_new_connection(postgres, tokens):
    tokens += [PASSWORD, PASSWORD]
    url = postgres.url(postgres.create_database(), password="", sslmode="disable", plugin="entra")
    for known in (0, 1):
        with ReviewQueue(url) as queue:
            assert queue.add([report(0)]).known == known
    assert tokens == []


def test_without_a_token_nothing_is_asked_of_the_database(postgres, tokens):
    url = postgres.url("review", password="", sslmode="disable", plugin="entra")
    with ReviewQueue(url) as queue, pytest.raises(ReviewError, match=r"cannot be used \(LoginError\)"):
        queue.progress("ann")


def test_a_token_goes_over_tls_alone_unless_the_address_says_otherwise(postgres, tokens):
    tokens.append(PASSWORD)
    engine = create_engine(postgres.url("postgres", password="", plugin="entra"))
    with pytest.raises(Exception, match="does not support SSL"), engine.connect():
        pass
    engine.dispose()
