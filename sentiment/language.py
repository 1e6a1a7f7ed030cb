"""The two languages that people read here, and how each writes numbers and dates.

The page passes its reader's language; reports are written in the one that `speaking` chose.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
MONTHS: dict[Language, str] = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
}
WEEKDAYS: dict[Language, str] = {
    "en": "Mon Tue Wed Thu Fri Sat Sun",
    "fr": "lun mar mer jeu ven sam dim",
}
_SPOKEN: ContextVar[Language] = ContextVar("language of reports", default="en")


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Write reports in a language inside the block; English outside of any.

    Pictures are written when they become PNG, not when they are drawn: do both inside.
    """
    token = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def spoken() -> Language:
    """Return the language that `speaking` chose."""
    return _SPOKEN.get()


def number(language: Language, value: float) -> str:
    r"""Return a number, rounded to a whole one, as people of that language write it.

    >>> number("en", 1234), number("fr", 1234)
    ('1,234', '1\u202f234')
    """
    return f"{value:,.0f}".replace(",", "\u202f") if language == "fr" else f"{value:,.0f}"


def decimal(language: Language, value: float, digits: int) -> str:
    """Return a number with a fixed number of decimals, as people of that language write it.

    >>> decimal("en", 0.5, 2), decimal("fr", 0.5, 2)
    ('0.50', '0,50')
    """
    return f"{value:.{digits}f}".replace(".", "," if language == "fr" else ".")


def month(language: Language, day: date) -> str:
    """Return the short name of a day's month."""
    return MONTHS[language].split()[day.month - 1]


def weekday(language: Language, day: date) -> str:
    """Return the short name of a day of the week."""
    return WEEKDAYS[language].split()[day.weekday()]
