"""Links and handles in tweets, also where they are glued to what stands before or behind them.

Every expression starts where an address can start, and goes back over a few signs at most.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LINK, HANDLE = "http", "@user"

# Letters of the alphabets that addresses are written in. Those of other scripts end an address,
# since people write on behind it without a space.
_LETTER = "A-Za-z\xaa\xb5\xba\xc0-\u058f\u1e00-\u1fff"
_SIGN = rf"[{_LETTER}0-9!#$%&'*+,./:;=?@\\^_`|~…-]"
# A bracket is part of an address only with its partner; one more pair may stand between.
_INNER = rf"(?:{_SIGN}|[(\[{{]{_SIGN}*+[)\]}}])*+"
ADDRESS = rf"(?:{_SIGN}|\({_INNER}\)|\[{_INNER}\]|\{{{_INNER}\}})"
_LABEL = rf"[{_LETTER}0-9_-]++"
# A host in another script or of emoji, such as 例え.jp: what is glued behind it cannot be told.
_FOREIGN = r"[\w\u200d\u2190-\u2bff\ufe0f\U0001f000-\U0001faff-]++"
_FOREIGN_HOST = rf"(?!{_LABEL}(?:\.{_LABEL})++(?!\.\w)){_FOREIGN}(?:\.{_FOREIGN})++"
_CODE = r"[A-Za-z0-9]{1,10}+(?:\?\w+=[\w&=%.-]*+)?[.,:;!?'…]*+"  # of Twitter's own links: ten signs
_FIND_LINK = re.compile(
    rf"(?:https?://(?:www\.)?|(?<![A-Za-z0-9.@-]))t\.co/{_CODE}"
    rf"|(?:https?://|(?<![A-Za-z0-9])https?:)(?:{_FOREIGN_HOST})?{ADDRESS}*+"
    rf"|(?<![A-Za-z0-9@])www\.(?:{_FOREIGN_HOST}{ADDRESS}*+|{ADDRESS}++)"
    # Glued to a word; but "awwww.that" is none.
    rf"|(?<=[A-Za-z0-9])(?<![aw])www\.(?:[a-z0-9-]++\.){{1,8}}[a-z]{{2,}}{ADDRESS}*+"
    rf"|pic\.twitter\.com/{_CODE}|(?<![A-Za-z0-9])pic\.twitter\.{ADDRESS}++",
    re.IGNORECASE,
)
_STARTS = ("http", "www.", "t.co/", "pic.twitter.")
_NAME = rf"(?:[A-Za-z0-9_][{_LETTER}0-9_]*+|\w++)"
_HYPHEN = "‐‑·-"
_PARTS = rf"{_NAME}(?:[.{_HYPHEN}]{_NAME})*+"
_MATRIX = r":[a-z][a-z0-9-]*+(?:\.[a-z][a-z0-9-]*+)++"
_FIND_HANDLE = re.compile(
    # @ann, @ann.example.com, @ann@example.com, @ann:example.com
    rf"(?<!\w)@{_PARTS}(?:@{_NAME}(?:[.{_HYPHEN}]{_NAME})++|{_MATRIX})*+"
    # Glued to a word, and no domain of a mail address; no price or score either: 2@5.
    rf"|(?<=\w)@(?!(?<=\d@)\d++(?!\w)){_NAME}(?:[{_HYPHEN}]{_NAME})*+(?!\.\w)"
)
_OTHER_DOT = re.compile(r"(?:@|//|(?<![\w.-])www)[\w.-]*+(?:。[A-Za-z][A-Za-z0-9.-]*+(?!\w))++")


def hide_links(text: str) -> str:
    """Return a text with `http` for each link; what was glued to it stands beside it.

    >>> hide_links("by the authorhttps://t.co/AAAAAAAAAA#worstbook (www.example.com)is")
    'by the author http #worstbook (http)is'
    """
    lower = text.lower()
    if not any(start in lower for start in _STARTS):  # most tweets: quicker than the expression
        return text
    return _FIND_LINK.sub(lambda found: spaced(found, LINK), text)


def hide_handles(text: str) -> str:
    """Return a text with `@user` for each handle; mail addresses stay.

    >>> hide_handles("thanks @ann.example.com, @jane-doe and me@example.com.")
    'thanks @user, @user and me@example.com.'
    """
    if "@" not in text:
        return text
    return sub_words(
        _FIND_HANDLE, lambda found: HANDLE + " " * found.string[found.end() :][:1].isalnum(), text
    )


def with_plain_dots(text: str) -> str:
    """Return a text with a dot for each 。 between letters of an address.

    >>> with_plain_dots("ann@example。com です。OK")
    'ann@example.com です。OK'
    """
    if "。" not in text:
        return text
    return _OTHER_DOT.sub(lambda found: found[0].replace("。", "."), text)


def sub_words(pattern: re.Pattern[str], word: Callable[[re.Match[str]], str], text: str) -> str:
    """Return `pattern.sub(word, text)`, for which a mark reads as the letter that it belongs to."""
    if text.isascii():
        return pattern.sub(word, text)
    letters: list[str] = []
    for sign in text:
        letters.append(letters[-1] if _is_mark(sign) and letters and letters[-1].isalnum() else sign)
    parts, done = [], 0
    for found in pattern.finditer("".join(letters)):
        parts += [text[done : found.start()], word(found)]
        done = found.end()
    return "".join([*parts, text[done:]])


def spaced(found: re.Match[str], word: str) -> str:
    """Return a word in place of a match, apart from words, emoji and hashtags on either side."""
    before, behind = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return " " * _is_word(before) + word + " " * (behind == "#" or _is_word(behind))


def _is_mark(sign: str) -> bool:
    """Return whether it is an accent, the sign of a vowel, or a joiner."""
    return sign >= "\u0300" and (sign in "\u200c\u200d" or unicodedata.category(sign)[0] == "M")


def _is_word(sign: str) -> bool:
    return sign.isalnum() or (sign >= "\u0300" and unicodedata.category(sign)[0] not in "PZ")
