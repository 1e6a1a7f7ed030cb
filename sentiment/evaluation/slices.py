"""Slices of an evaluation set that people care about, such as negations and emoji.

How the models do there, the gate asks.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models import clean_text
from sentiment.data.near_duplicates import canonical_form

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEGATION = re.compile(
    r"\b(?:no|not|never|nothing|nobody|none|neither|nor|cannot|without|hardly)\b|(?<=\w)n't\b", re.IGNORECASE
)
EMOJI = re.compile(r"[\u2600-\u27bf\U0001f000-\U0001faff]|[:;=8][-']?[()dp/\\|](?!\w)", re.IGNORECASE)
_HASHTAG = re.compile(r"(?<!\w)#\w")
_NAMES = ("negation", "emoji", "hashtags", "mentions", "short", "long")
_SHORT_WORDS, _LONG_WORDS = 6, 22
_FEEDBACK_LIKE_SHARE = 0.2


def slices(texts: Sequence[str], feedback: Sequence[str] = ()) -> dict[str, NDArray[np.bool_]]:
    """Return the membership of texts in each slice.

    `feedback-like` are the texts whose words are most typical of `feedback`.

    >>> slices(["I don't like it 😡", "#late @ann"])["negation"].tolist()
    [True, False]
    """
    members = np.array([_memberships(text) for text in texts], dtype=bool).reshape(len(texts), len(_NAMES))
    return {**dict(zip(_NAMES, members.T, strict=True)), "feedback-like": _resembling(texts, feedback)}


@functools.lru_cache(maxsize=2**15)  # one evaluation set is judged on again and again
def _memberships(text: str) -> tuple[bool, ...]:
    cleaned = clean_text(text).replace("’", "'")
    words = len(cleaned.split())
    patterns = (pattern.search(cleaned) is not None for pattern in (_NEGATION, EMOJI, _HASHTAG))
    return (*patterns, "@user" in cleaned, words <= _SHORT_WORDS, words >= _LONG_WORDS)


def _resembling(texts: Sequence[str], feedback: Sequence[str]) -> NDArray[np.bool_]:
    """Return which fifth of the texts has words most typical of `feedback`.

    The measure is a text's mean log odds, with add-one smoothing.
    """
    if not feedback or not texts:
        return np.zeros(len(texts), dtype=bool)
    forms = [canonical_form(text).split() for text in texts]
    here, there = (
        Counter(word for form in forms for word in form),
        Counter(word for text in feedback for word in canonical_form(text).split()),
    )
    vocabulary = len(here | there)
    offset = np.log((there.total() + vocabulary) / (here.total() + vocabulary))
    odds = [
        float(np.mean([np.log((there[word] + 1) / (here[word] + 1)) - offset for word in form] or [-np.inf]))
        for form in forms
    ]
    chosen = np.zeros(len(texts), dtype=bool)
    chosen[np.argsort(odds, kind="stable")[::-1][: round(_FEEDBACK_LIKE_SHARE * len(texts))]] = True
    return chosen
