"""The canonical form of a tweet, and the search for near-duplicates."""

from __future__ import annotations

import hashlib
import re
from array import array
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from models import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[:;=8][-']?[()dp/\\|]|[\u2600-\u27bf\U0001f300-\U0001faff]")
_NOISE = frozenset({"rt", "mt", "via", "user", "http", "https", "amp"})
SHINGLE = 3
SIMILAR = 0.6
RELATED = 0.25
SAME_WORDS = 0.8
SAME_START = 50


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
        self._forms: list[str] = []
        self._sizes = array("I")  # of their sets of trigrams
        self._word_counts = array("I")  # of their sets of words
        self._by_key: dict[int, int] = {}
        self._postings: dict[int, int | array[int]] = {}  # mostly one number, which needs no array
        self._shared: NDArray[np.uint64] | None = None
        self._last: tuple[str, _Marks] | None = None

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Return an index of the forms of texts."""
        index = cls()
        for text in texts:
            index.add(canonical_form(text))
        return index

    @classmethod
    def among(cls, forms: Iterable[str]) -> Self:
        """Return an empty index for these forms and no other, which needs far less memory.

        What is in only one of them can match nothing, and is not kept: most trigrams are.
        """
        index = cls()
        marks = np.fromiter((mark for form in forms for each in marks_of(form) for mark in each), np.uint64)
        marks.sort()
        index._shared = np.unique(marks[1:][marks[1:] == marks[:-1]])
        return index

    def add(self, form: str) -> None:
        """Add a form, with which later ones are compared."""
        number, marks = len(self._forms), self._marks_of(form)
        for shingle in marks.shingles:
            there = self._postings.setdefault(shingle, number)
            if isinstance(there, array):
                there.append(number)
            elif there != number:
                self._postings[shingle] = array("I", (there, number))
        for key in marks.keys:
            self._by_key.setdefault(key, number)
        self._forms.append(form)
        self._sizes.append(marks.size)
        self._word_counts.append(len(set(form.split())))

    def find(self, form: str) -> int | None:
        """Return the number of the earliest form added that this one nearly repeats, or None.

        The first form added has the number 0.
        """
        marks = self._marks_of(form)
        known = [self._by_key[key] for key in marks.keys if key in self._by_key]
        similar = self._find_similar(form, marks)
        return min(known if similar is None else [*known, similar], default=None)

    def _find_similar(self, form: str, marks: _Marks) -> int | None:
        """Return the earliest form that shares enough trigrams with this one."""
        there = [self._postings[shingle] for shingle in marks.shingles if shingle in self._postings]
        if not there:
            return None
        singles = np.array([one for one in there if isinstance(one, int)], np.uint32)
        many = [np.frombuffer(one, np.uint32) for one in there if isinstance(one, array)]
        numbers, common = np.unique(np.concatenate([singles, *many]), return_counts=True)
        overlap = common / np.minimum(marks.size, np.frombuffer(self._sizes, np.uint32)[numbers])
        words = set(form.split())
        counts = np.frombuffer(self._word_counts, np.uint32)[numbers]
        # Sets of words that overlap so much are of about one size.
        even = np.minimum(counts, len(words)) >= SAME_WORDS * np.maximum(counts, len(words))
        for place in np.flatnonzero((overlap >= SIMILAR) | ((overlap >= RELATED) & even)).tolist():
            if overlap[place] >= SIMILAR or self._has_same_words(numbers[place], words):
                return int(numbers[place])
        return None

    def _has_same_words(self, number: int, words: set[str]) -> bool:
        other = set(self._forms[number].split())
        return len(words & other) >= SAME_WORDS * len(words | other)

    def _marks_of(self, form: str) -> _Marks:
        """Return a form's marks that others may share; a form is sought first, then added."""
        if self._last is None or self._last[0] != form:
            shingles, keys = (list(marks) for marks in marks_of(form))
            if self._shared is None:
                marks = _Marks(len(shingles), shingles, keys)
            else:
                marks = _Marks(len(shingles), self._places(shingles), self._places(keys))
            self._last = (form, marks)
        return self._last[1]

    def _places(self, marks: list[int]) -> list[int]:
        """Return the places of marks among those that are shared."""
        shared = self._shared
        if shared is None or not (marks and len(shared)):
            return []
        sought = np.array(marks, np.uint64)
        places = np.minimum(np.searchsorted(shared, sought), len(shared) - 1)
        return [int(place) for place in places[shared[places] == sought].tolist()]


class _Marks(NamedTuple):
    """The number of a form's trigrams, and the hashes by which it is found."""

    size: int
    shingles: list[int]
    keys: list[int]


def marks_of(form: str) -> tuple[set[int], set[int]]:
    """Return the hashes of a form's word trigrams, and those of its set of words and its start.

    Forms that share one of the latter are near-duplicates.
    """
    words = form.split()
    starts = range(len(words) - SHINGLE + 1)
    shingles = {hash_of(" ".join(words[start : start + SHINGLE])) for start in starts}
    letters = "".join(words)
    keys = {hash_of("words " + " ".join(sorted(set(words))))}
    if len(letters) >= SAME_START:
        keys.add(hash_of("start " + letters[:SAME_START]))
    return shingles, keys


def hash_of(text: str) -> int:
    """Return 64 bits of a text, the same on every machine; two texts never share them by chance."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
