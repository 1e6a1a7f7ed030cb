"""The `timespan` of a query, in each of the API's ISO 8601 forms, as a half-open window."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_NUMBER = r"(\d+(?:[.,]\d+)?)"
_DURATION = re.compile(
    rf"P(?=.)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?=.)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?",
    re.ASCII,
)
_UNITS = (  # a year and a month as .NET counts them
    *(timedelta(days=365), timedelta(days=30), timedelta(weeks=1), timedelta(days=1)),
    *(timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)),
)


@dataclass(frozen=True)
class Window:
    """The bounds of TimeGenerated: `start` <= it < `end`, both UTC; None is no bound."""

    start: datetime | None = None
    end: datetime | None = None


def read_timespan(value: str | None, now: datetime) -> Window:
    """Return the window of a timespan; without one, or blank, it is unbounded.

    It is a duration (which ends now), or start/end, start/duration or duration/end.

    Raises:
        ValueError: It is none of these.
    """
    if value is None or not value.strip():
        return Window()
    first, slash, second = value.strip().partition("/")
    try:
        if not slash:
            return Window(now - _duration(first), now)
        if first.startswith("P"):
            end = _moment(second)
            return Window(end - _duration(first), end)
        start = _moment(first)
        end = start + _duration(second) if second.startswith("P") else _moment(second)
    except OverflowError as error:
        raise ValueError(f"the timespan {value[:80]!r} reaches beyond the years 1 to 9999") from error
    if start > end:
        raise ValueError(f"the timespan {value[:80]!r} ends before it starts")
    return Window(start, end)


def _duration(value: str) -> timedelta:
    match = _DURATION.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"{value[:80]!r} is no ISO 8601 duration such as PT1H or P7D")
    parts = (float(part.replace(",", ".")) for part in (group or "0" for group in match.groups()))
    return sum((unit * part for unit, part in zip(_UNITS, parts, strict=True)), timedelta())


def _moment(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value.strip().replace(",", "."))
    except ValueError:
        raise ValueError(f"{value[:80]!r} is no ISO 8601 date such as 2026-01-31T12:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
