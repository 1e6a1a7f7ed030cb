"""Which texts can be predicted."""

from __future__ import annotations

import re

from models import clean_text
from sentiment.errors import RequestError

# A letter or a digit that is no part of an entity or of a terminal's escape: no cleaning takes it
# away.
_VISIBLE = re.compile("[^&＆\x1b]*[A-Za-z0-9][^&＆\x1b]*")


def check_text(text: str, max_chars: int, name: str = "text") -> None:
    """Check that a text can be predicted.

    Raises:
        RequestError: It is too long, or nothing in it is visible.
    """
    if len(text) > max_chars:
        raise RequestError(f"{name} has {len(text)} characters; the limit is {max_chars}: shorten it")
    if not is_plainly_visible(text) and not clean_text(text):
        raise RequestError(
            f"{name} has {len(text)} characters, none of them visible: send at least one word or emoji"
        )


def is_plainly_visible(text: str) -> bool:
    """Return whether a text need not be cleaned to see that something is there: true of nearly all."""
    return bool(_VISIBLE.fullmatch(text))
