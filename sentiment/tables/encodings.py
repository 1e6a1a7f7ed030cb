"""Which encoding bytes without a byte order mark have; proposed to the user, never taken unsaid."""

from __future__ import annotations

import codecs
import unicodedata
from typing import NamedTuple

_CONTROLS = bytes(sorted(set(range(0x20)) - set(b"\n\r")))
_RARE = 8  # no text has bytes up to this one
_OFTEN = 0.3  # of the places: so often a byte stands for the script
_TIMES = 3  # as often as in the other places
_SAMPLE = 1 << 16
_STRANGE = ("Cc", "Cn", "Co")  # controls, characters without a meaning
_FEW = 0.02  # of the characters; so many may be younger than Python's tables
_TRIED = "a-b\n"


class Wide(NamedTuple):
    """A UTF-16 or UTF-32, and the byte that stands in so many of the places."""

    encoding: str
    byte: int = 0

    @property
    def places(self) -> str:
        """The places in words."""
        return "fourth" if self.encoding.startswith("utf-32") else "second"


def is_wide(encoding: str) -> bool:
    """Return whether an encoding has more than one byte for every character."""
    return encoding.startswith(("utf-16", "utf-32"))


def known_encoding(name: str) -> str | None:
    """Return Python's name of an encoding of texts, or None.

    Those of host names are none: they can neither be read piece by piece nor in spite of errors.

    >>> known_encoding("Latin1"), known_encoding("punycode")
    ('iso8859-1', None)
    """
    try:
        decoder = codecs.getincrementaldecoder(name)()
        pieces = [decoder.decode(bytes([byte])) for byte in _TRIED.encode(name)]
        is_whole = "".join(pieces) + decoder.decode(b"", final=True) == _TRIED
        _TRIED.encode(name).decode(name, "replace")
        return codecs.lookup(name).name if is_whole else None
    except (LookupError, ValueError):
        return None


def wide_by_bytes(block: bytes) -> Wide | None:
    """Return the UTF-16 or UTF-32 that bytes are in, if one byte without a sign fills their places.

    It is 0x00 in Latin script, 0x04 in Cyrillic, 0x06 in Arabic: UTF-8 holds none of them.
    """
    if not block or min(block) > _RARE:
        return None
    zeros = [_share(block[at::4], 0) for at in range(4)]
    for name, full, other in (("utf-32-le", zeros[2:], zeros[0]), ("utf-32-be", zeros[:2], zeros[3])):
        if min(full) > 1 - _OFTEN and other < _OFTEN:
            return Wide(name)
    first, second = (max((_share(block[at::2], byte), byte) for byte in _CONTROLS) for at in (0, 1))
    for name, (share, byte), (elsewhere, _) in (("utf-16-le", second, first), ("utf-16-be", first, second)):
        if share > _OFTEN and share > _TIMES * elsewhere:
            return Wide(name, byte)
    return None


def wide_by_characters(block: bytes) -> Wide | None:
    """Return the UTF-16 in which bytes with zeros read as text; for scripts of many characters."""
    found: list[tuple[float, int, str]] = []
    for name in ("utf-16-le", "utf-16-be") if 0 in block else ():
        try:
            text = codecs.getincrementaldecoder(name)().decode(block[:_SAMPLE])
        except UnicodeDecodeError:
            continue
        # A pair of halves is one, however young its character.
        strange = sum(
            unicodedata.category(each) in _STRANGE
            for each in text
            if each <= "\uffff" and each not in "\t\r\n"
        )
        found.append((strange / max(len(text), 1), -sum(map(str.isascii, text)), name))
    return Wide(min(found)[2]) if found and min(found)[0] <= _FEW else None


def _share(part: bytes, byte: int) -> float:
    return part.count(byte) / max(len(part), 1)
