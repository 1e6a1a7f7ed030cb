"""Emoji spelled out, for models whose vocabulary has words only."""

from __future__ import annotations

import unicodedata


def spell_emoji(text: str) -> str:
    """Return a text with each emoji replaced by its Unicode name.

    BERT's vocabulary has the words, but not the signs.

    >>> spell_emoji("so 😍")
    'so  smiling face with heart-shaped eyes '
    """
    if text.isascii():
        return text
    return "".join(
        f" {unicodedata.name(sign, '').lower()} " if unicodedata.category(sign) == "So" else sign
        for sign in text
    )
