"""The numbers of the gate; docs/gate.md gives their reasons. Only the budgets are settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentiment.config import Settings


@dataclass(frozen=True)
class Thresholds:
    """Levels, margins and budgets of the gate. Shares are of 1, so 0.05 is five points.

    Attributes:
        alpha: The level of every test. Bootstrap intervals are a little too narrow: at 4.5%
            measured false promotions stay below 5%.
        alpha_production, alpha_base: The levels of the two ways to win, where an exam of production
            is asked: better there, or better on the base. Together at most `alpha`.
        alpha_again: The level of production for a challenger that the base alone has judged.
        least_exam: Fewer tweets of production decide nothing; the base decides alone at `alpha`.
        first_spent, whole_exam: An exam has spent nothing at the first number of tweets, all of
            `alpha_production` at the second; then its tweets become lessons.
        base_margin, production_margin: How much worse a challenger may at most be on the test split
            if it is better in production, and in production if it is better on the test split.
        usual_spread: The standard error of a difference in macro F1 for one tweet, where there are
            too few to measure it: that of two small models of one recipe.
        least_test_texts, least_feedback_texts: Fewer than these decide nothing.
        slice_margin: How much worse a slice of `large_slice` texts may at most be; a smaller one
            more, by the ratio of sizes.
        least_slice_texts: Smaller slices are named, not tested; from `least_shown_texts` on, the
            margin must be ruled out.
        memorised_gap, memorised_p: A lead on the test split that exceeds the one on validation by
            so much, and not by chance.
        calibration_margin: How far the calibration error may rise.
        draws: Resamples of each bootstrap.
        latency_ms, slower, size_mb, memory_mb: Budgets; `slower` is times the champion's p95, below
            `quick_ms`, less than a network takes, nothing is too slow.
    """

    alpha: float = 0.045
    alpha_production: float = 0.032
    alpha_base: float = 0.009
    alpha_again: float = 0.005
    least_exam: int = 100
    first_spent: int = 20
    whole_exam: int = 1000
    base_margin: float = 0.02
    production_margin: float = 0.02
    usual_spread: float = 0.5
    least_test_texts: int = 30
    least_feedback_texts: int = 100
    slice_margin: float = 0.05
    large_slice: int = 400
    least_slice_texts: int = 30
    least_shown_texts: int = 100
    memorised_gap: float = 0.03
    memorised_p: float = 0.001
    calibration_margin: float = 0.02
    latency_ms: float = 250
    slower: float = 3
    quick_ms: float = 10
    size_mb: float = 1500
    memory_mb: float = 4000
    draws: int = 10_000

    @classmethod
    def from_settings(cls, settings: Settings) -> Thresholds:
        """Return the thresholds with the budgets that the settings give."""
        return cls(
            latency_ms=settings.budget_latency_ms,
            slower=settings.budget_slower,
            size_mb=settings.budget_size_mb,
            memory_mb=settings.budget_memory_mb,
        )
