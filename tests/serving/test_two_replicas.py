"""Two replicas that share signing key and inbox: one is killed under work, and nothing is lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from crowning import crown
from served import kill, served

from sentiment.champions import store
from sentiment.feedback.inbox import Inbox
from sentiment.review.inbox_frame import read_inbox

USERS, TWEETS = 4, 60
pytestmark = pytest.mark.slow


@pytest.fixture
def shared(tmp_path, monkeypatch, served_model):
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BENTOML_HOME", raising=False)
    crown(store.save(served_model, metadata={}))
    return {
        "SENTIMENT_SIGNING_KEY": "a key that both replicas have",
        "SENTIMENT_FEEDBACK_URL": str(tmp_path / "inbox"),
        "SENTIMENT_FEEDBACK_PER_MINUTE": "0",
    }


def ask(client, addresses, path, body):
    """Post as a balancer does: to the first replica that answers."""
    for address in addresses:
        try:
            answer = client.post(f"{address}{path}", json=body)
        except httpx.TransportError:
            continue
        assert answer.status_code == 200, answer.text
        return answer.json()
    raise AssertionError("no replica answered")


def test_a_replica_that_is_killed_loses_no_prediction_and_no_feedback(tmp_path, shared):
    given, half = [], threading.Event()

    def use(user, addresses):
        with httpx.Client(timeout=30, trust_env=False) as client:
            for number in range(TWEETS):
                text = f"I love this, says user {user} for the time {number}"
                first, second = addresses[number % 2 :] + addresses[: number % 2]
                prediction = ask(client, (first, second), "/predict", {"text": text})
                body = {"prediction_id": prediction["prediction_id"], "text": text, "correct": True}
                given.append(ask(client, (second, first), "/feedback", body)["feedback_id"])
                if len(given) > USERS * TWEETS // 2:
                    half.set()

    logs = [tmp_path / "first.log", tmp_path / "second.log"]
    with (
        served(logs[0], workers=1, **shared) as (first, process),
        served(logs[1], workers=1, **shared) as (second, _),
        ThreadPoolExecutor(USERS) as pool,
    ):
        uses = [pool.submit(use, user, [first, second]) for user in range(USERS)]
        assert half.wait(120)
        kill(process, workers=1)
        for each in uses:
            each.result(120)
    kept = read_inbox(Inbox(shared["SENTIMENT_FEEDBACK_URL"]))

    assert len(set(given)) == USERS * TWEETS
    assert sorted(kept["feedback_id"]) == sorted(given)
