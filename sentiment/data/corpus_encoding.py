"""Repair of the default corpus's text, which lost its encoding several times over.

UTF-8 bytes were read as Windows-1252 and written as Mac Roman, two to four times; what Mac Roman
cannot write became `_`. ftfy undoes one such step and only where nothing was lost, so the walk is
repeated here for the characters that tweets use, and reversed by look-up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

# In order of preference where two of them were damaged into the same bytes.
_PUNCTUATION = "…“”‘’–—•·£€®©™°\u00a0"
_LETTERS = "".join(map(chr, range(0xC0, 0x100)))
_EMOJI = "".join(
    map(
        chr,
        (
            *range(0x2600, 0x27C0),
            *range(0x1F300, 0x1F650),
            *range(0x1F680, 0x1F700),
            *range(0x1F900, 0x1FA00),
            0xFE0F,
        ),
    )
)
_LONGEST = 8  # bytes of the longest damaged character
# A part of the corpus went another way; these were read off their contexts.
_OTHER_WAY = {
    b"\xd5\xa2_\x8a\xce_\x86\xa2": "’",
    b"\xd5\xa2_\x8a\xce\x81\xd0": "“",
    b"\xd5\xa2_\x8a\xce\xeb\x9d": "”",
    b"\xd5\xa2_\x8a\xce\xeb_": "…",
    b"\xd5\xa2_\x8a\xce_\xd1\x9d": "—",
    b"\xd5\xa2_\x8a\xce_\xd1\xd2": "–",
    b"\xd5\x8a\xeb_": " ",
}


def decode_corpus(raw: bytes) -> str:
    """Return the corpus's bytes as text, with damaged characters restored.

    A space stands where no single original fits.
    """
    return re.sub(rb"[_\x80-\xff]+", lambda run: _restore(run.group()).encode(), raw).decode()


def _restore(run: bytes) -> str:
    """Return a run of damaged bytes as text, the longest known sequence first."""
    originals, restored, position = _originals(), "", 0
    while position < len(run):
        size = next(
            (size for size in range(_LONGEST, 0, -1) if run[position : position + size] in originals), 1
        )
        part = run[position : position + size]
        restored += originals.get(part, "_" if part == b"_" else " ")
        position += size
    return restored


@cache
def _originals() -> dict[bytes, str]:
    """Return the character that each damaged byte sequence stands for.

    Sequences with several equally likely originals are left out.
    """
    candidates: dict[bytes, list[str]] = defaultdict(list)
    for character in _PUNCTUATION + _LETTERS + _EMOJI:
        for damaged in _damage(character.encode()):
            candidates[damaged].append(character)
    unambiguous = {
        key: originals[0]
        for key, originals in candidates.items()
        if len(set(originals)) == 1 or originals[0] in _PUNCTUATION
    }
    return {
        key: value for key, value in unambiguous.items() if sum(byte != ord("_") for byte in key) > 1
    } | _OTHER_WAY


def _damage(original: bytes) -> list[bytes]:
    """Return what two, three and four wrong round trips make of a character's UTF-8 bytes."""
    steps = [original]
    for _ in range(4):
        steps.append(b"".join(_one_round_trip(byte) for byte in steps[-1]))
    return steps[2:]


def _one_round_trip(byte: int) -> bytes:
    as_read = bytes([byte]).decode("cp1252", errors="replace")
    return (
        bytes([byte])
        if as_read == "\ufffd"
        else as_read.encode("mac_roman", errors="replace").replace(b"?", b"_" if byte != ord("?") else b"?")
    )
