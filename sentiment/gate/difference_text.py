"""A difference in F1 as words and as figures of a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentiment.evaluation.significance import Difference

Figures = dict[str, float | int | str | None]


def words_of(difference: Difference, what: str) -> str:
    """Return both scores, the difference with its 95% interval, and on how many of what."""
    points = (
        f"{100 * difference.value:+.1f} points, "
        f"95% interval {100 * difference.low:+.1f} to {100 * difference.high:+.1f}"
    )
    return (
        f"F1 {difference.challenger:.3f} against {difference.champion:.3f} ({points}) "
        f"on {difference.rows:,} {what}"
    )


def figures_of(difference: Difference, margin: float) -> Figures:
    """Return the figures of a check of a difference; `margin` is the bound that it must exceed."""
    return {
        "champion": difference.champion,
        "challenger": difference.challenger,
        "difference": difference.value,
        "low": difference.low,
        "high": difference.high,
        "p_better": difference.p_better,
        "p_worse": difference.p_worse,
        "margin": margin,
        "rows": difference.rows,
    }
