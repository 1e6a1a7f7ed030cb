"""What the tests of the HTTP service share: a home with a champion, and a client of a service that was started on it."""

from __future__ import annotations

import contextlib

import pytest
from crowning import home_with_champion
from starlette.testclient import TestClient

TEXT = "I love this, thank you so much!"
CANARY = "canary4711"
POSTS = {
    "/predict": {"text": TEXT},
    "/predict_batch": {"texts": [TEXT, "awful"]},
    "/feedback": {"prediction_id": "x", "text": TEXT, "correct": True},
}


@pytest.fixture(scope="module")
def store_with_champion(tmp_path_factory, tfidf_model):
    """One home for this file: a store with a champion, and an inbox."""
    with home_with_champion(tmp_path_factory.mktemp("service") / "home", tfidf_model) as tag:
        yield tag


@contextlib.contextmanager
def started(**settings):
    """A client of a service that was started with these settings."""
    from service import SentimentService

    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"SENTIMENT_{name.upper()}", str(value))
        # One process can register the same metrics once only; tests/test_durability.py reads them from a real server.
        patch.setitem(SentimentService.config, "metrics", {"enabled": False})
        with TestClient(SentimentService.to_asgi(), raise_server_exceptions=False) as client:
            yield client


@pytest.fixture(scope="module")
def client(store_with_champion):
    with started() as client:
        yield client


@pytest.fixture
def prediction(client):
    return client.post("/predict", json={"text": TEXT}).json()


def error_of(answer, status):
    """The message of an answer that must be an error in our one form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["error"]
    return answer.json()["error"]


def give(client, prediction, **changes):
    return client.post("/feedback", json={"prediction_id": prediction["prediction_id"], "text": TEXT, "correct": True, **changes})
