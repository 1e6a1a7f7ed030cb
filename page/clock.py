"""Times in the reader's time zone and language; UTC, and named so, where it is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sentiment.language import Language, month

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_SPACINGS = (
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 4, 6, 12)),
    *(n * _DAY for n in (1, 2, 5, 7)),
)
_MOST_TICKS = 6.5  # a range may begin up to a step earlier than it says


@dataclass(frozen=True)
class Clock:
    """Writes moments for one reader."""

    language: Language
    zone: tzinfo
    name: str

    @classmethod
    def of(cls, language: Language, zone: str) -> Clock:
        """Return the clock of a reader's time zone; UTC for a name that is no time zone."""
        try:
            return cls(language, ZoneInfo(zone), zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return cls(language, UTC, "UTC")

    def time(self, moment: datetime) -> str:
        """Return hours and minutes."""
        return f"{moment.astimezone(self.zone):%H:%M}"

    def second(self, moment: datetime) -> str:
        """Return hours, minutes and seconds."""
        return f"{moment.astimezone(self.zone):%H:%M:%S}"

    def day(self, moment: datetime) -> str:
        """Return day and month, the month as a short word."""
        local = moment.astimezone(self.zone)
        return f"{local.day}\u00a0{month(self.language, local)}"

    def moment(self, moment: datetime, now: datetime, *, seconds: bool = False) -> str:
        """Return the time, after the day where that is not today."""
        text = self.second(moment) if seconds else self.time(moment)
        is_today = moment.astimezone(self.zone).date() == now.astimezone(self.zone).date()
        return text if is_today else f"{self.day(moment)}, {text}"

    def ticks(self, start: datetime, end: datetime) -> list[tuple[float, str]]:
        """Return at most six round moments between two others, as shares of the way and words."""
        spacing = next(
            (spacing for spacing in _SPACINGS if (end - start) / spacing <= _MOST_TICKS), _SPACINGS[-1]
        )
        return [
            ((tick - start) / (end - start), self._tick(tick, spacing))
            for tick in self._round_moments(start, end, spacing)
        ]

    def _round_moments(self, start: datetime, end: datetime, spacing: timedelta) -> Iterator[datetime]:
        local = start.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        while (moment := local.astimezone(UTC)) < end:
            if moment >= start:
                yield moment
            local += spacing  # of the wall clock: noon stays noon when the clocks change

    def _tick(self, moment: datetime, spacing: timedelta) -> str:
        is_midnight = moment.astimezone(self.zone).hour == moment.astimezone(self.zone).minute == 0
        return self.day(moment) if spacing >= _DAY or is_midnight else self.time(moment)
