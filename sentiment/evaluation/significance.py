"""Paired tests of the difference between two models on the same texts: pure functions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm

from models import LABELS
from sentiment.evaluation.metrics import f1_by_label

if TYPE_CHECKING:
    from collections.abc import Mapping

Labels = NDArray[np.int64]  # indices into LABELS
Correct = NDArray[np.bool_]
Rates = NDArray[np.float64]  # pass rates of groups of cases
DRAWS = 10_000
_EXACT = 1e-9  # sums of shares that differ by less are the same
_SIZE = len(LABELS)


@dataclass(frozen=True)
class Difference:
    """The difference of challenger and champion in one metric, with its 95% interval.

    The p values are one-sided: of no gain, and of no loss.
    """

    champion: float
    challenger: float
    low: float
    high: float
    p_better: float
    p_worse: float
    rows: int
    draws: NDArray[np.float64]

    @property
    def value(self) -> float:
        """The observed difference."""
        return self.challenger - self.champion

    def lower_bound(self, alpha: float) -> float:
        """Return the value that the difference exceeds with a confidence of 1 - alpha."""
        return float(np.quantile(self.draws, alpha))


def compare_f1(
    true: Labels, champion: Labels, challenger: Labels, *, label: int | None = None, draws: int = DRAWS
) -> Difference:
    """Return the difference in macro F1, or in one label's F1, by a paired bootstrap over texts.

    Every draw takes as many texts, with replacement, and both models' answers to them (Koehn, EMNLP
    2004; Efron and Tibshirani 1993, chapter 13). The mean goes over the labels that occur among the
    true ones. The same input gives the same result.
    """
    joint = np.bincount((true * _SIZE + champion) * _SIZE + challenger, minlength=_SIZE**3).reshape(
        _SIZE, _SIZE, _SIZE
    )
    seen = joint.sum(axis=(1, 2)) > 0
    chosen = np.arange(_SIZE) == label if label is not None else seen
    old, new = (f1_by_label(joint.sum(axis=axis))[chosen].mean() for axis in (2, 1))
    resampled = (
        np.random.default_rng(0)
        .multinomial(len(true), joint.ravel() / len(true), size=draws)
        .reshape(draws, *joint.shape)
    )
    gains = (f1_by_label(resampled.sum(axis=2)) - f1_by_label(resampled.sum(axis=3)))[:, chosen].mean(axis=1)
    low, high = np.quantile(gains, [0.025, 0.975])
    p_better, p_worse = ((1 + np.count_nonzero(side)) / (draws + 1) for side in (gains <= 0, gains >= 0))
    return Difference(float(old), float(new), float(low), float(high), p_better, p_worse, len(true), gains)


def mcnemar(champion: Correct, challenger: Correct) -> tuple[float, float]:
    """Return mid-p values of McNemar's exact test: of any difference, and of no loss.

    It compares two models' correct answers.

    Source: Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13:91, 2013.
    """
    lost, won = int((champion & ~challenger).sum()), int((challenger & ~champion).sum())
    if lost + won == 0:
        return 1.0, 1.0
    half = 0.5 * float(binom.pmf(won, lost + won, 0.5))
    at_most, at_least = (
        float(binom.cdf(won, lost + won, 0.5)) - half,
        float(binom.sf(won - 1, lost + won, 0.5)) - half,
    )
    return min(1.0, 2 * min(at_most, at_least)), at_most


def sign_flip(champion: Rates, challenger: Rates, *, draws: int = DRAWS) -> float:
    """Return the one-sided mid-p value of no loss between two models' pass rates by group.

    Were neither better, each group's difference would be as likely with the other sign. Cases of
    one group may pass or fail together, where McNemar's test takes each as evidence of its own;
    with one case per group the two agree. The same input gives the same result. Source: Fisher, The
    Design of Experiments, 1935, section 21.
    """
    gains = challenger - champion
    gains = gains[np.abs(gains) > _EXACT]
    if not len(gains):
        return 1.0
    drawn = np.random.default_rng(0).choice([-1.0, 1.0], size=(draws, len(gains))) @ gains - gains.sum()
    return float(np.mean(drawn < -_EXACT) + np.mean(np.abs(drawn) <= _EXACT) / 2)


def holm(p_values: Mapping[str, float], alpha: float) -> frozenset[str]:
    """Return the rejected hypotheses; the chance of any false rejection is at most alpha.

    Source: Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of
    Statistics 6, 1979.
    """
    rejected: list[str] = []
    for number, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        if p_values[name] > alpha / (len(p_values) - number):
            break
        rejected.append(name)
    return frozenset(rejected)


def gap_between_sets(first: tuple[Correct, Correct], second: tuple[Correct, Correct]) -> tuple[float, float]:
    """Return how much more the challenger leads on the first set than on the second, and its p.

    The lead is in accuracy, p is one-sided: of no excess. Each set is (champion's, challenger's)
    correct answers. A model that learned the first set by heart leads there and nowhere else.
    """
    leads = [challenger.astype(float) - champion for champion, challenger in (first, second)]
    gap = float(leads[0].mean() - leads[1].mean())
    error = math.sqrt(sum(lead.var() / len(lead) for lead in leads))
    return gap, float(norm.sf(gap / error)) if error else float(gap <= 0)
