"""The canonical form of a tweet, and the search for near-duplicates."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Self

from models import clean_text

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[:;=8][-']?[()dp/\\|]|[\u2600-\u27bf\U0001f300-\U0001faff]")
_NOISE = frozenset({"rt", "mt", "via", "user", "http", "https", "amp"})
_SHINGLE = 3
_SIMILAR = 0.6
_RELATED = 0.25
_SAME_WORDS = 0.8
_SAME_START = 50


def canonical_form(text: str) -> str:
    """Return a tweet without retweet marks, handles, links, punctuation and case.

    Texts with the same form are duplicates.

    >>> canonical_form("RT @ann: Great &amp; cheap!! http://t.co/1")
    'great cheap'
    """
    cleaned = clean_text(text).replace("’", "'").casefold()
    return " ".join(word for word in _WORD.findall(cleaned) if word not in _NOISE) or cleaned


class NearDuplicates:
    """An index of canonical forms that finds the earlier form that a new one nearly repeats.

    Two forms are near-duplicates if they begin with the same fifty letters or are the same words in
    another order; if the shorter has at least 60% of its word trigrams in the other (retweets are
    cut at their end); or if their sets of words overlap by at least 80% (Jaccard) and the shorter
    has at least 25% of its word trigrams in the other.
    """

    def __init__(self) -> None:
        self._words: list[frozenset[str]] = []
        self._sizes: list[int] = []
        self._by_key: dict[Hashable, int] = {}
        self._postings: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Return an index of the forms of texts."""
        index = cls()
        for text in texts:
            index.add(canonical_form(text))
        return index

    def add(self, form: str) -> None:
        """Add a form, with which later ones are compared."""
        number, shingles = len(self._words), _shingles(form)
        for shingle in shingles:
            self._postings[shingle].append(number)
        for key in _keys(form):
            self._by_key.setdefault(key, number)
        self._words.append(frozenset(form.split()))
        self._sizes.append(len(shingles))

    def find(self, form: str) -> int | None:
        """Return the number of the earliest form added that this one nearly repeats, or None.

        The first form added has the number 0.
        """
        shingles, words = _shingles(form), frozenset(form.split())
        shared = Counter(number for shingle in shingles for number in self._postings.get(shingle, ()))
        matches = [
            number
            for number, common in shared.items()
            if self._is_similar(number, common, len(shingles), words)
        ]
        matches += [self._by_key[key] for key in _keys(form) if key in self._by_key]
        return min(matches, default=None)

    def _is_similar(self, number: int, common: int, size: int, words: frozenset[str]) -> bool:
        overlap = common / min(size, self._sizes[number])
        if overlap < _RELATED:
            return False
        other = self._words[number]
        return overlap >= _SIMILAR or len(words & other) >= _SAME_WORDS * len(words | other)


def _shingles(form: str) -> set[tuple[str, ...]]:
    words: Sequence[str] = form.split()
    starts: Iterable[int] = range(len(words) - _SHINGLE + 1)
    return {tuple(words[start : start + _SHINGLE]) for start in starts}


def _keys(form: str) -> list[Hashable]:
    """Return the keys of a form: its set of words, and its first fifty letters.

    Forms that share a key are near-duplicates.
    """
    letters = form.replace(" ", "")
    return [frozenset(form.split()), *([letters[:_SAME_START]] if len(letters) >= _SAME_START else [])]
