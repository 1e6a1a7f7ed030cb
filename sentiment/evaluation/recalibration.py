"""A temperature and a threshold learned from labelled tweets of production: pure functions.

The temperature must make the true labels likelier on tweets that it was not learned from. Of the
labels that the threshold keeps at most TARGET_RISK are wrong, with 95% confidence: ten thresholds
are tested, each at a tenth of the error. Sources: Guo et al., ICML 2017 (temperature); Geifman and
El-Yaniv, NeurIPS 2017 (a guaranteed risk); Clopper and Pearson 1934 and Kish 1965 (the bound, at
the effective number of tweets).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.calibration import best_temperature, soften
from sentiment.evaluation.abstention import TARGET_RISK
from sentiment.evaluation.metrics import checked_indices, expected_calibration_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models import Scores

LEAST_LABELS = 100
_FOLDS = 10
_ERROR = 0.05  # of a threshold that promises too much
_SURE = 1.645  # standard errors, one-sided 5%
_SHARES = 10
_Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Recalibration:
    """What labels of production say of scores.

    Attributes:
        temperature: What to soften the scores by; 1 where none is shown to help.
        uncertain_below: The lowest score that promises TARGET_RISK; None where none does.
        labels: How many labels it rests on.
        error_before: The calibration error of the scores that were given, 0 to 1.
        error_after: The same with temperatures that were learned from other tweets.
        error_by_chance: What a perfectly calibrated model shows on so few tweets.
        kept: The share of the tweets at or above the threshold; 0 without one.
        risk: The error rate among these, as it was seen; 0 without a threshold.
    """

    temperature: float
    uncertain_below: float | None
    labels: int
    error_before: float
    error_after: float
    error_by_chance: float
    kept: float
    risk: float


def recalibrate(labels: Sequence[str], scores: Scores, weights: Sequence[float]) -> Recalibration:
    """Return the temperature and the threshold that audit tweets give.

    Args:
        labels: What people say of each tweet, LEAST_LABELS or more.
        scores: What the model answers, shape (n, 3); it learned none of the tweets.
        weights: 1 / the probability with which each tweet was drawn.

    Raises:
        ModelError: The scores are not probabilities or do not fit the labels.
    """
    truth, of_each = checked_indices(labels, scores), np.asarray(weights, dtype=np.float64)
    held_out = _held_out(scores, truth, of_each)
    helps = _is_likelier(held_out, scores, truth, of_each)
    temperature = best_temperature(scores, truth, of_each) if helps else 1.0
    final = soften(scores, temperature)
    is_right, sure = final.argmax(axis=1) == truth, final.max(axis=1)
    threshold = safe_threshold(is_right, sure, of_each)
    is_kept = sure >= (2.0 if threshold is None else threshold)
    of_kept = of_each * is_kept

    def error(each: Scores) -> float:
        return expected_calibration_error(each.argmax(axis=1) == truth, each.max(axis=1), of_each)

    return Recalibration(
        temperature,
        threshold,
        len(truth),
        error_before=error(scores),
        error_after=error(held_out if helps else scores),
        error_by_chance=_error_by_chance(sure, of_each),
        kept=float(of_kept.sum() / of_each.sum()),
        risk=float((of_kept * ~is_right).sum() / max(of_kept.sum(), 1e-9)),
    )


def safe_threshold(
    is_right: NDArray[np.bool_], confidence: _Numbers, weights: _Numbers, most_risk: float = TARGET_RISK
) -> float | None:
    """Return the lowest score whose risk is shown to be at most `most_risk`; None without one.

    In at most 5% of audits the risk at the returned score is truly higher.
    """
    for share in np.arange(_SHARES, 0, -1) / _SHARES:
        threshold = float(np.quantile(confidence, 1 - share))
        kept = confidence >= threshold
        if kept.any() and _most_risk(~is_right[kept], weights[kept]) <= most_risk:
            return 0.0 if share == 1 else threshold
    return None


def _most_risk(is_wrong: NDArray[np.bool_], weights: _Numbers) -> float:
    """Return the upper bound of a weighted error rate, at a tenth of _ERROR (Clopper-Pearson)."""
    from scipy.special import betaincinv

    rows = float(weights.sum() ** 2 / (weights @ weights))
    wrong = rows * float(weights @ is_wrong / weights.sum())
    return float(betaincinv(wrong + 1, rows - wrong, 1 - _ERROR / _SHARES)) if wrong < rows else 1.0


def _held_out(scores: Scores, truth: NDArray[np.int64], weights: _Numbers) -> Scores:
    """Return the scores of each tenth of the tweets, softened as the other nine tenths say."""
    fold = np.random.default_rng(0).permutation(len(truth)) % _FOLDS
    softened = scores.copy()
    for number in range(_FOLDS):
        rest = fold != number
        temperature = best_temperature(scores[rest], truth[rest], weights[rest])
        softened[~rest] = soften(scores[~rest], temperature)
    return softened


def _is_likelier(new: Scores, old: Scores, truth: NDArray[np.int64], weights: _Numbers) -> bool:
    """Return whether the true labels are likelier by the new scores, more than by chance."""
    rows = np.arange(len(truth))
    gain = np.log(np.maximum(new[rows, truth], 1e-12)) - np.log(np.maximum(old[rows, truth], 1e-12))
    mean = float(weights @ gain / weights.sum())
    error = float(np.sqrt((weights**2) @ (gain - mean) ** 2) / weights.sum())
    return mean > _SURE * error


def _error_by_chance(confidence: _Numbers, weights: _Numbers, draws: int = 200) -> float:
    """Return the mean calibration error of labels that are right as often as the scores say."""
    chance = np.random.default_rng(0)
    return float(
        np.mean(
            [
                expected_calibration_error(chance.random(len(confidence)) < confidence, confidence, weights)
                for _ in range(draws)
            ]
        )
    )
