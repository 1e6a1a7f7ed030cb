"""A difference in F1 as words and as figures of a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.gate.phrase import Phrase

if TYPE_CHECKING:
    from sentiment.evaluation.significance import Difference

Figures = dict[str, float | int | str | None]


def words_of(difference: Difference, what: str) -> Phrase:
    """Return both scores, the difference with its 95% interval, and on how many of what."""
    return Phrase(
        "F1 {challenger:.3f} against {champion:.3f} ({points:+.1f} points, "
        "95% interval {low:+.1f} to {high:+.1f}) on {rows:,} {what}",
        challenger=float(difference.challenger),
        champion=float(difference.champion),
        points=100 * float(difference.value),
        low=100 * float(difference.low),
        high=100 * float(difference.high),
        rows=int(difference.rows),
        what=what,
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
