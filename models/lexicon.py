"""Features of a tweet from a lexicon of word valences: praise and blame, with negations.

Only the lexicon's data file is read, never its package's code; its license is in VADER-LICENSE.txt.
No ML framework is imported here. Source: Hutto and Gilbert 2014, VADER: words rated by people from
-4 to 4, a negated valence counted as -0.74 of itself.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from models.emoji import spell_officially
from models.packaged import PackagedFile

LEXICON_FILE = "valences.json"  # the copy that a model keeps
_LEXICON = PackagedFile(
    "the lexicon",
    package="vaderSentiment",
    path="vaderSentiment/vader_lexicon.txt",
    sha256="1ec9c6e9ee19aade328f8beb393a6afa71a5bb3acf7d3cc22d4ef568df374bf5",
)
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[:;=8][-']?[()dp*/\\|]|<3|[.,;]|[!?]+")
# A key that is no word: the feelings of emoji stand in the text (`models.emoji`). The valences of
# models saved before 0.2.0 have it not, and emoji are read by their official names.
FEELINGS_IN_TEXT = "[emoji]"
_NEGATIONS = frozenset(
    (
        *(
            "not",
            "no",
            "never",
            "none",
            "nobody",
            "nothing",
            "neither",
            "nor",
            "nowhere",
            "hardly",
            "barely",
            "scarcely",
            "without",
            "cannot",
        ),
        *(
            "aint",
            "cant",
            "couldnt",
            "didnt",
            "doesnt",
            "dont",
            "hadnt",
            "hasnt",
            "havent",
            "isnt",
            "shouldnt",
            "wasnt",
            "werent",
            "wont",
        ),
        "wouldnt",
    )
)
PAUSES = frozenset(".,;")
_SCOPE = 4  # words after a negation that it turns round, unless a pause ends it before
_NEGATION_FACTOR = -0.74
_MARKS_OF_SUM = 6
_SATURATION = 15  # VADER's: the sum of valences x becomes x / sqrt(x^2 + 15)
FEATURES = (
    *(
        "praise",
        "blame",
        "words of praise",
        "words of blame",
        "strongest praise",
        "strongest blame",
        "last valence",
        "sum of valences",
    ),
    *("exclamation mark", "question mark", "share of capitals"),
)

Valences = Mapping[str, float]


def read_lexicon() -> dict[str, float]:
    """Return the valence of each word of VADER's lexicon, -4 to 4.

    Its rarer emoticons are there, but `cut` finds only the common ones.

    Raises:
        ModelError: The package is not installed, or its file is not the known one.
    """
    entries = (line.split("\t") for line in _LEXICON.read().decode("utf-8").splitlines())
    return {word: float(valence) for word, valence, *_ in entries} | {FEELINGS_IN_TEXT: 0.0}


def read_valences(directory: Path | str, *, is_used: bool) -> dict[str, float]:
    """Return the valences in a saved model's directory; none if it uses none.

    Raises:
        OSError: The model uses them, and their file is missing.
    """
    valences: dict[str, float] = (
        json.loads((Path(directory) / LEXICON_FILE).read_text("utf-8")) if is_used else {}
    )
    return valences


def write_valences(directory: Path, valences: Valences) -> None:
    """Write valences into a saved model's directory; no file where there are none."""
    if valences:
        (directory / LEXICON_FILE).write_text(json.dumps(valences, ensure_ascii=False), "utf-8")


def valence_features(text: str, valences: Valences) -> list[float]:
    """Return the FEATURES of a cleaned and spelled text, each in the order of magnitude of 1."""
    return summarise(_valences_in(text, valences), Typography.of(text))


def valence_marks(words: Sequence[str], valences: Valences) -> list[str]:
    """Return the valences of a text's lower-case words as words of their own, and a summary.

    The summary is their sum, greatest, least and last.

    >>> valence_marks(["not", "bad", "at", "all"], {"bad": -2.5})
    ['[+2]', '[sum+3]', '[most+2]', '[least+0]', '[last+2]']
    """
    ratings = _valences_in(" ".join(words), valences)
    summary = {
        "sum": _MARKS_OF_SUM * _saturated(sum(ratings)),
        "most": max([0, *ratings]),
        "least": min([0, *ratings]),
        "last": ratings[-1] if ratings else 0,
    }
    return [f"[{round(rating):+d}]" for rating in ratings] + [
        f"[{name}{round(value):+d}]" for name, value in summary.items()
    ]


class Typography(NamedTuple):
    """A text's length and its numbers of capitals, exclamation marks and question marks."""

    length: int
    capitals: int
    exclamations: int
    questions: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Return a text's typography."""
        return cls(len(text), sum(map(str.isupper, text)), text.count("!"), text.count("?"))


def summarise(ratings: Sequence[float], typography: Typography) -> list[float]:
    """Return the FEATURES of a text with these valences, in order."""
    praise, blame = (
        [rating for rating in ratings if rating > 0],
        [-rating for rating in ratings if rating < 0],
    )
    return [
        sum(praise) / 10,
        sum(blame) / 10,
        len(praise) / 5,
        len(blame) / 5,
        max(praise, default=0) / 5,
        max(blame, default=0) / 5,
        (ratings[-1] if ratings else 0) / 5,
        _saturated(sum(praise) - sum(blame)),
        0.3 * (typography.exclamations > 0),
        0.3 * (typography.questions > 0),
        typography.capitals / max(1, typography.length),
    ]


def cut(text: str, valences: Valences) -> list[str]:
    """Return the lower-case words, emoticons and pauses of a text. None holds white space."""
    lower = text.lower()
    return _TOKEN.findall(lower if FEELINGS_IN_TEXT in valences else spell_officially(lower))


def apply_negations(tokens: Iterable[str], valences: Valences, scope: int = 0) -> Iterator[tuple[float, int]]:
    """Yield each token's valence, as negations leave it, and the scope that is left.

    A token without a valence has 0; the scope is how many more tokens are negated.
    """
    for token in tokens:
        if token in PAUSES:
            scope = 0
            yield 0.0, scope
            continue
        valence = valences.get(token, 0.0)
        valence = _NEGATION_FACTOR * valence if scope else valence
        plain = token.replace("’", "'")
        scope = _SCOPE if plain.replace("'", "") in _NEGATIONS or plain.endswith("n't") else max(0, scope - 1)
        yield valence, scope


def _valences_in(text: str, valences: Valences) -> list[float]:
    """Return the valences of a text's words, in order, without those that have none."""
    return [valence for valence, _ in apply_negations(cut(text, valences), valences) if valence]


def _saturated(total: float) -> float:
    """Return a sum of valences as a number between -1 and 1."""
    return total / math.sqrt(total * total + _SATURATION)
