"""The feedback log, seen by a real receiver: its keys, its times, and nothing else."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from telemetry_fixtures import TEXT, make_feedback, sending, serving

from sentiment.telemetry import process
from sentiment.telemetry.process import ShadowPrediction

pytestmark = pytest.mark.usefixtures("champion")


def messages(recorder):
    return [envelope for envelope in recorder.envelopes if envelope["data"]["baseType"] == "MessageData"]


def test_feedback_is_logged_once_with_flat_keys_and_a_masked_text(recorder, champion):
    text = f"{TEXT} @ann, ann@example.com"
    with serving(recorder) as client:
        prediction = client.post("/predict", json={"text": text}).json()
        body = {
            "prediction_id": prediction["prediction_id"],
            "text": text,
            "correct": False,
            "label": "negative",
            "comment": "canary4711",
        }
        answers = [client.post("/feedback", json=body) for _ in range(3)]

    (record,) = messages(recorder)
    data = record["data"]["baseData"]
    assert (data["message"], data["severityLevel"]) == ("Bad prediction", 2)
    assert data["properties"] == {
        "tweet_text": f"{TEXT} @user, (email)",
        "predicted_label": "positive",
        "feedback_label": "negative",
        "score": str(prediction["scores"]["positive"]),
        "model": champion,
        "prediction_id": prediction["prediction_id"],
        "feedback_id": answers[0].json()["feedback_id"],
        "logger_name": "sentiment.feedback",
    }
    assert record["tags"]["ai.operation.id"] == answers[0].headers["x-trace-id"]
    assert [answer.json()["status"] for answer in answers] == [
        "recorded",
        "already recorded",
        "already recorded",
    ]


def test_good_feedback_and_feedback_without_a_label(recorder):
    with sending(recorder):
        process.log_feedback(make_feedback(correct=True, label="positive"))
        process.log_feedback(make_feedback(label=None))

    good, bad = recorder.of("MessageData")
    assert (good["message"], good["severityLevel"], good["properties"]["feedback_label"]) == (
        "Good prediction",
        1,
        "positive",
    )
    assert (bad["message"], bad["severityLevel"]) == ("Bad prediction", 2)
    assert "feedback_label" not in bad["properties"]


def test_feedback_carries_the_time_it_was_received_unless_azure_would_refuse_it(recorder):
    now = datetime.now(UTC)
    recent, old = now - timedelta(hours=47), now - timedelta(hours=49)
    with sending(recorder):
        for moment in (recent, old):
            process.log_feedback(make_feedback(received_at=moment.isoformat(timespec="microseconds")))

    first, second = messages(recorder)
    assert abs(datetime.fromisoformat(first["time"]) - recent) < timedelta(milliseconds=1)
    assert "received_at" not in first["data"]["baseData"]["properties"]
    assert timedelta() <= datetime.fromisoformat(second["time"]) - now < timedelta(minutes=1)
    assert datetime.fromisoformat(second["data"]["baseData"]["properties"]["received_at"]) == old


def test_more_feedback_than_a_queue_holds_can_be_sent_again(recorder):
    several = [make_feedback() for _ in range(2500)]
    with sending(recorder, OTEL_BLRP_SCHEDULE_DELAY="60000", OTEL_BLRP_MAX_QUEUE_SIZE="1024") as running:
        running.resend(several)
        assert sorted(recorder.feedback_ids()) == sorted(feedback.feedback_id for feedback in several)


def test_feedback_needs_no_level_of_the_root_logger_and_never_reaches_it(recorder, caplog):
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.setLevel(logging.CRITICAL)
    try:
        with sending(recorder):
            process.log_feedback(make_feedback(correct=True, label="positive"))
            assert root.handlers == before
    finally:
        root.setLevel(level)

    assert len(recorder.feedback_ids()) == 1
    assert "prediction" not in caplog.text


def test_other_lines_of_that_logger_are_not_feedback(recorder):
    with sending(recorder):
        logging.getLogger("sentiment.feedback").warning(
            "the feedback inbox holds x, which is no feedback: skipped"
        )

    assert recorder.of("MessageData") == []


def test_a_shadow_tells_a_tweet_only_where_it_would_change_the_label(recorder):
    given = (f"{TEXT} @ann", "positive", 0.9, "a")
    with sending(recorder) as running:
        running.note_shadow(ShadowPrediction(*given, "positive", 0.8, "b"))
        running.note_shadow(ShadowPrediction(*given, "neutral", 0.7, "b"))

    told = [record["data"]["baseData"]["properties"] for record in messages(recorder)]
    assert [one.get("tweet_text") for one in told] == [None, f"{TEXT} @user"]
    assert {one["shadow_model"] for one in told} == {"b"}
    assert told[1]["shadow_label"] == "neutral"
