"""Mail addresses in a text, also where people write "at" and "dot", or "arobase" and "point"."""

from __future__ import annotations

import re

from models.links import sub_words

EMAIL = "(email)"

_LETTER = "A-Za-z\xaa\xb5\xba\xc0-\u058f\u1e00-\u1fff"
_LOCAL = rf"[{_LETTER}0-9_.!#$%&'*+/=?^`|~-]"
# A name ends before letters of another script, or is of them as a whole.
_NAME = rf"(?:(?<!{_LOCAL}){_LOCAL}++|(?<!\w)\w++(?<![{_LETTER}0-9_]))"
_BRACKETED_AT, _BRACKETED_DOT = (
    rf"\s?[\[({{]\s?(?:{word})\s?[\])}}]\s?" for word in ("at|arobase", "dot|point")
)
_AT = rf"(?:@\s(?=[\w-]++\.[a-z]{{2}})|@|\s@\s(?=[\w-]++\.[a-z])|{_BRACKETED_AT})"
_LABEL, _DOT = rf"[{_LETTER}0-9_-]++", rf"(?:\.|{_BRACKETED_DOT})"
_PRICE = r"\d++\.\d++[a-z]*+(?!\.?[\w-])"  # 3@1.50
_DOMAIN = (
    rf"(?!{_PRICE})(?:{_LABEL}(?:{_DOT}{_LABEL})++(?!\.\w)|[\w-]++(?:{_DOT}[\w-]++)++"
    r"|\[[\w.:]++\])"  # [192.168.0.1]
)
_WRITTEN = re.compile(_NAME + _AT + _DOMAIN, re.IGNORECASE)
# "look at amazon dot com" is none: a name with a dot or a digit, or a host of mail boxes, tells.
_HOSTS = "aol|fastmail|gmail|gmx|googlemail|hotmail|icloud|mail|outlook|proton|protonmail|yahoo|yandex|ymail"
_SPELLED_DOT = r"(?:\.|\sdot\s)"
_SPELLED = re.compile(
    rf"(?<!{_LOCAL})(?:{_LOCAL}++(?:\sdot\s{_LOCAL}++){{0,3}}+(?:\s?@\s?|\sat\s|{_BRACKETED_AT})(?:{_HOSTS})"
    rf"|(?=[a-z]*[0-9._]){_LOCAL}++\sat\s[a-z0-9-]++(?=\sdot\s))"
    rf"(?:(?:{_SPELLED_DOT}|{_BRACKETED_DOT})[a-z]{{2,}}){{1,3}}(?![\w])",
    re.IGNORECASE,
)
_TOP = "com|net|org|edu|gov|info|biz|eu|at|au|be|ca|ch|de|es|fr|ie|in|io|it|lu|ma|mc|me|nl|pt|re|uk|us|za"


def _said(at: str, dot: str) -> str:
    """Return an expression for addresses at any host of a known kind, with these words in them."""
    label = f"[{_LETTER}0-9-]++"
    name = rf"(?<!{_LOCAL}){_LOCAL}++(?:{dot}{_LOCAL}++){{0,3}}+"
    return rf"{name}{at}{label}(?:{dot}{label}){{0,3}}?{dot}(?:{_TOP})(?!\w)"


# In French, or in capitals among small letters: words that stand nowhere else.
_SAID = re.compile(
    _said(r"\sarobase\s", r"(?:\spoint\s|\.)")
    + "|"
    + _said(r"\s(?-i:(?<=[a-z0-9]\s)AT)\s", r"\s(?-i:DOT)\s"),
    re.IGNORECASE,
)
_HAS_AT = re.compile(r"@|\b(?:at|arobase)\b", re.IGNORECASE)


def hide_mail_addresses(text: str) -> str:
    """Return a text with `(email)` for each mail address.

    >>> hide_mail_addresses("mail ann@example.com or ann at gmail dot com, not at home")
    'mail (email) or (email), not at home'
    """
    if not _HAS_AT.search(text):
        return text
    return _SAID.sub(EMAIL, _SPELLED.sub(EMAIL, sub_words(_WRITTEN, lambda _: EMAIL, text)))
