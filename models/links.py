"""Links and handles in tweets, also where they are glued to what stands before or behind them.

Every expression starts where an address can start, and goes back over a few signs at most.
"""

from __future__ import annotations

import re
import unicodedata

LINK, HANDLE = "http", "@user"

# Letters of the alphabets that addresses are written in. Those of other scripts end an address,
# since people write on behind it without a space.
_LETTER = "A-Za-z\xaa\xb5\xba\xc0-\u058f\u1e00-\u1fff"
_SIGN = rf"[{_LETTER}0-9!#$%&'*+,./:;=?@\\^_`|~…-]"
# A bracket is part of an address only with its partner.
ADDRESS = rf"(?:{_SIGN}|\({_SIGN}*+\)|\[{_SIGN}*+\]|\{{{_SIGN}*+\}})"
_LABEL = rf"[{_LETTER}0-9_-]++"
# A host in another script, such as 例え.jp: what is glued behind it cannot be told.
_FOREIGN_HOST = rf"(?!{_LABEL}(?:\.{_LABEL})++(?!\.\w))[\w-]++(?:\.[\w-]++)++"
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
_PARTS = rf"{_NAME}(?:[.-]{_NAME})*+"
_FIND_HANDLE = re.compile(
    rf"(?<!\w)@{_PARTS}(?:@{_NAME}(?:[.-]{_NAME})++)*+"  # @ann, @ann.example.com, @ann@example.com
    rf"|(?<=\w)@{_NAME}(?:-{_NAME})*+(?!\.\w)"  # glued to a word, and no domain of a mail address
)


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
    return _FIND_HANDLE.sub(lambda found: HANDLE + " " * found.string[found.end() :][:1].isalnum(), text)


def spaced(found: re.Match[str], word: str) -> str:
    """Return a word in place of a match, apart from words, emoji and hashtags on either side."""
    before, behind = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return " " * _is_word(before) + word + " " * (behind == "#" or _is_word(behind))


def _is_word(sign: str) -> bool:
    return sign.isalnum() or (sign >= "\u0300" and unicodedata.category(sign)[0] not in "PZ")
