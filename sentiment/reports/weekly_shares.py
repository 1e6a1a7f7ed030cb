"""Shares with their uncertainty, and what may be said of two of them.

Where the numbers come from is the business of `weekly`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

ENOUGH = 30  # fewer than this on either side, and nothing is said
ENOUGH_ANSWERS = 200  # ten of them lie beyond the 95th percentile
CLEAR_CHANGE = 0.2
HIGHER, LOWER, UNCLEAR, TOO_FEW, NOTHING_BEFORE = (
    "higher",
    "lower",
    "no clear change",
    "too few to tell",
    "nothing before",
)
RULE = (
    f"A share is called higher or lower only if its 95% interval (Wilson) and that of the other side do not overlap, which is cautious. "
    f"With fewer than {ENOUGH} on either side it is too few to tell. A response time is called higher or lower from a change of "
    f"{CLEAR_CHANGE:.0%} on, if both periods have at least {ENOUGH_ANSWERS} answers. Plain counts and means get no verdict."
)
_Z = 1.959963984540054

Kind = Literal["count", "share", "milliseconds", "score"]


@dataclass(frozen=True)
class Share:
    """`part` of `whole`; without a whole its value is not a number."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share, from 0 to 1."""
        return self.part / self.whole if self.whole else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% Wilson score interval (Wilson, JASA 1927); (0, 1) without a whole.

        >>> [round(bound, 3) for bound in Share(8, 10).interval]
        [0.49, 0.943]
        """
        if not self.whole:
            return 0.0, 1.0
        scale = 1 + _Z**2 / self.whole
        centre = (self.value + _Z**2 / (2 * self.whole)) / scale
        half = (
            _Z / scale * math.sqrt(self.value * (1 - self.value) / self.whole + _Z**2 / (4 * self.whole**2))
        )
        return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True)
class Measure:
    """A headline figure of this period and of the one before; the interval is (NaN, NaN) where there is none."""

    key: str
    title: str
    kind: Kind
    now: float
    before: float
    now_interval: tuple[float, float] = (math.nan, math.nan)
    before_interval: tuple[float, float] = (math.nan, math.nan)
    verdict: str = ""


def compare_shares(one: Share, other: Share) -> str:
    """Return what may be said of one share against another: HIGHER, LOWER, UNCLEAR or TOO_FEW, as RULE says."""
    if min(one.whole, other.whole) < ENOUGH:
        return TOO_FEW
    (low, high), (other_low, other_high) = one.interval, other.interval
    if low > other_high:
        return HIGHER
    return LOWER if high < other_low else UNCLEAR


def share_measure(key: str, title: str, now: Share, before: Share) -> Measure:
    """Return a share of both periods with its intervals and its verdict."""
    verdict = compare_shares(now, before) if before.whole else NOTHING_BEFORE
    return Measure(key, title, "share", now.value, before.value, now.interval, before.interval, verdict)


def latency_measure(
    key: str, title: str, milliseconds: tuple[float, float], answers: tuple[int, int]
) -> Measure:
    """Return a percentile of the response time, now and before, with its verdict; the logs give no interval for it."""
    now, before = milliseconds
    return Measure(
        key, title, "milliseconds", now, before, verdict=_compare_latencies(now, before, min(answers))
    )


def _compare_latencies(now: float, before: float, fewest_answers: int) -> str:
    if math.isnan(before):
        return NOTHING_BEFORE
    if math.isnan(now) or fewest_answers < ENOUGH_ANSWERS:
        return TOO_FEW
    if abs(now - before) < CLEAR_CHANGE * before:
        return UNCLEAR
    return HIGHER if now > before else LOWER
