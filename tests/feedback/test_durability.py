"""A real `bentoml serve` with two workers, ended by kill -9: feedback answered 200 is kept."""

from __future__ import annotations

import re

import httpx
import pytest
from crowning import crown
from served import kill, served

from sentiment.champions import store
from sentiment.config import read_settings
from sentiment.feedback.inbox import Inbox
from sentiment.review.inbox_frame import read_inbox

TEXT = "I love this, canary4711!"


@pytest.fixture(scope="module")
def kill_story(tmp_path_factory, served_model):
    """Serve, use, kill right after a 200, serve again, send the same again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(tmp_path_factory.mktemp("served") / "home"))
        patch.delenv("BENTOML_HOME", raising=False)
        crown(store.save(served_model, metadata={}))
        log = read_settings().home / "serve.log"
        seen = {}
        with served(log) as (address, process):
            _use(address, seen)
            seen["first"] = httpx.post(f"{address}/feedback", json=seen["feedback"])
            kill(process)
        seen["inbox"] = read_inbox(Inbox(read_settings().feedback_address))
        with served(log) as (address, _):
            seen["again"] = httpx.post(f"{address}/feedback", json=seen["feedback"])
        seen["log"] = log.read_text()
        yield seen


def _use(address, seen):
    prediction = httpx.post(f"{address}/predict", json={"text": TEXT}).json()
    seen["feedback"] = {"prediction_id": prediction["prediction_id"], "text": TEXT, "correct": True}
    for number in range(20):  # each on a connection of its own, so that both workers are asked
        httpx.get(f"{address}/scan-{number}")
        httpx.post(f"{address}/predict", json={"text": [TEXT]})
        httpx.post(f"{address}/predict", content=f'{{"text": "{TEXT}"')
        httpx.post(f"{address}/feedback", json={**seen["feedback"], "text": TEXT + "?"})
    seen["chunked"] = httpx.post(f"{address}/predict", content=(b" " * 65_536 for _ in range(20)))
    seen["metrics"] = httpx.get(f"{address}/metrics")


def test_feedback_that_was_answered_survives_kill_9(kill_story):
    assert kill_story["first"].json()["status"] == "recorded"
    assert list(kill_story["inbox"]["feedback_id"]) == [kill_story["first"].json()["feedback_id"]]
    assert list(kill_story["inbox"]["text"]) == [TEXT]


def test_the_next_server_knows_the_feedback_and_the_prediction_id(kill_story):
    assert kill_story["again"].json() == {
        "feedback_id": kill_story["first"].json()["feedback_id"],
        "status": "already recorded",
    }


def test_both_workers_count_into_the_same_metrics(kill_story):
    predict = re.search(
        r'sentiment_requests_total\{route="/predict",status="400"\} (\d+)', kill_story["metrics"].text
    )
    feedback = re.search(
        r'sentiment_requests_total\{route="/feedback",status="400"\} (\d+)', kill_story["metrics"].text
    )
    assert (int(predict[1]), int(feedback[1])) == (40, 20)


def test_unknown_paths_leave_nothing_in_the_metrics(kill_story):
    assert kill_story["metrics"].status_code == 200
    assert "scan-" not in kill_story["metrics"].text


def test_a_real_server_refuses_a_streamed_body_over_the_limit(kill_story):
    assert kill_story["chunked"].status_code == 413
    assert "over 262144 bytes" in kill_story["chunked"].json()["error"]


def test_the_log_of_a_real_server_holds_no_input(kill_story):
    assert "Service sentiment initialized" in kill_story["log"]
    assert "canary4711" not in kill_story["log"]
    assert "Traceback" not in kill_story["log"]
