"""The tests behind the gate, against figures from textbooks and by hand."""

import numpy as np
import pytest
from scipy.stats import binom

from sentiment.evaluation.significance import (
    compare_accuracy,
    compare_f1,
    gap_between_sets,
    holm,
    mcnemar,
    sign_flip,
)


def answers(true, accuracy, seed):
    chance = np.random.default_rng(seed)
    return np.where(chance.random(len(true)) < accuracy, true, (true + 1) % 3)


TRUE = np.random.default_rng(0).integers(0, 3, 2000)


def test_the_same_answers_differ_by_nothing():
    same = answers(TRUE, 0.7, 1)
    difference = compare_f1((TRUE, same, same))

    assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert difference.p_better == difference.p_worse == 1


def test_exchanging_the_models_exchanges_the_signs():
    champion, challenger = answers(TRUE, 0.7, 1), answers(TRUE, 0.75, 2)
    there, back = compare_f1((TRUE, champion, challenger)), compare_f1((TRUE, challenger, champion))

    assert there.value == pytest.approx(-back.value)
    assert there.p_better < 0.01 < back.p_better
    assert there.low > 0 > back.high


def test_the_interval_is_that_of_a_paired_bootstrap():
    champion, challenger = answers(TRUE, 0.7, 1), answers(TRUE, 0.72, 2)
    chance = np.random.default_rng(5)

    def f1(true, given):
        scores = [
            2 * ((true == k) & (given == k)).sum() / ((true == k).sum() + (given == k).sum())
            for k in range(3)
        ]
        return np.mean(scores)

    rows = [chance.integers(0, len(TRUE), len(TRUE)) for _ in range(2000)]
    plain = np.quantile([f1(TRUE[r], challenger[r]) - f1(TRUE[r], champion[r]) for r in rows], [0.025, 0.975])
    difference = compare_f1((TRUE, champion, challenger))

    assert (difference.low, difference.high) == pytest.approx(tuple(plain), abs=0.003)


def test_a_label_that_no_text_has_does_not_count_and_one_label_can_be_asked_for():
    true = TRUE % 2
    difference = compare_f1((true, true, true))
    only = compare_f1((TRUE, TRUE, np.where(TRUE == 1, 0, TRUE)), label=1)

    assert difference.champion == 1
    assert (only.champion, only.challenger) == (1, 0)


def test_a_weight_of_two_counts_a_text_twice():
    champion, challenger = answers(TRUE, 0.7, 1), answers(TRUE, 0.75, 2)
    weights = np.where(np.arange(len(TRUE)) < 500, 2.0, 1.0)
    twice = np.concatenate([np.arange(500), np.arange(len(TRUE))])
    for compare in (compare_f1, compare_accuracy):
        weighted = compare((TRUE, champion, challenger), weights=weights)
        repeated = compare((TRUE[twice], champion[twice], challenger[twice]))

        assert weighted.value == pytest.approx(repeated.value)
        assert weighted.champion == pytest.approx(repeated.champion)
        assert weighted.rows == len(TRUE)


def test_equal_weights_change_nothing():
    one = (TRUE, answers(TRUE, 0.7, 1), answers(TRUE, 0.75, 2))
    plain, weighted = compare_f1(one), compare_f1(one, weights=np.full(len(TRUE), 20.0))

    assert np.array_equal(plain.draws, weighted.draws)


def test_the_weighted_interval_is_that_of_a_bootstrap_over_texts():
    true, weights = TRUE[:600], np.random.default_rng(3).choice([2.0, 20.0, 33.3], 600)
    champion, challenger = answers(true, 0.7, 1), answers(true, 0.72, 2)
    chance, gains = np.random.default_rng(5), []
    for _ in range(600):
        rows = chance.integers(0, 600, 600)
        drawn = (true[rows], champion[rows], challenger[rows])
        gains.append(compare_f1(drawn, weights=weights[rows], draws=1).value)
    difference = compare_f1((true, champion, challenger), weights=weights)

    assert (difference.low, difference.high) == pytest.approx(np.quantile(gains, [0.025, 0.975]), abs=0.01)
    assert difference.spread == pytest.approx(np.std(gains) * 600**0.5, rel=0.1)


def test_ten_thousand_draws_of_many_weights_stay_within_memory_and_time():
    one = (TRUE, answers(TRUE, 0.7, 1), answers(TRUE, 0.75, 2))
    weights = 1 + np.random.default_rng(1).random(len(TRUE))

    assert compare_f1(one, weights=weights, draws=2000).low > 0


def test_mcnemar_mid_p_of_the_textbook():
    # Fagerland et al. 2013, table 2: 1 and 7 discordant pairs; the mid-p value is 0.039.
    champion = np.array([True] * 7 + [False] * 1 + [True] * 20)
    challenger = np.array([False] * 7 + [True] * 1 + [True] * 20)
    two_sided, worse = mcnemar(champion, challenger)

    assert two_sided == pytest.approx(0.039, abs=5e-4)
    assert worse == pytest.approx(two_sided / 2)
    assert mcnemar(champion, champion) == (1, 1)
    assert two_sided == pytest.approx(2 * binom.cdf(1, 8, 0.5) - binom.pmf(1, 8, 0.5))


@pytest.mark.parametrize(("lost", "won"), [(6, 0), (4, 1), (12, 5), (3, 9)])
def test_sign_flip_of_single_cases_is_mcnemar(lost, won):
    champion = np.array([1.0] * lost + [0.0] * won + [1.0] * 20)
    challenger = np.array([0.0] * lost + [1.0] * won + [1.0] * 20)

    assert sign_flip(champion, challenger) == pytest.approx(
        mcnemar(champion > 0, challenger > 0)[1], abs=0.01
    )
    assert sign_flip(champion, champion) == 1


def test_sign_flip_of_groups_is_right_as_often_as_it_says_where_mcnemar_is_not():
    """Two models that are as good; the eight cases of a group pass or fail together."""
    chance = np.random.default_rng(0)

    def worse():
        champion, challenger = chance.random((2, 40)) < 0.8
        cases = np.repeat(champion, 8), np.repeat(challenger, 8)
        return sign_flip(champion.astype(float), challenger.astype(float), draws=500), mcnemar(*cases)[1]

    values = np.array([worse() for _ in range(1000)])
    assert np.mean(values[:, 0] < 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.mean(values[:, 1] < 0.05) > 0.15


def test_holm_steps_down():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}, 0.05) == {"a", "d"}
    assert holm({"a": 0.012, "b": 0.02, "c": 0.049}, 0.05) == {"a", "b", "c"}
    assert holm({}, 0.05) == frozenset()


def test_a_lead_on_one_set_alone_is_seen():
    champion = np.random.default_rng(1).random(1000) < 0.7
    by_heart = champion | (np.random.default_rng(2).random(1000) < 0.5)

    gap, p_value = gap_between_sets((champion, by_heart), (champion, champion))
    assert gap > 0.1
    assert p_value < 1e-6
    assert gap_between_sets((champion, by_heart), (champion, by_heart))[0] == pytest.approx(0)
