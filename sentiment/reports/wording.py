"""How numbers, moments and model versions are written for people: the one home for all reports."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_LONGEST_VERSION = 16  # letters in a version of the BentoML store


def percent(share: float) -> str:
    """Return a share in percent, with decimals where it is small; a dash for NaN.

    >>> percent(0.314), percent(0.042), percent(0.00042), percent(0)
    ('31%', '4.2%', '0.04%', '0%')
    """
    if math.isnan(share):
        return "–"
    decimals = sum(0 < share < bound for bound in (0.1, 0.01, 0.0001))
    return f"{share:.{decimals}%}"


def milliseconds(value: float) -> str:
    """Return a response time in whole milliseconds, below ten with two significant digits.

    >>> milliseconds(1234.5), milliseconds(3.14), milliseconds(0.512)
    ('1,234 ms', '3.1 ms', '0.51 ms')
    """
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.2g} ms"  # noqa: PLR2004


def moment(when: datetime) -> str:
    """Return a UTC time to the minute.

    >>> from datetime import datetime
    >>> moment(datetime(2026, 11, 6, 15))
    '6 Nov 2026, 15:00 UTC'
    """
    return f"{when.day} {when:%b %Y, %H:%M} UTC"


def counted(count: float, noun: str, plural: str = "") -> str:
    """Return a count with its noun.

    >>> counted(1, "alert"), counted(1200, "alert")
    ('1 alert', '1,200 alerts')
    """
    return f"{count:,.0f} {noun if count == 1 else plural or noun + 's'}"


def short_model(model: str) -> str:
    """Return a model's version without its name, shortened to the length of a store version.

    >>> short_model("tweet-sentiment:a1b2"), short_model("")
    ('a1b2', 'unknown')
    """
    version = model.rpartition(":")[2] or "unknown"
    return version if len(version) <= _LONGEST_VERSION else version[: _LONGEST_VERSION - 1] + "…"
