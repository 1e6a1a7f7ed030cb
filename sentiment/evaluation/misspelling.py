"""Misspellings as people make them: letters swapped, dropped, doubled, stretched.

Which texts get them, the callers say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from numpy.random import Generator

Slip = Literal["swapped", "dropped", "doubled", "stretched"]
SLIPS: tuple[Slip, ...] = ("swapped", "dropped", "doubled", "stretched")
# No handle, hashtag, link, contraction or short word.
_WORD = re.compile(r"(?<![@#\w/.:])[A-Za-z]{4,}(?![\w@/:]|\.\w|['’]\w)")


def misspell_word(word: str, slip: Slip, at: int) -> str:
    """Return a word with one slip at an inner letter.

    A letter that equals its neighbour is not swapped with it, but the next one.

    >>> [misspell_word("wonderful", slip, 3) for slip in SLIPS]
    ['wonedrful', 'wonerful', 'wondderful', 'wondddderful']
    """
    if slip == "swapped":
        while at + 2 < len(word) and word[at] == word[at + 1]:
            at += 1
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    times = {"dropped": 0, "doubled": 2, "stretched": 4}[slip]
    return word[:at] + word[at] * times + word[at + 1 :]


def misspell_longest(text: str, slip: Slip) -> str:
    """Return a text with one slip in the middle of its longest word, if it has a long word.

    >>> misspell_longest("so disappointed, my order never came", "dropped")
    'so disappinted, my order never came'
    """
    words = list(_WORD.finditer(text))
    if not words:
        return text
    longest = max(words, key=lambda word: len(word.group()))
    return (
        text[: longest.start()]
        + misspell_word(longest.group(), slip, len(longest.group()) // 2)
        + text[longest.end() :]
    )


def misspell(text: str, share: float, chance: Generator) -> str:
    """Return a text with slips in about `share` of its words of four letters and more.

    Each kind of slip is as likely.
    """

    def slipped(word: re.Match[str]) -> str:
        if chance.random() >= share:
            return word.group()
        return misspell_word(
            word.group(), SLIPS[chance.integers(len(SLIPS))], int(chance.integers(1, len(word.group()) - 1))
        )

    return _WORD.sub(slipped, text)
