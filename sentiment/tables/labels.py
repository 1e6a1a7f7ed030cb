"""What the labels of a table mean: our words, their usual short forms, or what a user says."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_KNOWN = {
    "neg": "negative",
    "neu": "neutral",
    "neut": "neutral",
    "pos": "positive",
    **dict(zip(LABELS, LABELS, strict=True)),
}
_SIGNED = {"-1": "negative", "0": "neutral", "1": "positive"}
_WHOLE_NUMBER = re.compile(r"([+-]?\d+)\.0*")
_SHOWN, _SHOWN_CHARS = 8, 40


def parse_labels(given: str | None) -> dict[str, str]:
    """Return a user's words for labels, by the labels of the table.

    >>> parse_labels("0=negative, 4=pos")
    {'0': 'negative', '4': 'positive'}

    Raises:
        DataError: It is not of that form, or gives a label two meanings.
    """
    meanings: dict[str, str] = {}
    for pair in (given or "").split(","):
        value, _, label = (part.strip() for part in pair.rpartition("="))
        if not pair.strip():
            continue
        if not value or label.casefold() not in _KNOWN:
            raise DataError(
                f'--labels: {pair.strip()[:_SHOWN_CHARS]!r} is not VALUE=LABEL: write "0=negative,'
                f'1=neutral,2=positive", with the labels {", ".join(LABELS)}'
            )
        known = _KNOWN[label.casefold()]
        before = meanings.setdefault(_plain(value), known)
        if before != known:
            raise DataError(
                f"--labels: {value[:_SHOWN_CHARS]!r} is given as {before} and as {known}: leave one of them"
            )
    return meanings


def meanings_of(
    values: Collection[str], given: Mapping[str, str], names: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return what labels of a table mean, by the label; those without a known meaning are left out.

    What is `given` holds first, then the file's own `names` of its numbers, then the usual words;
    -1, 0 and 1 are known where nothing but these three occurs, and -1 does.

    >>> meanings_of(["Neg", "POSITIVE", "angry"], {})
    {'Neg': 'negative', 'POSITIVE': 'positive'}
    """
    plain = {value: _plain(value) for value in values}
    signed = _SIGNED if "-1" in plain.values() and set(plain.values()) - {""} <= _SIGNED.keys() else {}
    folded = {number: name.casefold() for number, name in (names or {}).items()}
    named = {number: _KNOWN[name] for number, name in folded.items() if name in _KNOWN}
    known = {**_KNOWN, **signed, **named, **given}
    return {value: known[word] for value, word in plain.items() if word in known}


def propose_labels(values: Iterable[str]) -> str:
    """Return how a user says what these labels of a table mean."""
    shown = sorted({_plain(value) for value in values} - {""}, key=_by_size)[:_SHOWN]
    guess = _guess(shown)
    pairs = [
        f"{value[:_SHOWN_CHARS]}={guess[place] if guess else 'LABEL'}" for place, value in enumerate(shown)
    ]
    return f'--labels "{",".join(pairs)}"'


def _guess(values: list[str]) -> tuple[str, ...] | None:
    """Return what two numbers mean, or three as far from each other, which are in order."""
    if not all(re.fullmatch(r"[+-]?\d+", value) for value in values):
        return None
    steps = {int(higher) - int(lower) for lower, higher in itertools.pairwise(values)}
    return {2: ("negative", "positive"), 3: LABELS}.get(len(values)) if len(steps) == 1 else None


def _plain(value: str) -> str:
    """Return a label without case and white space, and a whole number without its decimals."""
    word = value.strip().casefold()
    whole = _WHOLE_NUMBER.fullmatch(word)
    return whole.group(1) if whole else word


def _by_size(value: str) -> tuple[int, str]:
    return (int(value), "") if re.fullmatch(r"[+-]?\d+", value) else (0, value)
