"""Paired tests of the difference between two models on the same texts: pure functions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, ndtr

from models import LABELS
from sentiment.evaluation.metrics import f1_by_label

if TYPE_CHECKING:
    from collections.abc import Mapping

Labels = NDArray[np.int64]  # indices into LABELS
Correct = NDArray[np.bool_]
Rates = NDArray[np.float64]  # pass rates of groups of cases
# The true labels, the champion's answers and the challenger's, each of shape (n,).
Answers = tuple[Labels, Labels, Labels]
Weights = NDArray[np.float64]
DRAWS = 10_000
_BLOCK = 2_000_000  # counts that are held at once while texts of many weights are drawn
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

    def p_above(self, bound: float) -> float:
        """Return the one-sided p value of a difference of no more than `bound`."""
        return float((1 + np.count_nonzero(self.draws <= bound)) / (len(self.draws) + 1))

    @property
    def spread(self) -> float:
        """The standard error for one text: that of n texts is this by the root of n."""
        return float(self.draws.std() * math.sqrt(self.rows))


def compare_f1(
    answers: Answers,
    *,
    label: int | None = None,
    weights: Weights | None = None,
    draws: int = DRAWS,
) -> Difference:
    """Return the difference in macro F1, or in one label's F1, by a paired bootstrap over texts.

    Every draw takes as many texts, with replacement, and both models' answers to them (Koehn, EMNLP
    2004; Efron and Tibshirani 1993, chapter 13). A text with the weight w counts w times in every
    table (Rao and Wu, JASA 83, 1988). The mean goes over the labels that occur among the true ones.
    The same input gives the same result.

    Args:
        answers: The true labels, the champion's answers and the challenger's, all of shape (n,).
        label: The label whose F1 is compared; None: the mean over the labels.
        weights: Of how many texts each one is a picture, shape (n,); None: all count alike.
        draws: How many resamples are drawn.
    """
    joint, resampled = _tables(answers, weights, draws)
    seen = joint.sum(axis=(1, 2)) > 0
    chosen = np.arange(_SIZE) == label if label is not None else seen
    old, new = (f1_by_label(joint.sum(axis=axis))[chosen].mean() for axis in (2, 1))
    gains = (f1_by_label(resampled.sum(axis=2)) - f1_by_label(resampled.sum(axis=3)))[:, chosen].mean(axis=1)
    return _difference(old, new, gains, len(answers[0]))


def compare_accuracy(answers: Answers, *, weights: Weights | None = None, draws: int = DRAWS) -> Difference:
    """Return the difference in accuracy, by the same bootstrap as `compare_f1`."""
    joint, resampled = _tables(answers, weights, draws)
    by_true = np.eye(_SIZE, dtype=bool)
    old, new = (joint.sum(axis=axis)[by_true].sum() / joint.sum() for axis in (2, 1))
    both = resampled.sum(axis=(1, 2, 3))
    right = [resampled.sum(axis=axis)[:, by_true].sum(axis=1) / both for axis in (2, 3)]
    return _difference(old, new, right[0] - right[1], len(answers[0]))


def _difference(old: float, new: float, gains: NDArray[np.float64], rows: int) -> Difference:
    low, high = np.quantile(gains, [0.025, 0.975])
    p_better, p_worse = ((1 + np.count_nonzero(side)) / (len(gains) + 1) for side in (gains <= 0, gains >= 0))
    return Difference(float(old), float(new), float(low), float(high), p_better, p_worse, rows, gains)


def _tables(
    answers: Answers, weights: Weights | None, draws: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the table of (true, champion, challenger), and those of the draws, a first axis more.

    Texts with the same answers and the same weight are drawn as one group.
    """
    cells = (answers[0] * _SIZE + answers[1]) * _SIZE + answers[2]
    shape, chance = (_SIZE, _SIZE, _SIZE), np.random.default_rng(0)
    if weights is None or np.ptp(weights) == 0:
        joint = np.bincount(cells, minlength=_SIZE**3)
        drawn = chance.multinomial(len(cells), joint / len(cells), size=draws)
        return joint.reshape(shape).astype(float), drawn.reshape(draws, *shape).astype(float)
    groups, counts = np.unique(np.stack([cells, weights]), axis=1, return_counts=True)
    scatter = np.zeros((len(counts), _SIZE**3))
    scatter[np.arange(len(counts)), groups[0].astype(int)] = groups[1] * len(cells) / weights.sum()
    block = max(1, _BLOCK // len(counts))
    sizes = [min(block, draws - start) for start in range(0, draws, block)]
    resampled = np.concatenate(
        [chance.multinomial(len(cells), counts / len(cells), size=size) @ scatter for size in sizes]
    )
    return (counts @ scatter).reshape(shape), resampled.reshape(draws, *shape)


def mcnemar(champion: Correct, challenger: Correct) -> tuple[float, float]:
    """Return mid-p values of McNemar's exact test: of any difference, and of no loss.

    It compares two models' correct answers.

    Source: Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13:91, 2013.
    """
    lost, won = int((champion & ~challenger).sum()), int((challenger & ~champion).sum())
    if lost + won == 0:
        return 1.0, 1.0
    at_most = float(bdtr(won, lost + won, 0.5))
    at_least = float(bdtrc(won - 1, lost + won, 0.5))
    half = (at_most + at_least - 1) / 2  # of the probability of just this outcome
    return min(1.0, 2 * (min(at_most, at_least) - half)), at_most - half


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
    return gap, float(ndtr(-gap / error)) if error else float(gap <= 0)
