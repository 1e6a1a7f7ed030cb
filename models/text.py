"""The text that models read, and the labels and scores that they answer.

Cleaning runs inside `fit` and `tokenise`, so that training and serving cannot drift apart. No ML
framework is imported here.
"""

from __future__ import annotations

import re
from html import unescape

import ftfy
import numpy as np
from numpy.typing import NDArray

from models.invisible import without_invisible
from models.links import hide_handles, hide_links, with_plain_dots

LABELS = ("negative", "neutral", "positive")
Scores = NDArray[np.float64]  # shape (n, 3), columns in the order of LABELS, each row summing to 1

# Without its semicolon an entity is one only where Twitter or a table that lost it can have written
# it: "tired&not happy" and "love&#2016" hold none.
_ENTITY = re.compile(
    r"&(?:[A-Za-z][A-Za-z0-9]*|#0{0,9}[0-9]{1,7}|#[xX]0{0,9}[0-9A-Fa-f]{1,6});"
    r"|&(?:amp|lt|gt|quot)(?![A-Za-z0-9_=])|&lt(?=3(?!\w))"
    r"|&#0{0,9}(?:34|38|39|60|62|64|(?!(?:19|20)[0-9]{2}(?![0-9]))[1-9][0-9]{3,5})(?![0-9;])"
    r"|&#[xX]0{0,9}(?:40|[1-9][0-9A-Fa-f]{3,4})(?![0-9A-Fa-f;])"
)
_HALVES = range(0xD800, 0xE000)  # of an emoji, in UTF-16


def clean_text(text: str) -> str:
    """Return a tweet repaired, on one line, without handles and links: the form all models read.

    Broken encodings are repaired (ftfy), HTML entities decoded, `@handle` becomes `@user`, a link
    becomes `http`, letters in disguise (🅿️) become plain, what shows nothing goes and white
    space is folded. Emoji, case and negations stay. Cleaning twice changes nothing.

    >>> clean_text("RT @ann: I don&#39;t  like it 😀 https://t.co/x")
    "RT @user: I don't like it 😀 http"
    """
    while (cleaned := _clean_once(text)) != text:
        text = cleaned
    return cleaned


def _clean_once(text: str) -> str:
    while "&" in text and (decoded := _ENTITY.sub(_decode, text)) != text:
        text = decoded
    # Nothing to repair in plain text: most tweets, ten times faster.
    if not (text.isascii() and text.isprintable()):
        text = with_plain_dots(without_invisible(ftfy.fix_text(text, unescape_html=False)))
    return " ".join(hide_handles(hide_links(text)).split())


def _decode(entity: re.Match[str]) -> str:
    """Return what an entity stands for; a name that HTML does not know is none.

    Half an emoji stays half: ftfy joins it with the other half.
    """
    name = entity[0].removesuffix(";") + ";"
    decoded = unescape(name)
    if decoded == "\ufffd":
        number = int(name[3:-1], 16) if name[2] in "xX" else int(name[2:-1])
        return chr(number) if number in _HALVES else decoded
    return entity[0] if decoded.endswith(";") and len(decoded) > 1 else decoded
