"""The text that models read, and the labels and scores that they answer.

Cleaning runs inside `fit` and `tokenise`, so that training and serving cannot drift apart. No ML
framework is imported here.
"""

from __future__ import annotations

import html
import re

import ftfy
import numpy as np
from numpy.typing import NDArray

LABELS = ("negative", "neutral", "positive")
Scores = NDArray[np.float64]  # shape (n, 3), columns in the order of LABELS, each row summing to 1

_LINK = re.compile(r"\bhttps?:\S*|\b(?:www|pic\.twitter)\.\S+|\bt\.co/\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<!\w)@\w+|(?<=\w)@\w+\b(?!\.\w)")  # not the domain of an e-mail address
# They hold emoji and some scripts together; every other format character is invisible noise.
_JOINERS = "\u200c\u200d"


def clean_text(text: str) -> str:
    """Return a tweet repaired, on one line, without handles and links: the form all models read.

    Broken encodings are repaired (ftfy), HTML entities decoded, `@handle` becomes `@user`, a link
    becomes `http`, invisible characters go and white space is folded. Emoji, case and negations
    stay. Cleaning twice changes nothing.

    >>> clean_text("RT @ann: I don&#39;t  like it 😀 https://t.co/x")
    "RT @user: I don't like it 😀 http"
    """
    while (cleaned := _clean_once(text)) != text:
        text = cleaned
    return cleaned


def _clean_once(text: str) -> str:
    while (unescaped := html.unescape(text)) != text:
        text = unescaped
    # Nothing to repair in plain text: most tweets, ten times faster.
    if not (text.isascii() and text.isprintable()):
        text = ftfy.fix_text(text, unescape_html=False)
        text = "".join(character for character in text if _is_visible(character))
    text = _HANDLE.sub("@user", _LINK.sub("http", text))
    return " ".join(text.split())


def _is_visible(character: str) -> bool:
    return character.isprintable() or character.isspace() or character in _JOINERS
