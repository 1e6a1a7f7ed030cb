"""How sentences, numbers, moments and model versions are written for people, for all reports.

All is in the language that `sentiment.language.speaking` chose.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.language import decimal, month, number, spoken, weekday
from sentiment.reports.french import read_french

if TYPE_CHECKING:
    from datetime import date, datetime

_LONGEST_VERSION = 16  # letters in a version of the BentoML store


def say(sentence: str, **values: object) -> str:
    """Return a sentence in the language spoken, with its values filled in.

    It stands in English where it is used, and in French in `french.json`; one that is missing there
    stays in English.

    >>> say("The alert fired {times}", times="twice")
    'The alert fired twice'
    """
    text = read_french().sentences.get(sentence, sentence) if spoken() == "fr" else sentence
    return text.format(**values)


def whole(value: float) -> str:
    """Return a number, rounded to a whole one.

    >>> whole(1234.4)
    '1,234'
    """
    return number(spoken(), value)


def fixed(value: float, digits: int) -> str:
    """Return a number with this many decimals.

    >>> fixed(0.1234, 2)
    '0.12'
    """
    return decimal(spoken(), value, digits)


def percent(share: float) -> str:
    """Return a share in percent, with decimals where it is small; a dash for NaN.

    >>> percent(0.314), percent(0.042), percent(0.00042), percent(0)
    ('31%', '4.2%', '0.04%', '0%')
    """
    if math.isnan(share):
        return "–"
    return round_percent(share, sum(0 < share < bound for bound in (0.1, 0.01, 0.0001)))


def round_percent(share: float, digits: int = 0) -> str:
    """Return a share in percent with this many decimals.

    >>> round_percent(0.042), round_percent(0.042, 1)
    ('4%', '4.2%')
    """
    return say("{number}%", number=fixed(100 * share, digits))


def milliseconds(value: float) -> str:
    """Return a response time in whole milliseconds, below ten with two significant digits.

    >>> milliseconds(1234.5), milliseconds(3.14), milliseconds(0.512)
    ('1,234 ms', '3.1 ms', '0.51 ms')
    """
    if value >= 10:  # noqa: PLR2004
        return f"{whole(value)} ms"
    return f"{value:.2g} ms".replace(".", fixed(0, 1)[1])


def moment(when: datetime) -> str:
    """Return a UTC time to the minute.

    >>> from datetime import datetime
    >>> moment(datetime(2026, 11, 6, 15))
    '6 Nov 2026, 15:00 UTC'
    """
    return f"{day(when)}, {when:%H:%M} UTC"


def day(when: date) -> str:
    """Return a date.

    >>> from datetime import date
    >>> day(date(2026, 11, 6)), day_and_month(date(2026, 11, 6)), day_of_week(date(2026, 11, 6))
    ('6 Nov 2026', '6 Nov', 'Fri')
    """
    return f"{day_and_month(when)} {when.year}"


def day_and_month(when: date) -> str:
    """Return a date without its year."""
    return f"{when.day} {month(spoken(), when)}"


def day_of_week(when: date) -> str:
    """Return the short name of a day of the week."""
    return weekday(spoken(), when)


def counted(count: float, noun: str, plural: str = "") -> str:
    """Return a count with its noun.

    >>> counted(1, "alert"), counted(1200, "alert")
    ('1 alert', '1,200 alerts')
    """
    if spoken() == "fr" and noun in read_french().nouns:
        one, many = read_french().nouns[noun]
        return f"{whole(count)} {one if count < 2 else many}"  # noqa: PLR2004 - 0 is singular in French
    return f"{whole(count)} {noun if count == 1 else plural or noun + 's'}"


def label_name(label: str) -> str:
    """Return the word for a label; a label that is unknown as it is.

    >>> label_name("neutral")
    'neutral'
    """
    return say(label) if label in LABELS else label


def short_model(model: str) -> str:
    """Return a model's version without its name, shortened to the length of a store version.

    >>> short_model("tweet-sentiment:a1b2"), short_model("")
    ('a1b2', 'unknown')
    """
    version = model.rpartition(":")[2] or say("unknown")
    return version if len(version) <= _LONGEST_VERSION else version[: _LONGEST_VERSION - 1] + "…"
