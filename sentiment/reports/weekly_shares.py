"""Shares with their confidence intervals, headline figures, and the verdicts on both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from sentiment.reports.wording import fixed, milliseconds, percent, say, whole

ENOUGH = 30  # with fewer than this on either side there is no verdict
ENOUGH_ANSWERS = 200  # ten of them lie beyond the 95th percentile
CLEAR_CHANGE = 0.2
HIGHER, LOWER, UNCLEAR, TOO_FEW, NOTHING_BEFORE = (
    "higher",
    "lower",
    "no clear change",
    "too few to tell",
    "nothing before",
)

Kind = Literal["count", "share", "milliseconds", "score"]
Interval = tuple[float, float]
NO_INTERVAL: Interval = (math.nan, math.nan)


@dataclass(frozen=True)
class Share:
    """`part` of `whole`; its value is NaN where `whole` is 0."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share, from 0 to 1."""
        return self.part / self.whole if self.whole else math.nan

    @property
    def interval(self) -> Interval:
        """The 95% Wilson score interval (Wilson, JASA 1927); (0, 1) where `whole` is 0.

        >>> [round(bound, 3) for bound in Share(8, 10).interval]
        [0.49, 0.943]
        """
        if not self.whole:
            return 0.0, 1.0
        from scipy.stats import binomtest  # here, because it takes a second to import

        interval = binomtest(self.part, self.whole).proportion_ci(method="wilson")
        return float(interval.low), float(interval.high)


@dataclass(frozen=True)
class Measure:
    """A headline figure of this period and of the one before; NaN stands for no interval."""

    key: str
    title: str
    kind: Kind
    now: float
    before: float
    now_interval: Interval = NO_INTERVAL
    before_interval: Interval = NO_INTERVAL
    verdict: str = ""

    @property
    def now_text(self) -> str:
        """This period's figure for people; a dash for NaN."""
        return _text(self.kind, self.now)

    @property
    def before_text(self) -> str:
        """The figure of the period before for people; a dash for NaN."""
        return _text(self.kind, self.before)


def say_rule() -> str:
    """Return how the verdicts are reached."""
    return say(
        "A share is called higher or lower only if its 95% interval (Wilson) and that of the other side do "
        "not overlap, which is cautious. With fewer than {enough} on either side it is too few to tell. A "
        "response time is called higher or lower from a change of {change} on, if both periods have at least "
        "{answers} answers. Plain counts and means get no verdict.",
        enough=ENOUGH,
        change=percent(CLEAR_CHANGE),
        answers=ENOUGH_ANSWERS,
    )


def compare_shares(share: Share, other: Share) -> str:
    """Return how a share compares with another: HIGHER, LOWER, UNCLEAR or TOO_FEW (`say_rule`)."""
    if min(share.whole, other.whole) < ENOUGH:
        return TOO_FEW
    (low, high), (other_low, other_high) = share.interval, other.interval
    if low > other_high:
        return HIGHER
    return LOWER if high < other_low else UNCLEAR


def share_measure(key: str, title: str, now: Share, before: Share) -> Measure:
    """Return the measure of a share in both periods, with its intervals and its verdict."""
    verdict = compare_shares(now, before) if before.whole else NOTHING_BEFORE
    return Measure(key, title, "share", now.value, before.value, now.interval, before.interval, verdict)


def latency_measure(
    key: str, title: str, milliseconds: tuple[float, float], answers: tuple[int, int]
) -> Measure:
    """Return the measure of a response-time percentile (now, before) with its verdict.

    It has no interval, since the logs give none.
    """
    now, before = milliseconds
    verdict = _compare_latencies(now, before, min(answers))
    return Measure(key, title, "milliseconds", now, before, verdict=verdict)


def _compare_latencies(now: float, before: float, fewest_answers: int) -> str:
    if math.isnan(before):
        return NOTHING_BEFORE
    if math.isnan(now) or fewest_answers < ENOUGH_ANSWERS:
        return TOO_FEW
    if abs(now - before) < CLEAR_CHANGE * before:
        return UNCLEAR
    return HIGHER if now > before else LOWER


def _text(kind: Kind, value: float) -> str:
    if math.isnan(value):
        return "–"
    if kind == "share":
        return percent(value)
    if kind == "milliseconds":
        return milliseconds(value)
    return whole(value) if kind == "count" else fixed(value, 2)
