"""Which texts can be predicted and learned: not too long, with something visible in them."""

from __future__ import annotations

import re

from models import clean_text
from sentiment.errors import RequestError

# No cleaning takes a letter or a digit away that is no part of an entity or of a terminal's escape.
_PLAIN = re.compile("[A-Za-z0-9]")
_ENTITY_OR_ESCAPE = re.compile("[&＆\x1b]")


def check_text(text: str, max_chars: int, name: str = "text") -> None:
    """Check that a text can be predicted.

    Raises:
        RequestError: It is too long, or nothing in it is visible.
    """
    if is_too_long(text, max_chars):
        raise RequestError(f"{name} has {len(text)} characters; the limit is {max_chars}: shorten it")
    if not is_visible(text):
        raise RequestError(
            f"{name} has {len(text)} characters, none of them visible: send at least one word or emoji"
        )


def is_too_long(text: str, max_chars: int) -> bool:
    """Return whether a text has more characters than may be predicted, and trained on."""
    return len(text) > max_chars


def is_visible(text: str) -> bool:
    """Return whether something of a text is left to see after cleaning."""
    return is_plainly_visible(text) or bool(clean_text(text))


def is_plainly_visible(text: str) -> bool:
    """Return whether something is visible even before cleaning, as in nearly all texts."""
    return not _ENTITY_OR_ESCAPE.search(text) and bool(_PLAIN.search(text))
