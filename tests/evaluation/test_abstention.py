"""Risk against coverage, by hand and by brute force."""

import numpy as np
import pytest

from models import LABELS, ModelError
from sentiment.evaluation.abstention import TARGET_RISK, abstention_metrics, risk_coverage

# Sure of 0.9 (right), 0.8 (wrong), 0.7 (right), 0.7 (right), 0.5 (wrong).
TRUE = ["positive", "negative", "positive", "positive", "negative"]
SURE = (0.9, 0.8, 0.7, 0.7, 0.5)


def scores(sure):
    return np.array([[(1 - score) / 2, (1 - score) / 2, score] for score in sure])


@pytest.fixture
def curve():
    return risk_coverage(TRUE, scores(SURE))


def by_chance(rows, seed):
    """Scores that are right as often as they say, for many tweets."""
    chance = np.random.default_rng(seed)
    given = chance.dirichlet((0.6, 0.6, 0.6), rows)
    true = [LABELS[chance.choice(3, p=row)] for row in given]
    return true, given


def test_curve_of_five_tweets_is_that_by_hand(curve):
    assert curve.score.tolist() == pytest.approx([0.9, 0.8, 0.7, 0.5])
    assert curve.coverage.tolist() == [0.2, 0.4, 0.8, 1.0]  # the two of 0.7 go together
    assert curve.risk.tolist() == [0, 1 / 2, 1 / 4, 2 / 5]
    assert curve.area == pytest.approx((0 + 1 / 2 + 2 * 1 / 4 + 2 / 5) / 5)


def test_the_order_of_the_tweets_does_not_matter(curve):
    order = [3, 4, 1, 0, 2]
    other = risk_coverage([TRUE[row] for row in order], scores(SURE)[order])

    assert other.area == curve.area
    assert other.risk.tolist() == curve.risk.tolist()


def test_the_threshold_is_the_lowest_score_within_the_risk_even_where_a_higher_one_is_not(curve):
    assert curve.threshold_at(0.25) == 0.7  # at 0.8 the risk is a half
    assert curve.threshold_at(0.1) == 0.9
    assert curve.coverage_at(0.25) == 0.8


def test_nothing_is_set_aside_where_all_are_good_enough(curve):
    assert curve.threshold_at(0.4) == 0.0
    assert curve.at(0.0) == (1.0, 0.4)


def test_a_model_that_is_wrong_where_it_is_surest_has_no_threshold():
    curve = risk_coverage(["negative", "positive"], scores((0.9, 0.5)))

    assert curve.threshold_at(0.1) is None
    assert curve.coverage_at(0.1) == 0.0
    assert abstention_metrics(curve, curve) == {
        "val_aurc": 0.75,
        "test_aurc": 0.75,
        "test_coverage_at_90": 0.0,
    }


def test_a_tweet_at_the_threshold_is_kept(curve):
    assert curve.at(0.7) == (0.8, 1 / 4)
    assert curve.at(0.75) == (0.4, 1 / 2)
    assert curve.at(0.95) == (0.0, 0.0)


def test_every_threshold_keeps_what_a_plain_comparison_keeps():
    true, given = by_chance(500, 1)
    curve, confidence = risk_coverage(true, given), given.max(axis=1)
    is_wrong = np.array([LABELS[row.argmax()] for row in given]) != np.array(true)

    for threshold in (0.34, 0.5, 0.6, 0.8, 0.99):
        kept = confidence >= threshold
        assert curve.at(threshold) == pytest.approx((kept.mean(), is_wrong[kept].mean()))
    within = [t for t in confidence if is_wrong[confidence >= t].mean() <= 0.2]
    assert curve.threshold_at(0.2) == min(within)


def test_the_recommended_threshold_keeps_its_promise_on_tweets_it_has_not_seen():
    metrics = abstention_metrics(*(risk_coverage(*by_chance(4000, seed)) for seed in (1, 2)))

    assert metrics["test_risk_kept"] == pytest.approx(TARGET_RISK, abs=0.02)
    assert 0.2 < metrics["test_coverage_kept"] < 0.8
    assert metrics["test_coverage_at_90"] == pytest.approx(metrics["test_coverage_kept"], abs=0.06)


def test_the_threshold_is_validations_own_whatever_test_would_say(curve):
    perfect = risk_coverage(["positive"] * 5, scores(SURE))
    metrics = abstention_metrics(curve, perfect)

    assert (metrics["uncertain_below"], metrics["test_coverage_kept"], metrics["test_risk_kept"]) == (
        0.9,
        0.2,
        0.0,
    )
    assert (metrics["val_aurc"], metrics["test_aurc"], metrics["test_coverage_at_90"]) == (
        curve.area,
        0.0,
        1.0,
    )


def test_a_ranking_by_chance_has_the_error_rate_as_its_area_and_a_perfect_one_less():
    chance, rows = np.random.default_rng(3), 2000
    is_right = chance.random(rows) < 0.7
    true = ["positive" if right else "negative" for right in is_right]

    assert risk_coverage(true, scores(0.5 + chance.random(rows) / 2)).area == pytest.approx(0.3, abs=0.02)
    assert risk_coverage(true, scores(0.5 + 0.2 * is_right + chance.random(rows) / 10)).area < 0.06


def test_a_curve_to_draw_has_at_most_a_hundred_points_and_ends_where_all_are_kept():
    curve = risk_coverage(*by_chance(3000, 4))
    points = curve.thinned()

    assert len(points) <= 100
    assert points[-1] == (1.0, round(float(curve.risk[-1]), 4))
    assert [coverage for coverage, _ in points] == sorted(coverage for coverage, _ in points)
    assert len(risk_coverage(TRUE, scores(SURE)).thinned()) == 4


def test_scores_that_are_no_probabilities_are_refused():
    with pytest.raises(ModelError, match="not probabilities"):
        risk_coverage(["negative"], np.array([[0.2, 0.2, 0.2]]))
