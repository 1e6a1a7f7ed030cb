"""The monitor's time ranges, each with a step that gives a chart 60 to 100 points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Range:
    """The last minutes, hours or days, in steps."""

    key: str
    length: timedelta
    step: timedelta

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """Return the range's start and end; it starts with a whole step."""
        return floor(now - self.length, self.step), now

    def steps(self, now: datetime) -> list[datetime]:
        """Return the beginning of every step, including the one that is still running."""
        start, end = self.window(now)
        return [start + index * self.step for index in range(-((start - end) // self.step))]


RANGES = {
    known.key: known
    for known in (
        Range("15m", timedelta(minutes=15), timedelta(seconds=15)),
        Range("1h", timedelta(hours=1), timedelta(minutes=1)),
        Range("6h", timedelta(hours=6), timedelta(minutes=5)),
        Range("1d", timedelta(days=1), timedelta(minutes=15)),
        Range("7d", timedelta(days=7), timedelta(hours=2)),
        Range("30d", timedelta(days=30), timedelta(hours=8)),
    )
}
DEFAULT_RANGE = "1h"


def floor(moment: datetime, step: timedelta) -> datetime:
    """Return the last whole step before a moment, as KQL's bin() does."""
    return moment - (moment - _EPOCH) % step
