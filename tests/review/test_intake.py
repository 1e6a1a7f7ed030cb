"""Reports from the logs and the inbox; the flow that collects them is in `test_collect`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from sentiment.feedback.feedback import Feedback, feedback_id_of
from sentiment.feedback.inbox import Inbox
from sentiment.feedback.prediction_ids import PredictionSigner
from sentiment.review.inbox_frame import read_inbox
from sentiment.review.intake import reports_of_feedback, reports_of_samples

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ID = feedback_id_of("p1")
SIGNER = PredictionSigner("a key of more than sixteen", ttl_days=30)
INBOX = [
    "feedback_id",
    "prediction_id",
    "text",
    "predicted_label",
    "label",
    "correct",
    "score",
    "model",
    "source",
    "received_at",
]
LOG = [
    "timestamp",
    "tweet_text",
    "predicted_label",
    "feedback_label",
    "model",
    "score",
    "prediction_id",
    "feedback_id",
]
SAMPLE = ["TimeGenerated", "tweet_text", "predicted_label", "score", "model", "prediction_id", "reason"]


def inbox(*rows):
    return pd.DataFrame(rows, columns=INBOX)


def log(*rows):
    return pd.DataFrame(rows, columns=LOG)


def moment(minutes):
    return pd.Timestamp(NOW + timedelta(minutes=minutes))


def test_feedback_of_both_places_is_one_report_and_what_telemetry_lost_comes_from_the_inbox():
    logged = log((moment(1), "late @user", "neutral", "negative", "m", 0.5, "p1", ID))
    kept = inbox(
        (ID, "p1", "late @ann", "neutral", "negative", False, 0.5, "m", "src", moment(1)),
        ("b", "p2", "call +49 171 1234567", "neutral", None, False, 0.5, "m", "src", moment(0)),
        ("c", "p3", "fine", "positive", "positive", True, 0.9, "m", "src", moment(0)),
    )

    reports = reports_of_feedback(logged, kept)

    assert [(one.feedback_id, one.text, one.feedback_label, one.source) for one in reports] == [
        ("b", "call (phone)", None, "src"),
        (ID, "late @user", "negative", "src"),
    ]


def test_feedback_that_only_the_logs_have_counts_for_the_unknown_sender():
    reports = reports_of_feedback(log((moment(0), "late", "neutral", "", "m", 0.5, "p1", ID)), inbox())

    assert [(one.source, one.sender, one.feedback_label) for one in reports] == [(None, "unknown", None)]


@pytest.mark.parametrize(
    "row",
    [
        (moment(0), "late", "great", "negative", "m", 0.5, "p1", ID),
        (moment(0), "", "neutral", "negative", "m", 0.5, "p1", ID),
        (moment(0), "late", "neutral", "negative", "m", None, "p1", ID),
        (moment(0), "late", "neutral", "bad", "m", 0.5, "p1", ID),
        (moment(0), "late", "neutral", "negative", "m", 0.5, "", feedback_id_of("")),
        (None, "late", "neutral", "negative", "m", 0.5, "p1", ID),
        (moment(0), "late", "neutral", "negative", "m", 0.5, "p1", "another"),
        (moment(0), "late", "neutral", "negative", "m", -0.1, "p1", ID),
        (moment(0), "late", "neutral", "negative", "m", 1.1, "p1", ID),
        (moment(0), "late", "neutral", "negative", "m", float("inf"), "p1", ID),
        (moment(0), "late", "neutral", "negative", "m" * 300, 0.5, "p1", ID),
    ],
)
def test_a_row_of_the_logs_that_cannot_be_is_left_out_and_said(row, caplog):
    assert reports_of_feedback(log(row), inbox()) == []
    assert "1 of 1 rows of the logs lack something" in caplog.text


def signed(**changes):
    """A row of the logs as our service writes it, with these changes."""
    issued = SIGNER.sign("late @ann", label="neutral", score=0.5, model="m")
    values = {
        "at": moment(0),
        "text": "late @user",
        "predicted": "neutral",
        "label": "negative",
        "model": "m",
        "score": 0.5,
        "id": issued,
    }
    values |= changes
    return (*values.values(), feedback_id_of(values["id"]))


def test_an_id_of_ours_is_taken_however_old_it_is():
    old = PredictionSigner("a key of more than sixteen", ttl_days=1e-9)
    row = signed()

    assert len(reports_of_feedback(log(row), inbox(), old)) == 1
    samples = pd.DataFrame([(row[0], *row[1:3], row[5], row[4], row[6], "random")], columns=SAMPLE)
    assert len(reports_of_samples(samples, old)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "p1"},
        {
            "id": PredictionSigner("another key of theirs", ttl_days=30).sign(
                "late @ann", label="neutral", score=0.5, model="m"
            )
        },
        {"predicted": "positive"},
        {"score": 0.1},
        {"model": "other"},
    ],
)
def test_what_our_key_does_not_vouch_for_is_left_out(changes):
    row = signed(**changes)
    samples = pd.DataFrame([(row[0], *row[1:3], row[5], row[4], row[6], "random")], columns=SAMPLE)

    assert reports_of_feedback(log(row), inbox(), SIGNER) == []
    assert reports_of_samples(samples, SIGNER) == []
    assert len(reports_of_feedback(log(row), inbox())) == 1  # without the key, nobody can tell


def test_a_feedback_from_before_sources_is_read(tmp_path):
    one = Feedback("a" * 32, "p", "late", "neutral", "negative", False, 0.5, "m", None, NOW.isoformat())
    box = Inbox(str(tmp_path))
    box.record(one)
    path = next(tmp_path.rglob("*.json"))
    path.write_text(path.read_text("utf-8").replace(', "source": null', ""), "utf-8")
    box.record(replace(one, feedback_id="b" * 32, source="0123"))

    frame = read_inbox(box)

    assert "source" not in path.read_text("utf-8")
    assert frame["source"].isna().tolist() == [True, False]
    assert [report.source for report in reports_of_feedback(log(), frame)] == [None, "0123"]
