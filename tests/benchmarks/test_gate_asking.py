"""The power of an exam, computed: the influence of a text and the standard error that it gives."""

import numpy as np
import pytest

from benchmarks.gate_asking import influence, rates_by_answers, spread
from sentiment.evaluation.significance import compare_f1


@pytest.fixture(scope="module")
def answers():
    chance = np.random.default_rng(0)
    true = chance.choice(3, 3000, p=[0.2, 0.5, 0.3])
    guesses = chance.integers(0, 3, (2, 3000))
    old, new = (
        np.where(chance.random(3000) < right, true, guess)
        for right, guess in zip((0.4, 0.5), guesses, strict=True)
    )
    return true, old, new


def _table(true, old, new):
    return np.bincount((true * 3 + old) * 3 + new, minlength=27).reshape(3, 3, 3).astype(float)


def test_the_influence_gives_the_spread_of_the_gates_bootstrap(answers):
    own = influence(_table(*answers))[answers]

    assert own.mean() == pytest.approx(0, abs=1e-4)
    assert spread(own, np.ones(3000)) == pytest.approx(compare_f1(answers, draws=2000).spread, rel=0.05)


def test_the_rates_by_answers_ask_more_where_two_disagree_and_no_other_rates_do_better(answers):
    true, old, new = answers
    own, rates = influence(_table(*answers))[answers], rates_by_answers(_table(*answers))
    drawn = rates[old * 3 + new]

    assert drawn[old != new].min() > drawn[old == new].max()
    assert spread(own, drawn) < spread(own, np.where(old != new, 5.0, 1.0)) < spread(own, np.ones(len(true)))
