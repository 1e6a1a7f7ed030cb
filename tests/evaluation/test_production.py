"""Quality in production: against plain shares, ppi-python and a simulation with known truth."""

import numpy as np
import pytest
from audited_rows import answers, audited
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from models import LABELS
from sentiment.evaluation.production import LEAST_LABELS, production_quality


def drawn(seed, labels, waiting, overconfidence=0.15):
    """Rows whose scores promise too much; of the lower scores only half were drawn."""
    chance = np.random.default_rng(seed)
    scores = chance.uniform(0.4, 1, labels + waiting).round(3)
    is_right = chance.random(labels + waiting) < scores - overconfidence
    weights = np.where(scores < 0.6, 1.0, 2.0)
    return scores, is_right, weights


def rows_of(scores, is_right, weights, labels):
    return [
        audited(
            ("positive" if right else "negative") if number < labels else None, score=score, weight=weight
        )
        for number, (score, right, weight) in enumerate(zip(scores, is_right, weights, strict=True))
    ]


def test_plain_rows_without_scores_give_the_share_with_wilsons_interval():
    accuracy = production_quality(answers(640, 160)).accuracy
    wilson = binomtest(640, 800).proportion_ci(method="wilson")

    assert accuracy.value == 0.8
    assert (accuracy.low, accuracy.high) == pytest.approx((wilson.low, wilson.high), abs=2e-4)
    assert accuracy.worth == pytest.approx(799)


def test_accuracy_agrees_with_ppi_python():
    """What ppi_mean_pointestimate and ppi_mean_ci of ppi-python 0.2.3 give for the same rows."""
    scores, is_right, weights = drawn(5, 300, 2000)
    accuracy = production_quality(rows_of(scores, is_right, np.ones(2300), 300)).accuracy
    weighted = production_quality(rows_of(scores, is_right, weights, 300)).accuracy

    assert accuracy.value == pytest.approx(0.53506, abs=1e-4)
    assert (accuracy.low, accuracy.high) == pytest.approx((0.48184, 0.58829), abs=1e-3)
    assert weighted.value == pytest.approx(0.58290, abs=1e-3)
    assert (weighted.low, weighted.high) == pytest.approx((0.52642, 0.63939), abs=2e-3)


def test_macro_f1_is_scikit_learns_with_weights():
    chance = np.random.default_rng(0)
    true, predicted = (chance.choice(LABELS, 400) for _ in range(2))
    weights = chance.choice([1.0, 3.0], 400)
    rows = [
        audited(label, answer, weight=weight)
        for label, answer, weight in zip(true, predicted, weights, strict=True)
    ]
    expected = f1_score(true, predicted, average="macro", sample_weight=weights)

    assert production_quality(rows).f1_macro.value == pytest.approx(expected)


def test_labels_that_nobody_gave_do_not_lower_the_macro_f1():
    rows = [audited("positive", "positive")] * 30 + [audited("negative", "negative")] * 30

    assert production_quality(rows).f1_macro.value == 1


def test_scores_narrow_the_interval_and_their_bias_does_not_move_it():
    scores, is_right, _ = drawn(1, 500, 20_000)
    honest = np.where(is_right, 0.9, 0.5)  # scores that tell right from wrong, but not how often
    rows = rows_of(honest, is_right, np.ones(len(scores)), 500)
    powered, plain = production_quality(rows), production_quality(rows, is_powered=False)

    assert powered.accuracy.worth > 4 * plain.accuracy.worth
    assert abs(powered.accuracy.value - is_right.mean()) < 0.01
    assert (powered.labels, powered.waiting, plain.waiting) == (500, 20_000, 0)


def test_scores_that_mean_nothing_do_no_harm():
    rows = [audited("positive" if n % 3 else "negative", score=0.4 + n % 7 / 20) for n in range(200)]
    waiting = [audited(score=0.4 + n % 7 / 20) for n in range(2000)]
    plain = production_quality(rows)

    assert production_quality(rows + waiting).accuracy.worth > 0.99 * plain.accuracy.worth


def test_rows_that_people_could_not_label_count_for_the_scores_alone():
    """Unclear tweets have low scores here: the rest must not look worse for it."""
    clear = [audited("positive" if n % 10 else "negative", score=0.9 if n % 10 else 0.6) for n in range(200)]
    unclear = [audited(score=0.35, state="unclear")] * 100
    waiting = [audited(score=score) for score in [0.9] * 1800 + [0.6] * 200 + [0.35] * 1000]

    accuracy = production_quality(clear + unclear + waiting).accuracy

    assert accuracy.value == pytest.approx(0.9, abs=1e-9)


def test_a_row_counts_for_as_many_as_its_weight_says():
    weighted = production_quality([*answers(30, 0, weight=3.0), *answers(0, 30)])
    doubled = production_quality([*answers(90, 0), *answers(0, 30)])

    assert weighted.accuracy.value == doubled.accuracy.value == 0.75
    assert weighted.accuracy.worth < doubled.accuracy.worth


def test_rows_without_a_score_count_for_their_labels_alone():
    blind = answers(150, 50, score=None)

    assert production_quality([*blind, *[audited()] * 500]).accuracy.value == 0.75
    assert production_quality([*blind, *answers(50, 0), *[audited()] * 500]).labels == 250


def test_few_labels_give_no_figure():
    few = answers(LEAST_LABELS - 1, 0)

    assert production_quality([*few, *[audited(state="unclear")] * 50]) is None
    assert production_quality([*few, audited("negative")]) is not None


@pytest.mark.parametrize("seed", range(40))
def test_every_interval_holds_its_value(seed):
    chance = np.random.default_rng(seed)
    few = list(chance.choice([*LABELS, None], chance.integers(1, 5)))
    rows = [
        audited(chance.choice(few), chance.choice(LABELS), chance.random(), weight=chance.choice([1, 2, 100]))
        for _ in range(chance.integers(0, 60))
    ]
    quality = production_quality([*rows, *[audited(chance.choice(LABELS), "neutral")] * LEAST_LABELS])

    for estimate in (quality.accuracy, quality.f1_macro):
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
        assert estimate.worth > 0


def test_the_interval_holds_the_truth_as_often_as_it_promises():
    truth = np.mean(drawn(0, 10**6, 0)[1])
    hits = []
    for seed in range(200):
        scores, is_right, _ = drawn(seed, 60, 120)
        accuracy = production_quality(rows_of(scores, is_right, np.ones(180), 60)).accuracy
        hits.append(accuracy.low <= truth <= accuracy.high)

    assert np.mean(hits) >= 0.91  # 95% is promised; 200 draws of 95% are below this in 1 of 100
