"""What becomes a report for review, and the collecting flow with a real monitor, inbox and queue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from sentiment.feedback import Feedback, Inbox
from sentiment.intake import feedback_id_of, reports_of_feedback, reports_of_samples

NOW = datetime(2026, 11, 24, tzinfo=UTC)
INBOX = ["feedback_id", "prediction_id", "text", "predicted_label", "label", "correct", "score", "model", "source", "received_at"]
LOG = ["timestamp", "tweet_text", "predicted_label", "feedback_label", "model", "score", "prediction_id", "feedback_id"]
SAMPLE = ["TimeGenerated", "tweet_text", "predicted_label", "score", "model", "prediction_id", "reason"]


def inbox(*rows):
    return pd.DataFrame(rows, columns=INBOX)


def log(*rows):
    return pd.DataFrame(rows, columns=LOG)


def moment(minutes):
    return pd.Timestamp(NOW + timedelta(minutes=minutes))


def test_feedback_of_both_places_is_one_report_and_what_telemetry_lost_comes_from_the_inbox():
    logged = log((moment(1), "late @user", "neutral", "negative", "m", 0.5, "p1", "a"))
    kept = inbox(
        ("a", "p1", "late @ann", "neutral", "negative", False, 0.5, "m", "src", moment(1)),
        ("b", "p2", "call +49 171 1234567", "neutral", None, False, 0.5, "m", "src", moment(0)),
        ("c", "p3", "fine", "positive", "positive", True, 0.9, "m", "src", moment(0)),
    )

    reports = reports_of_feedback(logged, kept)

    assert [(one.feedback_id, one.text, one.feedback_label, one.source) for one in reports] == [
        ("b", "call (phone)", None, "src"),
        ("a", "late @user", "negative", "src"),
    ]


def test_feedback_that_only_the_logs_have_counts_without_a_source():
    reports = reports_of_feedback(log((moment(0), "late", "neutral", "", "m", 0.5, "p1", "a")), inbox())

    assert [(one.source, one.feedback_label) for one in reports] == [(None, None)]


@pytest.mark.parametrize(
    "row",
    [
        (moment(0), "late", "great", "negative", "m", 0.5, "p1", "a"),
        (moment(0), "", "neutral", "negative", "m", 0.5, "p1", "a"),
        (moment(0), "late", "neutral", "negative", "m", None, "p1", "a"),
        (moment(0), "late", "neutral", "bad", "m", 0.5, "p1", "a"),
        (moment(0), "late", "neutral", "negative", "m", 0.5, "", "a"),
    ],
)
def test_a_row_of_the_logs_that_says_too_little_is_left_out(row):
    assert reports_of_feedback(log(row), inbox()) == []


def test_a_sample_that_somebody_answered_is_no_item_of_its_own():
    sampled = pd.DataFrame(
        [
            (moment(1), "a plain day", "neutral", 0.9, "m", "p1", "random"),
            (moment(0), "who knows", "neutral", 0.4, "m", "p2", "low confidence"),
            (moment(0), "who knows", "neutral", 0.4, "m", "p2", "low confidence"),
        ],
        columns=SAMPLE,
    )

    reports = reports_of_samples(sampled, answered=[feedback_id_of("p1")])

    assert [(one.text, one.origin, one.feedback_label) for one in reports] == [("who knows", "low confidence", None)]


def test_a_feedback_from_before_sources_is_read(tmp_path):
    one = Feedback("a" * 32, "p", "late", "neutral", "negative", False, 0.5, "m", None, NOW.isoformat())
    box = Inbox(str(tmp_path))
    box.record(one)
    path = next(tmp_path.glob("*.json"))
    path.write_text(path.read_text("utf-8").replace(', "source": null', ""), "utf-8")
    box.record(replace(one, feedback_id="b" * 32, source="0123"))

    frame = box.read()

    assert "source" not in path.read_text("utf-8")
    assert frame["source"].isna().tolist() == [True, False]
    assert [report.source for report in reports_of_feedback(log(), frame)] == [None, "0123"]
