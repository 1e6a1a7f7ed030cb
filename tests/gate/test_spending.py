"""What an exam of production may still be asked, and how many labels are missing."""

import itertools
import random

import numpy as np
import pytest
from scipy.stats import norm

from sentiment.gate.spending import Look, labels_missing, level_of_base, may_spend, share_spent
from sentiment.gate.thresholds import Thresholds

LIMITS = Thresholds()


def look(rows, alpha, challenger="a"):
    return Look(challenger, 0, 3 * rows, rows, alpha)


def sizes_of(seed):
    """Sizes of an exam at up to twelve looks, in order."""
    chance = random.Random(seed)
    return sorted(chance.randint(1, chance.choice((150, 1500, 5000))) for _ in range(chance.randint(1, 12)))


@pytest.mark.parametrize("seed", range(50))
def test_however_often_whoever_asks_no_exam_spends_more_than_its_alpha(seed):
    looks = []
    for rows in sizes_of(seed):
        asks = "abc"[(rows + seed) % 3]
        looks.append(look(rows, may_spend(rows, asks, looks, LIMITS), asks))

    assert sum(each.alpha for each in looks) <= LIMITS.alpha_production * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_one_look_may_spend_what_many_looks_spend_together(seed):
    looks, sizes = [], sizes_of(seed)
    for rows in sizes:
        looks.append(look(rows, may_spend(rows, "a", looks, LIMITS), "b"))

    assert sum(each.alpha for each in looks) == pytest.approx(may_spend(max(sizes), "a", [], LIMITS))


def test_ten_looks_at_a_challenger_that_is_no_better_find_it_better_in_one_of_twenty_at_most():
    sizes, chance, looks = range(100, 1001, 100), np.random.default_rng(0), []
    steps = chance.normal(size=(20_000, len(sizes)))
    leads = steps.cumsum(axis=1) / np.sqrt(np.arange(1, len(sizes) + 1))
    for rows in sizes:
        looks.append(look(rows, may_spend(rows, "a", looks, LIMITS)))
    bounds = [norm.isf(each.alpha) for each in looks]
    ever, each_alone = (leads >= bounds).any(axis=1).mean(), (leads >= norm.isf(0.036)).any(axis=1).mean()

    assert ever < LIMITS.alpha_production
    assert each_alone > 3 * LIMITS.alpha_production


def test_asking_again_without_new_tweets_leaves_nothing_to_spend():
    first = may_spend(500, "a", [], LIMITS)

    assert first > 0.02
    assert may_spend(500, "a", [look(500, first)], LIMITS) == 0
    assert may_spend(500, "b", [look(500, first)], LIMITS) == 0
    assert 0 < may_spend(600, "b", [look(500, first)], LIMITS) < 0.005


def test_an_exam_below_the_least_size_is_not_asked():
    assert may_spend(LIMITS.least_exam - 1, "a", [], LIMITS) == 0
    assert may_spend(LIMITS.least_exam, "a", [], LIMITS) > 0


def test_a_challenger_that_the_base_has_judged_alone_keeps_only_a_rest():
    alone = [look(33, 0.0, "a")]

    assert may_spend(1000, "a", alone, LIMITS) == LIMITS.alpha_again
    assert may_spend(1000, "b", alone, LIMITS) == LIMITS.alpha_production


def test_the_base_decides_alone_at_its_full_level_unless_production_was_asked_before():
    asked, alone = [look(1000, 0.036)], [look(33, 0.0)]

    assert level_of_base(50, "a", [], LIMITS) == level_of_base(50, "a", alone, LIMITS) == LIMITS.alpha
    assert level_of_base(50, "b", asked, LIMITS) == LIMITS.alpha
    assert level_of_base(50, "a", asked, LIMITS) == LIMITS.alpha_base
    assert level_of_base(100, "a", [], LIMITS) == LIMITS.alpha_base


def test_all_ways_to_win_together_cost_five_percent_at_most():
    assert LIMITS.alpha_production + LIMITS.alpha_base <= LIMITS.alpha + 1e-12
    assert LIMITS.alpha + LIMITS.alpha_again <= 0.05


def test_labels_that_are_missing_would_show_the_gain_at_nine_in_ten():
    spread, level = 0.5, lambda rows: may_spend(rows, "a", [], LIMITS)
    more = labels_missing(0.05, rows=200, spread=spread, level=level, from_new=level)
    rows = 200 + more // 3
    power = norm.cdf(0.05 * rows**0.5 / spread - norm.isf(level(rows)))

    assert power == pytest.approx(0.9, abs=0.002)
    assert labels_missing(0.05, rows=rows + 1, spread=spread, level=level, from_new=level) == 0
    assert labels_missing(0.02, rows=200, spread=spread, level=level, from_new=level) > 5 * more


def test_where_an_exam_is_used_up_the_labels_are_those_of_the_next_one():
    fresh = lambda rows: may_spend(rows, "a", [], LIMITS)  # noqa: E731 - as it is passed
    args = {"spread": 0.5, "from_new": fresh}

    used_up = labels_missing(0.05, rows=1500, level=lambda rows: 0.0, **args)

    assert used_up == labels_missing(0.05, rows=0, level=fresh, **args)


def test_half_of_the_labels_are_missing_where_each_tells_twice_as_much():
    level = lambda rows: 0.03  # noqa: E731
    args = {"rows": 0, "level": level, "from_new": level}

    many, few = (labels_missing(0.03, spread=spread, **args) for spread in (0.5, 0.5 / 2**0.5))

    assert few == pytest.approx(many / 2, rel=0.01)


def test_the_share_spent_grows_with_each_doubling_up_to_all():
    shares = [share_spent(rows, LIMITS) for rows in (20, 40, 80, 160, 1000, 2000)]
    steps = [after - before for before, after in itertools.pairwise(shares[:4])]

    assert shares[0] == 0
    assert shares[-2:] == [1, 1]
    assert steps == pytest.approx([steps[0]] * 3)
