"""Which predictions are drawn for review, and who can say so."""

import random

from sentiment.feedback.draws import audit_number, is_drawn
from sentiment.feedback.prediction_ids import PredictionSigner

SIGNER = PredictionSigner("a key of more than sixteen", ttl_days=30)


def ids(number):
    return [SIGNER.sign("late again", label="neutral", score=0.5, model="m") for _ in range(number)]


def test_what_a_low_probability_draws_a_higher_one_draws_for_whatever_reason_of_the_audit():
    numbers = random.Random(0)
    for one in ids(300):
        low, high = sorted((numbers.random(), numbers.random()))
        assert is_drawn(one, "disagreement", high) >= is_drawn(one, "random", low)
        assert is_drawn(one, "random", low) == (audit_number(one) < low)


def test_a_share_of_the_ids_is_drawn_and_those_of_low_score_by_another_number():
    some = ids(2000)
    audit = [is_drawn(one, "random", 0.3) for one in some]
    uncertain = [is_drawn(one, "low confidence", 0.3) for one in some]

    assert 500 < sum(audit) < 700  # 600 are expected, with a standard deviation of 20
    assert 120 < sum(a and b for a, b in zip(audit, uncertain, strict=True)) < 240  # 180 if independent
    assert not any(is_drawn(one, "random", 0) for one in some)
    assert all(is_drawn(one, "random", 1) for one in some)


def test_a_seal_holds_for_one_draw_and_one_text_only_and_needs_the_key():
    given = ("p1", "random", 0.01, "so late @user")
    seal = SIGNER.seal(*given)

    assert seal == SIGNER.seal("p1", "random", float("0.01"), "so  late\n@user ")
    others = [("p2", *given[1:]), ("p1", "disagreement", *given[2:]), ("p1", "random", 1.0, given[3])]
    for changed in (*others, (*given[:3], "so great @user")):
        assert SIGNER.seal(*changed) != seal
    assert PredictionSigner("another key of theirs", ttl_days=30).seal(*given) != seal
