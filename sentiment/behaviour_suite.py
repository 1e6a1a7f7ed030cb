"""What a model of tweets must get right whatever its macro F1: a suite of templated cases of three kinds, after CheckList.

Minimum functionality: a plain sentence has a known label. Invariance: a change that says nothing of the sentiment leaves the label as it
is. Direction: a change that adds sentiment ends in its label, or at least does not move its score the other way.
Source: Ribeiro et al., Beyond Accuracy, ACL 2020.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal

from models import LABELS

if TYPE_CHECKING:
    from models.base import Scores

Kind = Literal["minimum functionality", "invariance", "direction"]
KINDS: tuple[Kind, ...] = ("minimum functionality", "invariance", "direction")
_TOLERANCE = 0.05  # a score may move by so much the wrong way before a direction case fails

_THINGS = ("the flight", "this phone", "the new album", "our hotel", "the customer service")
_PRAISE = ("wonderful", "excellent", "amazing")
_BLAME = ("terrible", "awful", "horrible")
_SENTENCES = (
    "I love the new update, thank you!",
    "The crew on the flight was amazing",
    "I hate waiting, this is the worst service ever",
    "So disappointed, my order never came",
    "What a wonderful day at the beach",
    "The food was awful and cold",
    "The meeting is on Tuesday at nine",
    "The report has twelve pages",
)
_NAMES = ("Anna", "Mohammed", "Chen", "Lakisha", "Greg")
_COUNTRIES = ("Germany", "Nigeria", "Mexico", "India", "Canada")


@dataclass(frozen=True)
class Case:
    """One case: the texts to ask, and what is expected of them.

    For minimum functionality, `expected` is the label of `text`. For invariance, `changed` must get the label that `text` gets. For
    direction, `changed` must be given the label `expected`, or that label a score that is not lower than for `text`.
    """

    kind: Kind
    capability: str
    text: str
    changed: str = ""
    expected: str = ""


@functools.cache
def cases() -> tuple[Case, ...]:
    """Return all cases, always in the same order."""
    return (*_minimum_functionality(), *_invariance(), *_direction())


def suite_digest() -> str:
    """Return the SHA-256 of the cases: figures of different suites must not be compared."""
    return hashlib.sha256(json.dumps([asdict(case) for case in cases()]).encode()).hexdigest()


def run_suite(predict_proba: Callable[[Sequence[str]], Scores]) -> dict[str, list[bool]]:
    """Return by kind whether each case passes; the model is asked once, for all texts."""
    texts = list(dict.fromkeys(text for case in cases() for text in (case.text, case.changed) if text))
    scores = dict(zip(texts, predict_proba(texts), strict=True))
    return {kind: [_passes(case, scores) for case in cases() if case.kind == kind] for kind in KINDS}


def _passes(case: Case, scores: dict[str, Scores]) -> bool:
    before = scores[case.text]
    if case.kind == "minimum functionality":
        return LABELS[int(before.argmax())] == case.expected
    after = scores[case.changed]
    if case.kind == "invariance":
        return bool(before.argmax() == after.argmax())
    column = LABELS.index(case.expected)
    return bool(after.argmax() == column or after[column] >= before[column] - _TOLERANCE)


def _minimum_functionality() -> Iterator[Case]:
    kind: Kind = "minimum functionality"
    for thing, word in product(_THINGS, _PRAISE):
        yield Case(kind, "vocabulary", f"{thing} is {word}", expected="positive")
    for thing, word in product(_THINGS, _BLAME):
        yield Case(kind, "vocabulary", f"{thing} is {word}", expected="negative")
    for thing in _THINGS:
        yield Case(kind, "negation", f"{thing} is not good", expected="negative")
        yield Case(kind, "negation", f"I don't like {thing}", expected="negative")
        yield Case(kind, "negation", f"I never liked {thing}", expected="negative")
        yield Case(kind, "contrast", f"I used to hate {thing}, but now I love it", expected="positive")
        yield Case(kind, "contrast", f"{thing} looks nice, but it is the worst I ever had", expected="negative")
        yield Case(kind, "intensity", f"{thing} is so so good", expected="positive")
        yield Case(kind, "emoji", f"{thing} 😍😍", expected="positive")
        yield Case(kind, "emoji", f"{thing} 😡😡", expected="negative")
    for fact in ("opens at nine", "has twelve rooms", "is in Boston", "was built in 1998", "starts on Monday"):
        yield Case(kind, "facts", f"the museum {fact}", expected="neutral")
        yield Case(kind, "facts", f"the station {fact}", expected="neutral")


def _invariance() -> Iterator[Case]:
    kind: Kind = "invariance"
    for sentence in _SENTENCES:
        yield Case(kind, "handles and links", sentence, f"@someone {sentence}")
        yield Case(kind, "handles and links", sentence, f"{sentence} https://t.co/abc123")
        yield Case(kind, "retweets", sentence, f"RT @someone: {sentence}")
        yield Case(kind, "typography", sentence, f"{sentence} ...")
        yield Case(kind, "typography", sentence, sentence.lower())
        yield Case(kind, "typos", sentence, _swap_letters(sentence))
    for first, second in product(_NAMES, _NAMES):
        if first < second:
            yield Case(kind, "names", f"{first} told me the service was terrible", f"{second} told me the service was terrible")
            yield Case(kind, "names", f"{first} had a great time at the show", f"{second} had a great time at the show")
    for first, second in product(_COUNTRIES, _COUNTRIES):
        if first < second:
            yield Case(kind, "countries", f"just landed in {first}", f"just landed in {second}")
            yield Case(kind, "countries", f"the food in {first} is amazing", f"the food in {second} is amazing")


def _direction() -> Iterator[Case]:
    kind: Kind = "direction"
    for sentence in _SENTENCES:
        yield Case(kind, "praise", sentence, f"{sentence} I love it!", "positive")
        yield Case(kind, "blame", sentence, f"{sentence} I hate it!", "negative")
        yield Case(kind, "emoji", sentence, f"{sentence} 😡", "negative")
        yield Case(kind, "emoji", sentence, f"{sentence} 😍", "positive")
    for thing, (weak, strong) in product(_THINGS, (("good", "really good"), ("nice", "very very nice"))):
        yield Case(kind, "intensity", f"{thing} is {weak}", f"{thing} is {strong}", "positive")
    for thing in _THINGS:
        yield Case(kind, "intensity", f"{thing} is bad", f"{thing} is really bad", "negative")


def _swap_letters(sentence: str) -> str:
    """Return a sentence with two letters exchanged inside its longest word."""
    word = max(sentence.split(), key=len)
    return sentence.replace(word, word[:2] + word[3] + word[2] + word[4:], 1)
