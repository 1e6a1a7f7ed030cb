"""Which of the sampled predictions are a uniform sample of production."""

import pandas as pd
from drifting import MONDAY

from sentiment.drift.drawn import drawn_at_random
from sentiment.feedback.draws import audit_number
from sentiment.feedback.prediction_ids import PredictionSigner

IDS = sorted((f"id-{number}" for number in range(3000)), key=audit_number)


def samples(rows):
    """The query's answer from (id, reason, probability)."""
    frame = pd.DataFrame(rows, columns=["prediction_id", "reason", "probability"])
    frame["TimeGenerated"] = pd.Timestamp(MONDAY)
    return frame.assign(
        tweet_text=frame["prediction_id"], predicted_label="neutral", score=0.5, model="m", signature=""
    )


def texts(rows, signer=None):
    return [row.text for row in drawn_at_random(samples(rows), signer)]


def test_those_drawn_for_their_score_do_not_count():
    assert texts([(IDS[0], "random", 0.1), (IDS[1], "low confidence", 1.0)]) == [IDS[0]]
    assert drawn_at_random(samples([(IDS[0], "random", 0.1)]))[0].at == MONDAY


def test_those_drawn_more_often_are_thinned_to_the_frequency_of_the_rest():
    agreed = [(name, "random", 0.01) for name in IDS[::2] if audit_number(name) < 0.01]
    differ = [(name, "disagreement", 0.1) for name in IDS[1::2] if audit_number(name) < 0.1]

    kept = texts([*agreed, *differ])
    assert sorted(kept) == sorted(name for name in IDS if audit_number(name) < 0.01)
    assert len(differ) > 5 * len(kept) / 2


def test_a_prediction_with_two_records_counts_once():
    both = [(IDS[0], "random", 0.01), (IDS[0], "disagreement", 0.1), (IDS[1], "random", 0.01)]

    assert texts(both) == [IDS[0], IDS[1]]


def test_records_that_cannot_be_true_are_left_out():
    assert texts([(IDS[-1], "random", 0.01)]) == []
    assert texts([(IDS[0], "random", 0.01)], PredictionSigner("0" * 32, ttl_days=30)) == []
    assert texts([(IDS[0], "random", None)]) == []


def test_none_are_none():
    assert texts([]) == []
