"""The words of production texts against those that the champion learned from."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment.data.near_duplicates import canonical_form

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEAST_TEXTS = 3  # that hold a word, or would have been expected to
_RARER = 10  # times less frequent on the other side
_MOST_WORDS = 12


@dataclass(frozen=True)
class Word:
    """A word, and how many texts of production and of training hold it."""

    word: str
    production: int
    training: int


@dataclass(frozen=True)
class Words:
    """In how many of `texts` texts each word stands, `counts`."""

    texts: int
    counts: Counter[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Words:
        """Return the words of texts, in lower case, without handles and links."""
        forms = [set(canonical_form(text).split()) for text in texts]
        return cls(len(forms), Counter(word for words in forms for word in words))


def unknown_share(production: Words, training: Words) -> float:
    """Return which share of the words of production no training text holds; NaN without words.

    A word counts once per text that holds it.
    """
    total = production.counts.total()
    unknown = sum(count for word, count in production.counts.items() if word not in training.counts)
    return unknown / total if total else math.nan


def new_words(production: Words, training: Words) -> tuple[Word, ...]:
    """Return the words that are new in production, the most frequent first, at most twelve.

    New is a word of three texts or more that is ten times as frequent as in training, or more.
    """
    found = [
        Word(word, count, training.counts[word])
        for word, count in production.counts.items()
        if count >= _LEAST_TEXTS
        and count * training.texts >= _RARER * training.counts[word] * production.texts
    ]
    return tuple(sorted(found, key=lambda word: (-word.production, word.training, word.word))[:_MOST_WORDS])


def vanished_words(production: Words, training: Words) -> tuple[Word, ...]:
    """Return the words that have vanished, the most frequent in training first, at most twelve.

    Vanished is a word that training lets expect in three texts or more, and that is ten times as
    rare in production, or rarer.
    """
    found = [
        Word(word, production.counts[word], count)
        for word, count in training.counts.items()
        if count * production.texts >= _LEAST_TEXTS * training.texts
        and count * production.texts >= _RARER * production.counts[word] * training.texts
    ]
    return tuple(sorted(found, key=lambda word: (-word.training, word.production, word.word))[:_MOST_WORDS])
