"""Records of samples: which of them are believed, and which one counts."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from sentiment.feedback.draws import audit_number, is_drawn
from sentiment.feedback.feedback import feedback_id_of
from sentiment.feedback.prediction_ids import PredictionSigner
from sentiment.review.intake import reports_of_samples

NOW = pd.Timestamp(datetime(2026, 11, 24, tzinfo=UTC))
SIGNER = PredictionSigner("a key of more than sixteen", ttl_days=30)
THEIRS = PredictionSigner("another key of theirs", ttl_days=30)


def id_with(condition):
    """A prediction id of ours that meets a condition."""
    while not condition(new := SIGNER.sign("late @ann", label="neutral", score=0.4, model="m")):
        pass
    return new


DRAWN = id_with(lambda new: audit_number(new) < 0.1 and is_drawn(new, "low confidence", 0.5))
NOT_DRAWN = id_with(lambda new: audit_number(new) > 0.5)


def record(prediction_id=DRAWN, reason="random", probability=0.1, *, signer=SIGNER, **changes):
    """A record as our service writes it, with these changes."""
    text = "late again @user"
    values = {
        "TimeGenerated": NOW,
        "tweet_text": text,
        "predicted_label": "neutral",
        "score": 0.4,
        "model": "m",
        "prediction_id": prediction_id,
        "reason": reason,
        "probability": probability,
        "signature": signer.seal(prediction_id, reason, probability, text),
    }
    return values | changes


def reports(*records, signer=SIGNER):
    return reports_of_samples(pd.DataFrame(records), signer)


def drawn(*records):
    return [(one.drawn, one.probability, one.origin) for one in reports(*records)]


def test_each_kind_of_draw_keeps_its_probability():
    assert drawn(record()) == [("audit", 0.1, "random")]
    assert drawn(record(reason="disagreement")) == [("audit", 0.1, "disagreement")]
    assert drawn(record(reason="low confidence", probability=0.5)) == [("uncertain", 0.5, "low confidence")]


def test_of_several_records_of_one_prediction_the_audit_and_the_highest_probability_count():
    low, plain = record(reason="low confidence", probability=0.9), record()
    disagreement = record(reason="disagreement", probability=0.3)

    assert drawn(low, plain, low) == [("audit", 0.1, "random")]
    assert drawn(disagreement, low, plain) == [("audit", 0.3, "disagreement")]


def test_a_record_from_before_probabilities_is_reviewed_and_is_no_audit():
    frame = pd.DataFrame([record()]).drop(columns=["probability", "signature"])

    assert [(one.drawn, one.probability) for one in reports_of_samples(frame, SIGNER)] == [
        ("complaint", None)
    ]
    assert drawn(record() | {"probability": None, "signature": None}, record()) == [("audit", 0.1, "random")]


@pytest.mark.parametrize(
    "forged",
    [
        record(NOT_DRAWN, probability=0.1),  # the hash says that it was not drawn
        record(NOT_DRAWN, probability=1.0, signer=THEIRS),  # a complaint dressed up with weight 1
        record(probability=0.1) | {"probability": 1.0},  # a lower weight for a genuine draw
        record(probability=0.1) | {"probability": audit_number(DRAWN) * 1.01},  # a higher one
        record(reason="low confidence", probability=0.5) | {"reason": "random"},
        record(tweet_text="what a great day"),
        record(signature=""),
        record(signature="ß"),
        record(signature=None),
        record(probability=-1.0),
        record(probability=float("inf")),
        record(probability=1e-300),
        record(reason="because"),
    ],
)
def test_a_draw_that_our_service_did_not_make_is_left_out_and_takes_no_ones_place(forged, caplog):
    assert reports(forged) == []
    assert "1 of 1 rows of the logs lack something, claim a draw that was not" in caplog.text
    genuine = record()
    found = reports(forged, genuine)
    assert [(one.text, one.drawn, one.probability) for one in found] == [("late again @user", "audit", 0.1)]


def test_without_the_key_the_hash_still_refuses_a_draw_that_was_not():
    assert reports(record(NOT_DRAWN, probability=0.1), signer=None) == []
    assert len(reports(record(signature=""), signer=None)) == 1


def test_a_sample_stays_whatever_people_said_of_it_and_its_place_in_the_order_follows_from_its_id():
    (one,) = reports(record())

    assert one.feedback_id == feedback_id_of(DRAWN)
    assert one.audit_order == pytest.approx(audit_number(DRAWN) / 0.1)
    assert reports(record(reason="low confidence", probability=0.5))[0].audit_order is None
