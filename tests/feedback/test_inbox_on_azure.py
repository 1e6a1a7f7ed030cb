"""A real `bentoml serve` with its inbox on a real Azurite: kill -9, and a storage that is down."""

import time

import httpx
import pytest
from azurite import Azurite
from crowning import crown
from served import kill, served

from sentiment.champions import store
from sentiment.config import read_settings
from sentiment.feedback.inbox import Inbox
from sentiment.review.inbox_frame import read_inbox

TEXT = "I love this, thank you so much!"


@pytest.fixture(scope="module")
def storage_story(tmp_path_factory, served_model, azurite_command):
    """Serve, give feedback, kill right after the 200; serve again, stop and restart the storage."""
    storage = Azurite(azurite_command, tmp_path_factory.mktemp("storage"))
    storage.start()
    storage.container("feedback")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(tmp_path_factory.mktemp("served") / "home"))
        patch.delenv("BENTOML_HOME", raising=False)
        patch.setenv("SENTIMENT_FEEDBACK_URL", "az://feedback/inbox")
        patch.setenv("AZURE_STORAGE_CONNECTION_STRING", storage.connection_string)
        crown(store.save(served_model, metadata={}))
        log, seen = read_settings().home / "serve.log", {}
        try:
            with served(log) as (address, process):
                seen["first"] = httpx.post(f"{address}/feedback", json=_feedback(address, seen, "first"))
                kill(process)
            seen["inbox"] = read_inbox(Inbox("az://feedback/inbox"))
            with served(log) as (address, _):
                _without_storage(address, storage, seen)
            seen["log"] = log.read_text()
            seen["home"] = list(read_settings().home.glob("feedback*"))
            yield seen
        finally:
            storage.stop()


def _feedback(address, seen, name):
    prediction = httpx.post(f"{address}/predict", json={"text": TEXT}).json()
    seen[f"{name} sent"] = {"prediction_id": prediction["prediction_id"], "text": TEXT, "correct": True}
    return seen[f"{name} sent"]


def _without_storage(address, storage, seen):
    seen["again"] = httpx.post(f"{address}/feedback", json=seen["first sent"])
    second = _feedback(address, seen, "second")
    storage.stop()
    try:
        started = time.monotonic()
        seen["down"] = httpx.post(f"{address}/feedback", json=second, timeout=60)
        seen["down seconds"] = time.monotonic() - started
        seen["predicted meanwhile"] = httpx.post(f"{address}/predict", json={"text": TEXT})
    finally:
        storage.start()
    seen["later"] = httpx.post(f"{address}/feedback", json=second)
    seen["inbox later"] = read_inbox(Inbox("az://feedback/inbox"))


def test_feedback_that_was_answered_survives_kill_9(storage_story):
    assert storage_story["first"].json()["status"] == "recorded"
    assert list(storage_story["inbox"]["feedback_id"]) == [storage_story["first"].json()["feedback_id"]]
    assert list(storage_story["inbox"]["text"]) == [TEXT]
    assert storage_story["home"] == []


def test_the_next_server_knows_the_feedback(storage_story):
    assert storage_story["again"].json() == {
        "feedback_id": storage_story["first"].json()["feedback_id"],
        "status": "already recorded",
    }


def test_while_the_storage_is_down_feedback_is_refused_within_the_time_limit_and_predictions_go_on(
    storage_story,
):
    assert storage_story["down"].status_code == 503
    assert "the feedback inbox cannot be written: az://feedback" in storage_story["down"].json()["error"]
    assert "does not answer" in storage_story["down"].json()["error"]
    assert storage_story["down seconds"] < 20
    assert storage_story["predicted meanwhile"].status_code == 200


def test_when_the_storage_is_back_the_same_feedback_is_recorded_once(storage_story):
    assert storage_story["later"].json()["status"] == "recorded"
    assert list(storage_story["inbox later"]["feedback_id"]) == [
        storage_story[name].json()["feedback_id"] for name in ("first", "later")
    ]


def test_the_log_holds_no_key_and_no_traceback(storage_story):
    assert "feedback failed: the feedback inbox cannot be written" in storage_story["log"]
    assert "AccountKey" not in storage_story["log"]
    assert "Eby8vdM0" not in storage_story["log"]
    assert "Traceback" not in storage_story["log"]
