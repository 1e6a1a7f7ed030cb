"""Take out of a text what could name a person, before it leaves the house.

Handles and links are `models.clean_text`'s work.

Every expression starts only where a run of its characters starts, and never goes back, so the time
grows with the length alone.
"""

from __future__ import annotations

import re
import unicodedata

from models import clean_text

EMAIL = "(email)"
PHONE = "(phone)"
LINK = "http"

_LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]"
_EMAIL = re.compile(
    rf"(?<!{_LOCAL}){_LOCAL}++(?:@|\s@\s(?=[\w-]++\.[a-z])|\s?[\[({{]\s?at\s?[\])}}]\s?)(?:[\w-]++(?:(?:\.|\s?[\[({{]\s?dot\s?[\])}}]\s?)[\w-]++)+|\[[\w.:]++\])",
    re.IGNORECASE,
)
# Facebook.com/ann.
_BARE_LINK = re.compile(r"(?<![\w.@-])[\w-]++(?:\.[\w-]++)*\.[a-z]{2,}+/\S++", re.IGNORECASE)
_NUMBER = re.compile(r"(?P<before>[#$€£¥]\s?)?(?P<start>[+(]{0,2})(?P<body>\d(?:[ .\-‐-―/()]{0,3}\d)*+)")
_DATE = re.compile(
    r"(?:\d{4}([-./ ])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2(?:\d{4}|\d{2})|\d{1,2} \d{1,2} \d{4})"
    r"(?: \d{1,2})?"
)
_COMPACT_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_DECIMAL = re.compile(r"(?:0|[1-9]\d*)\.\d+")
_THOUSANDS = re.compile(r"[1-9]\d?(?:\.\d{3})+|[1-9]\d? \d{3} \d{3}")

_LEAST_DIGITS = 7
_LEAST_AFTER_YEAR = 9  # 2012-2013 is two years, 2012-555-0123 a number to call
_LEAST_UNBROKEN = 8  # seven digits in a row are more often a count than a number to call
_LEAST_PAIRS = 4
_PAIR = 2
_LONG_GROUP = 3


def mask(text: str) -> str:
    """Return a cleaned text with `(email)` and `(phone)` in place of addresses and numbers.

    Years, dates, prices, scores and hashtags stay. Masking twice changes nothing.

    >>> mask("@ann mail me at ann@example.com or call +49 (0)171 123-4567, not before 2024-05-12")
    '@user mail me at (email) or call (phone), not before 2024-05-12'
    """
    while (masked := _mask_once(text)) != text:
        text = masked
    return masked


def _mask_once(text: str) -> str:
    text = _EMAIL.sub(EMAIL, clean_text(text))
    return _NUMBER.sub(_mask_number, _BARE_LINK.sub(LINK, text))


def _mask_number(match: re.Match[str]) -> str:
    number = match["start"] + _ascii_digits(match["body"])
    is_hashtag = match["before"] == "#" and len(number) < _LEAST_DIGITS
    if is_hashtag or (match["before"] or "#").strip() != "#" or not _is_phone(number):
        return match[0]
    return (match["before"] or "") + PHONE


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)


def _is_phone(number: str) -> bool:
    """Return whether digits with separators are a phone number; in doubt, they are."""
    groups = re.findall(r"\d+", number)
    digits = "".join(groups)
    is_round = all(_is_round(group) for group in groups)
    if len(digits) < _LEAST_DIGITS or (is_round and len(groups) == 1):
        return False
    if number.startswith(("+", "00")):
        return True
    if is_round or all(_YEAR.fullmatch(group) for group in groups):
        return False
    if len(groups) == 1:
        return (len(digits) >= _LEAST_UNBROKEN or digits[0] == "0") and not _COMPACT_DATE.fullmatch(digits)
    if (_YEAR.fullmatch(groups[0]) and len(digits) < _LEAST_AFTER_YEAR) or any(
        form.fullmatch(number) for form in (_DATE, _DECIMAL, _THOUSANDS)
    ):
        return False
    return _is_grouped_as_phone(number, groups)


def _is_round(group: str) -> bool:
    return len(group.rstrip("0")) <= 1


def _is_grouped_as_phone(number: str, groups: list[str]) -> bool:
    """Return whether digits are grouped as in phone numbers, unlike scores and dates.

    That is in groups of three and more, or in pairs with one kind of separator.
    """
    if any(len(group) >= _LONG_GROUP for group in groups):
        return True
    separators = set(re.findall(r"\D+", number.strip("()")))
    return (
        len(groups) >= _LEAST_PAIRS and len(separators) == 1 and all(len(group) == _PAIR for group in groups)
    )
