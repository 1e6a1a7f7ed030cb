"""Scores of texts that come again, as retweets do: a bounded number, of which the one that was asked for longest ago goes first.

No text is kept, only a digest of it. A cache belongs to one model and to one thread.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DIGEST_BYTES = 16


class ScoreCache:
    """Remembers the scores of so many texts at most."""

    def __init__(self, most_texts: int) -> None:
        self._most_texts = most_texts
        self._rows: OrderedDict[bytes, list[float]] = OrderedDict()

    def find(self, texts: Iterable[str]) -> dict[str, list[float]]:
        """Return the scores of those texts that are known."""
        found = {}
        for text in texts:
            key = _digest(text)
            if key in self._rows:
                self._rows.move_to_end(key)
                found[text] = self._rows[key]
        return found

    def keep(self, rows: Mapping[str, list[float]]) -> None:
        """Remember the scores of texts."""
        for text, row in rows.items():
            self._rows[_digest(text)] = row
        while len(self._rows) > self._most_texts:
            self._rows.popitem(last=False)


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
