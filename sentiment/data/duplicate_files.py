"""The search for near-duplicates among any number of texts, in files: its memory does not grow.

The rule is that of `NearDuplicates`. The files are derived from the texts and may be deleted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentiment import durable
from sentiment.data.near_duplicates import RELATED, SAME_WORDS, SIMILAR, hash_of, marks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

_IN_MEMORY = 300_000  # entries, of about 20,000 texts, before they become a file
_LARGEST = 2_000_000  # entries of a file that two smaller ones may make together: 32 MB
_ENTRY = np.dtype([("number", "<u4"), ("size", "<u2"), ("words", "<u2")])
_NAME = re.compile(r"(\d+)-(\d+)-(\w+)\.marks")
_MOST = 65_535


class _Segment(NamedTuple):
    """Marks in order, and for each the text that has it, with its numbers of trigrams and words."""

    first: int
    last: int
    check: str
    marks: NDArray[np.uint64]
    entries: NDArray[np.void]

    @property
    def name(self) -> str:
        return f"{self.first}-{self.last}-{self.check}.marks"


class DuplicateFiles:
    """An index of canonical forms, each with a number of its own that grows, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segments: list[_Segment] = []
        self._memory: list[_Segment] = []  # the newest, not yet in files
        self._pending: list[tuple[int, str, str]] = []
        for path in sorted(folder.glob("*.marks"), key=_order_of):
            found = _NAME.fullmatch(path.name)
            if found is None:
                continue
            first, last, check = int(found[1]), int(found[2]), found[3]
            if last > self.last:  # else a part of the one before, of a merge that was cut off
                self._segments.append(_open(path, first, last, check))

    @property
    def last(self) -> int:
        """The highest number in the index, 0 if it is empty."""
        if self._pending:
            return self._pending[-1][0]
        newest = [*self._segments, *self._memory][-1:]
        return newest[0].last if newest else 0

    def checks(self) -> dict[int, str]:
        """Return the check of the last text of each file by its number."""
        return {segment.last: segment.check for segment in self._segments}

    def clear(self) -> None:
        """Forget everything."""
        for path in self._folder.glob("*.marks"):
            path.unlink()
        self._segments, self._memory, self._pending = [], [], []

    def add(self, number: int, form: str, check: str) -> None:
        """Add a form; `check` are letters or digits by which its text is known again."""
        self._pending.append((number, form, check))

    def flush(self) -> None:
        """Write what is only in memory to a file."""
        self._settle()
        for segment in _merged(self._memory, is_final=True):
            self._segments.append(self._write(segment))
        self._memory = []
        while len(self._segments) > 1 and _belong_together(*self._segments[-2:]):
            older, newer = self._segments.pop(-2), self._segments.pop()
            self._segments.append(self._write(_merge(older, newer)))
            for segment in (older, newer):
                (self._folder / segment.name).unlink()

    def _settle(self) -> None:
        """Make what was added since the last search searchable."""
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        known = self.known_words({word for _, form, _ in pending for word in form.split()})
        self._memory = _merged([*self._memory, _segment_of(pending, known)])
        if sum(len(segment.marks) for segment in self._memory) > _IN_MEMORY:
            self.flush()

    def known_words(self, words: set[str]) -> set[str]:
        """Return those of the words that occur in a form of the index."""
        by_mark = {hash_of(f"word {word}"): word for word in words}
        sought = np.fromiter(by_mark, np.uint64, len(by_mark))
        known: set[str] = set()
        for segment in self._all():
            places = np.searchsorted(segment.marks, sought)
            there = places < len(segment.marks)
            there[there] = segment.marks[places[there]] == sought[there]
            known.update(by_mark[int(mark)] for mark in sought[there])
        return known

    def find(
        self, forms: Sequence[str], form_of: Callable[[Sequence[int]], Mapping[int, str]]
    ) -> list[int | None]:
        """Return for each form the lowest number of a form that it nearly repeats, or None.

        `form_of` gives the forms of numbers.
        """
        marks = [marks_of(form) for form in forms]
        surely, perhaps = self._candidates(marks, [len(set(form.split())) for form in forms])
        asked = sorted({number for each, numbers in perhaps.items() for number in numbers})
        texts = form_of(asked) if asked else {}
        for each, numbers in perhaps.items():
            words = set(forms[each].split())
            same = [number for number in numbers if _has_same_words(texts.get(number, ""), words)]
            surely[each] += same
        return [min(surely[each], default=None) for each in range(len(forms))]

    def _candidates(
        self, marks: Sequence[tuple[set[int], set[int]]], word_counts: Sequence[int]
    ) -> tuple[defaultdict[int, list[int]], dict[int, list[int]]]:
        """Return the numbers that each form surely repeats, and those that it perhaps does."""
        keys = _Sought.of([each for _, each in marks])
        shingles = _Sought.of([each for each, _ in marks])
        sizes = np.array([len(each) for each, _ in marks], np.int64)
        counts = np.array(word_counts, np.int64)
        surely: defaultdict[int, list[int]] = defaultdict(list)
        perhaps: dict[int, list[int]] = {}
        for segment in self._all():
            whose, entries = keys.among(segment)
            for each, number in zip(whose.tolist(), entries["number"].tolist(), strict=True):
                surely[each].append(number)
            whose, entries = shingles.among(segment)
            pairs = (whose.astype(np.uint64) << np.uint64(32)) | entries["number"]
            _, places, common = np.unique(pairs, return_index=True, return_counts=True)
            whose, entries = whose[places], entries[places]
            overlap = common / np.minimum(sizes[whose], entries["size"])
            words, others = counts[whose], entries["words"]
            is_even = np.minimum(words, others) >= SAME_WORDS * np.maximum(words, others)
            is_similar = overlap >= SIMILAR
            is_related = ~is_similar & (overlap >= RELATED) & is_even
            for place in np.flatnonzero(is_similar).tolist():
                surely[int(whose[place])].append(int(entries["number"][place]))
            for place in np.flatnonzero(is_related).tolist():
                perhaps.setdefault(int(whose[place]), []).append(int(entries["number"][place]))
        return surely, perhaps

    def _all(self) -> list[_Segment]:
        self._settle()
        return [*self._segments, *self._memory]

    def _write(self, segment: _Segment) -> _Segment:
        path = self._folder / segment.name
        durable.replace(path, segment.marks.tobytes() + segment.entries.tobytes())
        return _open(path, segment.first, segment.last, segment.check)


class _Sought(NamedTuple):
    """Marks that are sought, and the forms that they belong to."""

    marks: NDArray[np.uint64]
    whose: NDArray[np.int64]

    @classmethod
    def of(cls, marks: Sequence[set[int]]) -> _Sought:
        flat = np.array([mark for each in marks for mark in each], np.uint64)
        return cls(flat, np.repeat(np.arange(len(marks)), [len(each) for each in marks]))

    def among(self, segment: _Segment) -> tuple[NDArray[np.int64], NDArray[np.void]]:
        """Return the entries of a segment that have one of the marks, and whose mark each is."""
        low = np.searchsorted(segment.marks, self.marks, "left")
        number = np.searchsorted(segment.marks, self.marks, "right") - low
        whose = np.repeat(self.whose, number)
        starts = np.repeat(low - np.concatenate(([0], np.cumsum(number)[:-1])), number)
        return whose, segment.entries[starts + np.arange(number.sum())]


def _open(path: Path, first: int, last: int, check: str) -> _Segment:
    size = path.stat().st_size // 16
    marks = np.memmap(path, np.uint64, "r", 0, (size,))
    return _Segment(first, last, check, marks, np.memmap(path, _ENTRY, "r", size * 8, (size,)))


def _order_of(path: Path) -> tuple[int, int]:
    first, last = (int(word) for word in path.name.split("-")[:2])
    return first, -last


def _belong_together(older: _Segment, newer: _Segment) -> bool:
    together = len(older.marks) + len(newer.marks)
    return together <= _LARGEST and len(older.marks) <= 2 * len(newer.marks)


def _merged(segments: list[_Segment], *, is_final: bool = False) -> list[_Segment]:
    """Return segments with the last ones merged; with all of them, if this is final."""
    while len(segments) > 1 and (is_final or _belong_together(*segments[-2:])):
        segments = [*segments[:-2], _merge(*segments[-2:])]
    return segments


def _segment_of(forms: Sequence[tuple[int, str, str]], known_words: set[str]) -> _Segment:
    """Return a segment of numbered forms; words that are known already are not in it again."""
    marks: list[int] = []
    entries: list[tuple[int, int, int]] = []
    words: dict[str, int] = {}
    for number, form, _ in forms:
        shingles, keys = marks_of(form)
        of_form = set(form.split())
        marks += [*shingles, *keys]
        entry = (number, min(len(shingles), _MOST), min(len(of_form), _MOST))
        entries += [entry] * (len(shingles) + len(keys))
        for word in of_form - known_words:
            words.setdefault(word, number)
    marks += [hash_of(f"word {word}") for word in words]
    entries += [(number, 0, 0) for number in words.values()]
    first, last, check = forms[0][0], forms[-1][0], forms[-1][2]
    return _sorted(_Segment(first, last, check, np.array(marks, np.uint64), np.array(entries, _ENTRY)))


def _merge(older: _Segment, newer: _Segment) -> _Segment:
    marks = np.concatenate([older.marks, newer.marks])
    return _sorted(
        _Segment(older.first, newer.last, newer.check, marks, np.concatenate([older.entries, newer.entries]))
    )


def _sorted(segment: _Segment) -> _Segment:
    order = np.argsort(segment.marks, kind="stable")
    return segment._replace(marks=segment.marks[order], entries=segment.entries[order])


def _has_same_words(form: str, words: set[str]) -> bool:
    other = set(form.split())
    return len(words & other) >= SAME_WORDS * len(words | other)
