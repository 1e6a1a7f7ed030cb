"""How good a model is in production, from audited predictions: pure functions of values.

People label a random part of the predictions; the model's own scores say something about the rest.
Prediction-powered inference puts the two together: the labelled rows decide, and the scores only
make the interval narrower. How much they count for (`power tuning`) is learned from the labelled
rows, so that scores that mean nothing do no harm. Sources: Angelopoulos et al.,
Prediction-powered inference, Science 382, 2023; Angelopoulos, Duchi and Zrnic, PPI++, arXiv
2311.01453, 2023; weights after Hajek, 1971.

Own code, since no library has macro F1 and rows that people could not label. `ppi-python` has
weighted means, at the price of numba, statsmodels and gdown; `glide-py` needs Python 3.12. On means
ours agrees with `ppi-python`; see the tests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from models import LABELS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentiment.data.audited import AuditedPrediction

LEAST_LABELS = 20  # with fewer, an interval says nothing
CONFIDENCE = 0.95
_SIZE = len(LABELS)
_LEAST = 1e-9  # for a division by weights that are all 0
_Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A share, with its interval.

    `worth` is the number of plain random labels that would give an interval of this width.
    """

    value: float
    low: float
    high: float
    worth: float


@dataclass(frozen=True)
class ProductionQuality:
    """Accuracy and macro F1 among the predictions that people can label, and what they rest on.

    The macro F1 is the mean over the labels that occur. `waiting` is the number of audited
    predictions that nobody has judged and whose scores narrow the intervals. `promised` is the
    mean score of the labelled predictions, which is their accuracy if the scores are true; None
    where no score is known.
    """

    accuracy: Estimate
    f1_macro: Estimate
    labels: int
    waiting: int
    promised: float | None = None


@dataclass(frozen=True)
class _Part:
    """Rows as tables: of the share that each adds to each pair of true and predicted label.

    `tables` has the shape (n, 9), `weights` the shape (n,); a row that people could not label, or
    whose score is not known, has the weight 0.
    """

    tables: _Numbers
    weights: _Numbers

    @property
    def mean(self) -> _Numbers:
        """The weighted mean table (Hajek), shape (9,); zeros without rows."""
        mean: _Numbers = self.weights @ self.tables / max(self.weights.sum(), _LEAST)
        return mean

    @property
    def without_each(self) -> _Numbers:
        """The mean tables of all rows but one, for each row: shape (n, 9)."""
        whole, weights = self.weights.sum(), self.weights[:, None]
        rest = np.maximum(whole - weights, _LEAST)
        mean: _Numbers = (whole * self.mean - weights * self.tables) / rest
        return mean


def production_quality(
    audited: Sequence[AuditedPrediction], *, is_powered: bool = True, confidence: float = CONFIDENCE
) -> ProductionQuality | None:
    """Return a model's quality in production; None with fewer than LEAST_LABELS labels.

    Args:
        audited: The audited predictions of one model or period.
        is_powered: Whether scores of predictions without a label may narrow the intervals.
        confidence: How often an interval holds the truth.
    """
    from sentiment.evaluation.metrics import f1_by_label  # here, because the page needs no scikit-learn

    judged = [row for row in audited if row.state != "waiting"]
    waiting = [row for row in audited if row.state == "waiting"] if is_powered else []
    labels = sum(row.label is not None for row in judged)
    if labels < LEAST_LABELS:
        return None
    parts = _observed(judged), _stated(judged), _stated(waiting)
    seen = parts[0].mean.reshape(_SIZE, _SIZE).sum(axis=1) > 0

    def f1_macro(tables: _Numbers) -> _Numbers:
        f1: _Numbers = f1_by_label(_cells(tables))[..., seen].mean(axis=-1)
        return f1

    measures = (_accuracy, f1_macro)
    accuracy, f1 = (_estimate(*parts, measure, confidence=confidence) for measure in measures)
    return ProductionQuality(accuracy, f1, labels, len(waiting), _promised(judged))


def _promised(judged: Sequence[AuditedPrediction]) -> float | None:
    rows = [(row.score, row.weight) for row in judged if row.label is not None and row.score is not None]
    weight = sum(weight for _, weight in rows)
    return sum(score * weight for score, weight in rows) / weight if weight else None


def _cells(tables: _Numbers) -> _Numbers:
    """Return tables of shape (..., 9) as (..., 3, 3), true by predicted label, nowhere below 0."""
    return tables.clip(min=0).reshape(*tables.shape[:-1], _SIZE, _SIZE)


def _accuracy(tables: _Numbers) -> _Numbers:
    accuracy: _Numbers = np.trace(_cells(tables), axis1=-2, axis2=-1)
    return accuracy


def _estimate(
    observed: _Part,
    stated: _Part,
    waiting: _Part,
    measure: Callable[[_Numbers], _Numbers],
    *,
    confidence: float,
) -> Estimate:
    """Return a measure of the table of true and predicted labels, with its interval.

    `observed` and `stated` are the judged rows as people and as the scores have them. With power p
    the table is observed + p (waiting - stated), which the scores bias in no direction, whatever
    they are worth. The variance is the jackknife's: the measure again without each row.
    """
    power = _best_power(observed, stated, waiting, measure)
    table = observed.mean + power * (waiting.mean - stated.mean)
    value = min(1.0, max(0.0, float(measure(table))))
    variance = _variance(measure(table + _moved(observed) - power * _moved(stated)))
    if power:
        variance += _variance(measure(table + power * _moved(waiting)))
    weights = observed.weights[observed.weights > 0]
    plain = float(weights.sum() ** 2 / (weights @ weights))  # Kish's effective sample size
    return _wilson(value, variance, plain, confidence)


def _best_power(
    observed: _Part, stated: _Part, waiting: _Part, measure: Callable[[_Numbers], _Numbers]
) -> float:
    """Return the power, 0 or more, that makes the interval narrowest (PPI++, proposition 2)."""
    scored = [np.count_nonzero(part.weights) for part in (stated, waiting)]
    if min(scored) < LEAST_LABELS:  # too few to learn what the scores are worth
        return 0.0
    people, scores, others = (measure(observed.mean + _moved(part)) for part in (observed, stated, waiting))
    noise = _variance(scores) + _variance(others)
    covariance = float(np.cov(people, scores)[0, 1]) * (len(people) - 1) ** 2 / len(people)
    return max(0.0, covariance / noise) if noise else 0.0


def _moved(part: _Part) -> _Numbers:
    """Return how leaving out each row moves the mean table, shape (n, 9)."""
    moved: _Numbers = part.without_each - part.mean
    return moved


def _variance(without_each: _Numbers) -> float:
    """Return the jackknife's variance (Efron and Tibshirani 1993, chapter 11) of n values."""
    rows = len(without_each)
    return float(without_each.var(ddof=1)) * (rows - 1) ** 2 / rows


def _wilson(value: float, variance: float, plain: float, confidence: float) -> Estimate:
    """Return Wilson's interval at the number of plain labels whose share has this variance.

    Student's t allows for the variance being estimated. Source: Kott and Carr, Journal of Official
    Statistics 13, 1997.
    """
    spread = value * (1 - value)
    worth = spread / variance if variance > 0 and spread > 0 else plain
    wide = float(stdtrit(max(1.0, plain - 1), (1 + confidence) / 2)) ** 2
    middle = (value + wide / (2 * worth)) / (1 + wide / worth)
    half = math.sqrt(wide * (spread / worth + wide / (4 * worth**2))) / (1 + wide / worth)
    # Rounding may put an end of 0 or 1 on the wrong side of a value of 0 or 1.
    low, high = max(0.0, min(value, middle - half)), min(1.0, max(value, middle + half))
    return Estimate(value, low, high, worth)


def _observed(rows: Sequence[AuditedPrediction]) -> _Part:
    """Return what people say: 1 in the cell of true and predicted label."""
    tables = np.zeros((len(rows), _SIZE, _SIZE))
    for number, row in enumerate(rows):
        if row.label is not None:
            tables[number, LABELS.index(row.label), LABELS.index(row.predicted)] = 1
    weights = np.array([row.weight * (row.label is not None) for row in rows])
    return _Part(tables.reshape(len(rows), _SIZE**2), weights)


def _stated(rows: Sequence[AuditedPrediction]) -> _Part:
    """Return what the scores say: each row's score for its label, half the rest for each other."""
    predicted = np.array([LABELS.index(row.predicted) for row in rows], dtype=int)
    scores, numbers = np.array([row.score or 0.0 for row in rows]), np.arange(len(rows))
    tables = np.zeros((len(rows), _SIZE, _SIZE))
    tables[numbers, :, predicted] = (1 - scores)[:, None] / (_SIZE - 1)
    tables[numbers, predicted, predicted] = scores
    weights = np.array([row.weight * (row.score is not None) for row in rows])
    return _Part(tables.reshape(len(rows), _SIZE**2), weights)
