"""A sentence of the gate that keeps the facts it is made of, so that French can be made of them."""

from __future__ import annotations

import json
import math
import string
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentiment.language import Language

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = int | float | str
_IN_FRENCH = str.maketrans({",": "\u202f", ".": ",", "%": "\u00a0%"})


class Phrase(str):
    r"""English text made of a template and values, which are numbers, words and other phrases.

    A gap may have a format, as `{rows:,}`; `{name!c}` begins with a capital letter.

    >>> phrase = Phrase("One answer takes {p95:.1f} ms (p95).", p95=2.5)
    >>> phrase, phrase.into("fr")
    ('One answer takes 2.5 ms (p95).', 'Une réponse prend 2,5 ms (p95).')
    """

    template: str
    values: Mapping[str, Value]

    def __new__(cls, template: str, /, **values: Value) -> Phrase:
        """Fill a template; no value is evaluated later."""
        phrase = super().__new__(cls, _Filling("en").format(template, **values))
        phrase.template, phrase.values = template, values
        return phrase

    def __getnewargs_ex__(self) -> tuple[tuple[str], Mapping[str, Value]]:
        """Let copies and pickles be made of the template and its values."""
        return (self.template,), self.values

    def into(self, language: Language) -> str:
        """Return the sentence in a language."""
        return str(self) if language == "en" else _Filling("fr").format(_french(self.template), **self.values)


def translated(text: str, language: Language) -> str:
    """Return a sentence or a word of the gate in a language; in English if it is not known."""
    if isinstance(text, Phrase):
        return text.into(language)
    return text if language == "en" else _french(text)


def facts_of(phrase: Phrase) -> dict[str, Any]:
    """Return what a phrase is made of, for JSON."""
    values = {
        name: facts_of(value) if isinstance(value, Phrase) else value for name, value in phrase.values.items()
    }
    return {"template": phrase.template, "values": values}


def from_facts(facts: Mapping[str, Any]) -> Phrase:
    """Return the phrase of which `facts_of` came from.

    Raises:
        ValueError: It is no such record.
        KeyError, TypeError: The same.
    """
    values = {
        name: from_facts(value) if isinstance(value, dict) else _number_or_word(value)
        for name, value in facts["values"].items()
    }
    return Phrase(facts["template"], **values)


def _number_or_word(value: Value) -> Value:
    is_no_number = value in ("NaN", "Infinity", "-Infinity")  # as records write them
    return float(value) if is_no_number else value


class _Filling(string.Formatter):
    """Fills templates as the people of a language write numbers and words."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Value, format_spec: str) -> str:
        if isinstance(value, str):
            return format(translated(value, self._language), format_spec)
        text = format(value, format_spec)
        return text if self._language == "en" or not math.isfinite(value) else text.translate(_IN_FRENCH)

    def convert_field(self, value: Value, conversion: str | None) -> Any:
        if conversion != "c":
            return super().convert_field(value, conversion)
        text = translated(value if isinstance(value, str) else str(value), self._language)
        return text[:1].upper() + text[1:]


def _french(text: str) -> str:
    return _read_french().get(text, text)


@cache
def _read_french() -> dict[str, str]:
    found: dict[str, str] = json.loads(Path(__file__).with_name("french.json").read_text("utf-8"))
    return found
