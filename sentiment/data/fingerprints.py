"""Fingerprints of training texts, by which the gate recognises a test text among them.

They tell nothing about the texts.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING

from sentiment.data.near_duplicates import NearDuplicates, canonical_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROWS_FILE = "training_rows.txt"
_CHARS = 16  # 64 bits: among a million rows, two different texts collide once in forty million times


@functools.lru_cache(maxsize=2**17)  # one evaluation set is judged on again and again
def fingerprint(text: str) -> str:
    """Return 16 hexadecimal characters that all texts of one canonical form share.

    >>> fingerprint("RT @ann: Great &amp; cheap!!") == fingerprint("great, cheap")
    True
    """
    return hashlib.sha256(canonical_form(text).encode("utf-8", "surrogatepass")).hexdigest()[:_CHARS]


def dump(texts: Iterable[str], judged: Sequence[str] = ()) -> str:
    """Return the fingerprints of texts as sorted lines, for `parse`.

    Those of `judged` texts that one of the texts nearly repeats are among them.
    """
    index, rows = NearDuplicates.of(judged), set()
    for text in texts:
        rows.add(fingerprint(text))
        repeated = index.find(canonical_form(text))
        if repeated is not None:
            rows.add(fingerprint(judged[repeated]))
    return "".join(f"{row}\n" for row in sorted(rows))


def parse(content: str) -> frozenset[str]:
    """Return the fingerprints that `dump` wrote."""
    return frozenset(content.split())
