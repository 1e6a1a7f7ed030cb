"""Risk against coverage, and the score below which to abstain: pure functions.

The risk is the error rate among the tweets that are kept when those with the lowest scores are set
aside; the coverage is their share. Source: El-Yaniv and Wiener, On the Foundations of Noise-free
Selective Classification, JMLR 11, 2010.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.metrics import checked_indices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models import Scores

TARGET_RISK = 0.1  # one label in ten may be wrong among those that are kept
_POINTS = 100
_Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class RiskCoverage:
    """The curve of risk and coverage, with a point per distinct score from the highest down.

    At each score: the share of tweets with at least this score, and their error rate.
    """

    score: _Numbers
    coverage: _Numbers
    risk: _Numbers

    @property
    def area(self) -> float:
        """The area under the curve (AURC): the mean risk over all coverages; 0 is perfect.

        Source: Geifman, Uziel and El-Yaniv, Bias-Reduced Uncertainty Estimation, ICLR 2019.
        """
        return float(np.diff(self.coverage, prepend=0.0) @ self.risk)

    def coverage_at(self, most_risk: float) -> float:
        """Return the largest coverage whose risk is at most `most_risk`; 0 if there is none."""
        within = self.coverage[self.risk <= most_risk]
        return float(within.max()) if len(within) else 0.0

    def threshold_at(self, most_risk: float) -> float | None:
        """Return the lowest score at which the risk is at most `most_risk`, None if there is none.

        It is 0 where no tweet needs to be set aside.
        """
        within = np.flatnonzero(self.risk <= most_risk)
        if not len(within):
            return None
        return 0.0 if within[-1] == len(self.score) - 1 else float(self.score[within[-1]])

    def at(self, threshold: float) -> tuple[float, float]:
        """Return coverage and risk above a threshold; (0, 0) where no tweet reaches it."""
        kept = np.flatnonzero(self.score >= threshold)
        return (float(self.coverage[kept[-1]]), float(self.risk[kept[-1]])) if len(kept) else (0.0, 0.0)

    def thinned(self) -> tuple[tuple[float, float], ...]:
        """Return at most a hundred pairs of coverage and risk, evenly spread, for drawing."""
        chosen = np.unique(np.searchsorted(self.coverage, np.linspace(0, 1, _POINTS + 1)[1:] - 1e-9))
        return tuple((round(float(self.coverage[row]), 4), round(float(self.risk[row]), 4)) for row in chosen)


def risk_coverage(labels: Sequence[str], scores: Scores) -> RiskCoverage:
    """Return the curve of scores, shape (n, 3); a tweet's highest score is the confidence.

    Tweets of the same score are kept or set aside together, so that their order does not matter.

    Raises:
        ModelError: The scores are not probabilities or do not fit the labels.
    """
    is_wrong = checked_indices(labels, scores) != scores.argmax(axis=1)
    confidence = scores.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    last = np.flatnonzero(np.diff(confidence[order], append=-1.0))
    kept = last + 1
    return RiskCoverage(confidence[order][last], kept / len(order), np.cumsum(is_wrong[order])[last] / kept)


def abstention_metrics(validation: RiskCoverage, test: RiskCoverage) -> dict[str, float]:
    """Return how well scores rank, and the threshold that validation recommends for TARGET_RISK.

    The threshold is applied to test. The names are `val_aurc`, `test_aurc`, `test_coverage_at_90`,
    `uncertain_below`, `test_coverage_kept` and `test_risk_kept`; the last three are missing where
    no score keeps the risk that low.
    """
    metrics = {
        "val_aurc": validation.area,
        "test_aurc": test.area,
        "test_coverage_at_90": test.coverage_at(TARGET_RISK),
    }
    threshold = validation.threshold_at(TARGET_RISK)
    if threshold is None:
        return metrics
    coverage, risk = test.at(threshold)
    return metrics | {"uncertain_below": threshold, "test_coverage_kept": coverage, "test_risk_kept": risk}
