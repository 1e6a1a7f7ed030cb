"""The period that a report covers: its limits, its windows, and how both are written for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sentiment.reports.wording import counted, day, day_and_month, day_of_week, moment, say

if TYPE_CHECKING:
    import pandas as pd

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_WEEK = 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    """Whole days from `start` up to but not including `end`, both in UTC and on the hour.

    On the hour, because the logs are counted by the hour.
    """

    start: datetime
    end: datetime

    @classmethod
    def ending(cls, end: datetime, days: int) -> Span:
        """Return the `days` before `end`, which is rounded up to the full hour."""
        hours = -((_EPOCH - end) // _HOUR)
        return cls(_EPOCH + hours * _HOUR - days * _DAY, _EPOCH + hours * _HOUR)

    @property
    def days(self) -> int:
        """The length in days."""
        return (self.end - self.start).days

    @property
    def before(self) -> Span:
        """The span of the same length that ends where this one starts."""
        return Span(self.start - (self.end - self.start), self.start)

    @property
    def window(self) -> timedelta:
        """The time that one bar of a picture covers: an hour in a span of one day, else a day."""
        return _HOUR if self.days == 1 else _DAY

    @property
    def starts(self) -> list[datetime]:
        """The start of each window, oldest first."""
        return [self.start + number * self.window for number in range((self.end - self.start) // self.window)]

    def holds(self, moments: pd.Series) -> pd.Series:
        """Return which of the moments lie in the span."""
        return moments.between(self.start, self.end, inclusive="left")


def report_title(span: Span) -> str:
    """Return the title of a report over this span."""
    return (
        say("Weekly report")
        if span.days == _WEEK
        else say("Report on {days}", days=counted(span.days, "day"))
    )


def period_text(span: Span) -> str:
    """Return the span as dates, with times unless it starts at midnight.

    >>> period_text(Span.ending(datetime(2026, 11, 23, tzinfo=UTC), 7))
    '16 Nov 2026 to 22 Nov 2026'
    """
    if span.start.hour:
        return say("{first} to {last}", first=moment(span.start), last=moment(span.end))
    last = span.end - _DAY
    return day(last) if span.days == 1 else say("{first} to {last}", first=day(span.start), last=day(last))


def window_length(span: Span) -> str:
    """Return how much time each bar of a picture stands for."""
    if not span.window.days:
        return say("each bar is an hour, UTC")
    if span.start.hour:
        return say("each bar is 24 hours from {time} UTC", time=f"{span.start:%H:%M}")
    return say("each bar is a day, UTC")


def window_label(start: datetime, span: Span) -> str:
    """Return the label of a window below an axis: its hour, or its weekday and day."""
    if not span.window.days:
        return f"{start:%H}"
    return f"{day_of_week(start)}\n{day_and_month(start) if start.day == 1 else start.day}"


def window_start(start: datetime, span: Span) -> str:
    """Return the start of a window as a date, with its time where that is not midnight."""
    has_time = not span.window.days or span.start.hour
    return f"{day(start)}, {start:%H:%M}" if has_time else day(start)
