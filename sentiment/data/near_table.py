"""The search for near-duplicates among many forms that are all known: matrices instead of a loop.

The rule is that of `NearDuplicates`, and so are the answers. Two hashes of 64 bits are taken for
two words or trigrams: among millions none meets another by chance.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sentiment.data.near_duplicates import RELATED, SAME_START, SAME_WORDS, SHINGLE, SIMILAR

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

_BLOCK = 4096  # forms that are compared with all earlier ones at once
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)  # odd


class _Segment(NamedTuple):
    """Some forms: their numbers, and the matrix that has a row for each trigram."""

    numbers: NDArray[np.int64]
    by_trigram: Any


class NearTable:
    """Forms whose trigrams and words are counted once; a form's number is its place."""

    def __init__(self, forms: Sequence[str]) -> None:
        self._forms = forms
        self._trigrams, self._sizes = _trigrams(*_hashes(form.split() for form in forms))
        words, bounds = _hashes(set(form.split()) for form in forms)
        starts, ends = bounds[:-1], bounds[1:]
        self._word_counts = ends - starts
        nothing = np.zeros(1, np.uint64)
        sums = np.concatenate([nothing, np.cumsum(words * _FACTORS[0])])
        self._word_keys = sums[ends] - sums[starts]
        bits = np.left_shift(np.uint64(1), words % np.uint64(64))
        parities = np.concatenate([nothing, np.bitwise_xor.accumulate(bits)])
        self._parities = parities[ends] ^ parities[starts]

    def leaders(self, count: int) -> NDArray[np.int64]:
        """Return for each of the first `count` forms, in their order, the leader that it repeats.

        That is the first leader of which it is a near-duplicate, or itself: then it leads others.
        """
        leaders = np.arange(count)
        by_key: dict[int, int] = {}
        segments: list[_Segment] = []
        for first in range(0, count, _BLOCK):
            block = np.arange(first, min(first + _BLOCK, count))
            self._follow_earlier(block, segments, leaders)
            self._follow_each_other(block, by_key, leaders)
            new = self._segment(block[leaders[block] == block])
            while segments and len(segments[-1].numbers) <= len(new.numbers):
                new = self._segment(np.concatenate([segments.pop().numbers, new.numbers]))
            segments.append(new)
        return leaders

    def are_near(self, numbers: NDArray[np.int64], others: range) -> NDArray[np.bool_]:
        """Return for each form of these numbers whether it is a near-duplicate of any of others."""
        known = {key for number in others for key in self._keys(number)}
        near = np.array(
            [any(key in known for key in self._keys(number)) for number in numbers.tolist()], bool
        )
        segment = self._segment(np.arange(others.start, others.stop))
        for first in range(0, len(numbers), _BLOCK):
            block = numbers[first : first + _BLOCK]
            found, _ = self._near_pairs(block, segment)
            near[first : first + _BLOCK] |= np.isin(block, found)
        return near

    def _follow_earlier(
        self, block: NDArray[np.int64], segments: list[_Segment], leaders: NDArray[np.int64]
    ) -> None:
        """Let the forms of a block follow the first leader of an earlier block that they repeat."""
        for segment in segments:
            found, repeated = self._near_pairs(block, segment)
            np.minimum.at(leaders, found, repeated)

    def _follow_each_other(
        self, block: NDArray[np.int64], by_key: dict[int, int], leaders: NDArray[np.int64]
    ) -> None:
        """Let the forms of a block follow those before them in it, and who shares a key."""
        free = block[leaders[block] == block]
        found, repeated = self._near_pairs(free, self._segment(free))
        within: dict[int, list[int]] = {}
        for number, earlier in zip(found.tolist(), repeated.tolist(), strict=True):
            if earlier < number:
                within.setdefault(number, []).append(earlier)
        chosen: dict[int, int] = {}
        for number, leader in zip(block.tolist(), leaders[block].tolist(), strict=True):
            near = [earlier for earlier in within.get(number, ()) if chosen[earlier] == earlier]
            keys = self._keys(number)
            chosen[number] = min(leader, *near, *(by_key.get(key, number) for key in keys))
            if chosen[number] == number:
                by_key.update(dict.fromkeys(keys, number))
        leaders[block] = list(chosen.values())

    def _keys(self, number: int) -> tuple[int, ...]:
        """Return what only near-duplicates share: the hash of a form's words, and of its start."""
        letters = "".join(self._forms[number].split())[:SAME_START]
        words = int(self._word_keys[number])
        return (words, hash(letters)) if len(letters) == SAME_START else (words,)

    def _segment(self, numbers: NDArray[np.int64]) -> _Segment:
        return _Segment(numbers, self._trigrams[numbers].T.tocsr())

    def _near_pairs(
        self, numbers: NDArray[np.int64], segment: _Segment
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pairs of a form and one of a segment that share enough trigrams."""
        common = self._trigrams[numbers] @ segment.by_trigram
        form, other = np.repeat(numbers, np.diff(common.indptr)), segment.numbers[common.indices]
        overlap = common.data / np.minimum(self._sizes[form], self._sizes[other])
        near = overlap >= SIMILAR
        # Of two sets of words that overlap by 80%, a ninth of both sizes is in only one of them;
        # and no fewer words are, than bits of their parities differ.
        apart = np.bitwise_count(self._parities[form] ^ self._parities[other])
        words = self._word_counts[form] + self._word_counts[other]
        related = np.flatnonzero(~near & (overlap >= RELATED) & (9 * apart.astype(np.int64) <= words))
        for place in related.tolist():
            near[place] = self._have_same_words(form[place], other[place])
        return form[near], other[near]

    def _have_same_words(self, number: int, other: int) -> bool:
        one, two = set(self._forms[number].split()), set(self._forms[other].split())
        return len(one & two) >= SAME_WORDS * len(one | two)


def _hashes(forms: Iterable[Collection[str]]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes of the words of all forms in a row, and the bounds of each form."""
    hashes, lengths = array("q"), array("q", [0])
    for words in forms:
        hashes.extend(map(hash, words))
        lengths.append(len(words))
    return np.frombuffer(hashes, np.uint64), np.cumsum(np.frombuffer(lengths, np.int64))


def _trigrams(words: NDArray[np.uint64], bounds: NDArray[np.int64]) -> tuple[Any, NDArray[np.int64]]:
    """Return which form has which of the trigrams that several have, and how many each has."""
    from scipy.sparse import csr_matrix

    counts = np.maximum(np.diff(bounds) - (SHINGLE - 1), 0)
    first = np.concatenate([[0], np.cumsum(counts)])
    start = np.repeat(bounds[:-1] - first[:-1], counts) + np.arange(first[-1])
    marks = sum(words[start + place] * factor for place, factor in enumerate(_FACTORS))
    distinct, columns = np.unique(marks, return_inverse=True)
    shape = (len(counts), len(distinct))
    matrix = csr_matrix((np.ones(len(columns), np.int32), columns.astype(np.int32), first), shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    sizes = np.diff(matrix.indptr)
    return matrix[:, np.bincount(matrix.indices, minlength=len(distinct)) > 1], sizes
