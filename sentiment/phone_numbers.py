"""Phone and card numbers in a text, told from dates, prices, scores and counts.

Every expression starts only where a run of its characters starts, and never goes back, so the time
grows with the length alone. `tests/test_phone_numbers.py` tries the numbers of all countries.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

PHONE = "(phone)"

# The dashes of Unicode (its category Pd), and signs that people type for one.
DASHES = (
    r"\-\u058a\u05be\u1400\u1806\u2010-\u2015\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\ufe31\ufe32"
    r"\ufe58\ufe63\uff0d\U00010d6e\U00010ead"
    r"\u02d7\u2043\u2212\u2796\u30fc"
)
_ODD = "·•∙⋅・･|_*"
SEPARATORS = rf" ./(){_ODD}{DASHES}"
# Between digits these mostly write a time, a ratio, a range or a large number.
RARE_SEPARATORS = r",:=~'\\"
DIGIT = r"[\d\xb2\xb3\xb9\u2070\u2074-\u2079\u2080-\u2089](?:\ufe0f?\u20e3)?+"  # 1, ¹ or 1️⃣
_NUMBER = re.compile(
    r"(?P<cue>(?<!\w)(?:call|dial|phone|ring|text|sms|tel|telephone|mobile|cell|fax|whatsapp|viber|telegram)"
    r"(?: me| us| her| him| them)?(?: at| on| under)?[.:]{0,2} ?)?"
    rf"(?P<before>[#$€£¥]\s?)?(?P<start>[+(]{{0,2}})(?P<body>{DIGIT}(?:[{SEPARATORS}]{{0,3}}{DIGIT})*+)",
    re.IGNORECASE,
)
_RARELY_SEPARATED = re.compile(
    rf"(?<!\d)(?<!\d[.{RARE_SEPARATORS}])\+?\d++([{RARE_SEPARATORS}])\d++(?:\1\d++)*+"
    rf"(?![.{RARE_SEPARATORS}]?\d)"
)
_MONTH_OR_DAY = "(?:0?[1-9]|[12]\\d|3[01])"
_CENTURY = r"(?:1[5-9]|20)\d\d"
_DATE = re.compile(
    rf"(?:{_CENTURY}([-./ _]){_MONTH_OR_DAY}\1{_MONTH_OR_DAY}"
    rf"|{_MONTH_OR_DAY}([-./_]){_MONTH_OR_DAY}\2(?:{_CENTURY}|\d\d)"
    rf"|{_MONTH_OR_DAY} {_MONTH_OR_DAY} {_CENTURY}|(?!0){_MONTH_OR_DAY}[- ]{_CENTURY})(?:\D+\d{{1,3}})?"
)
_COMPACT_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_YEAR = re.compile(_CENTURY)
_DECIMAL = re.compile(r"(?:0|[1-9]\d*)\.\d+")
_THOUSANDS = re.compile(r"[1-9]\d?(?:\.\d{3})+|[1-9] \d{3} \d{3}")
_RARE_THOUSANDS = re.compile(rf"[1-9]\d{{0,2}}(?:[{RARE_SEPARATORS}]\d{{3}})+")
_AREA = re.compile(r"\(\d[\d ]*+\)|0[1-9]-\d\d ")
_IN_TWOS = re.compile(r"0[1-9](\D)\d\d?(?:\1\d\d?)*")  # 06 12 34 56 7 8
_RARE_PAIRS = re.compile(r"0\d(?:\D\d\d){4}")
_RARE_GROUPS = re.compile(r"(?:1|0\d+|\d{3,})(?:\D\d{3,}){2,}|0\d{2,4}\D\d{5,8}")
_ODD_SEPARATOR = re.compile(f"[{_ODD}]")
_KEYCAP = "\ufe0f\u20e3"
_DASH = re.compile(f"[{DASHES}]")

_LEAST_DIGITS = 7
_LEAST_AFTER_CUE = 5
_LEAST_ODD = 9  # 1920*1080 is a size; the same goes for 2012-2013 beside 2012-555-0123
_EXACT = 4  # figures of a price in billions
_LEAST_UNBROKEN = 8  # seven digits in a row are more often a count than a number to call
_LEAST_PAIRS = 4
_PAIR = 2
_LONG_GROUP = 3
_MOST_IN_TWOS = 10  # seven numbers of a lottery have more


def hide_phone_numbers(text: str) -> str:
    """Return a text with `(phone)` for each phone or card number; in doubt, it is one.

    >>> hide_phone_numbers("call +49 (0)171 123-4567, not before 2024-05-12, for $1,299.99")
    'call (phone), not before 2024-05-12, for $1,299.99'
    """
    return _NUMBER.sub(_hide, _RARELY_SEPARATED.sub(_hide_rarely_separated, text))


def _hide(match: re.Match[str]) -> str:
    number, before = match["start"] + _plain(match["body"]), (match["before"] or "").strip()
    if before == "#" and len(number) < _LEAST_DIGITS:
        return match[0]
    if before not in ("", "#") and not _is_called_for_money(number):
        return match[0]
    is_asked = match["cue"] and _is_number_to_call(number)
    if not (is_asked or _is_phone(number)):
        return match[0]
    return (match["cue"] or "") + (match["before"] or "") + PHONE


def _hide_rarely_separated(match: re.Match[str]) -> str:
    """Return `(phone)` for digits in groups of three and more, or in five pairs.

    12:30:45, 1,234,567 and 10=10 are none.
    """
    number = _plain(match[0])
    groups = re.findall(r"\d+", number)
    is_short = sum(map(len, groups)) < _LEAST_ODD
    if is_short or _is_something_else(number, groups) or _RARE_THOUSANDS.fullmatch(number.lstrip("+")):
        return match[0]
    is_phone = number[0] == "+" or _RARE_PAIRS.fullmatch(number) or _RARE_GROUPS.fullmatch(number)
    return PHONE if is_phone else match[0]


def _plain(text: str) -> str:
    """Return a number with the digits 0 to 9 and with one kind of dash."""
    dashed = _DASH.sub("-", text)
    return "".join(
        str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in dashed if sign not in _KEYCAP
    )


def _is_called_for_money(number: str) -> bool:
    """Return whether what stands behind a currency's sign is too long and too exact for a price."""
    digits = re.sub(r"\D", "", number)
    is_exact = len(digits.rstrip("0")) > _EXACT
    return len(digits) >= _LEAST_ODD and is_exact and not _THOUSANDS.fullmatch(number)


def _is_number_to_call(number: str) -> bool:
    """Return whether a number that people are asked to call can be one."""
    digits = re.sub(r"\D", "", number)
    is_date = _DATE.fullmatch(number) or _COMPACT_DATE.fullmatch(digits)
    are_years = all(map(_YEAR.fullmatch, re.findall(r"\d+", number)))
    return len(digits) >= _LEAST_AFTER_CUE and not (_is_round(digits) or is_date or are_years)


def _is_phone(number: str) -> bool:
    """Return whether digits with separators are a phone number; in doubt, they are."""
    groups = re.findall(r"\d+", number)
    digits = "".join(groups)
    if len(digits) < _LEAST_DIGITS:
        return False
    if len(groups) == 1:
        return not _is_round(digits) and _is_unbroken_phone(number, digits)
    if all(len(group) == 1 for group in groups):
        return len(digits) >= _LEAST_ODD and not _is_counted(digits)
    return number.startswith(("+", "00")) or (
        not _is_something_else(number, groups) and _is_grouped_as_phone(number, groups)
    )


def _is_unbroken_phone(number: str, digits: str) -> bool:
    if number.startswith(("+", "00")):
        return True
    return (len(digits) >= _LEAST_UNBROKEN or digits[0] == "0") and not _COMPACT_DATE.fullmatch(digits)


def _is_something_else(number: str, groups: list[str]) -> bool:
    """Return whether groups of digits are years, round, a size, a date or one large number."""
    if all(map(_is_round, groups)) or all(map(_YEAR.fullmatch, groups)):
        return True
    is_short = sum(map(len, groups)) < _LEAST_ODD
    if is_short and (_YEAR.fullmatch(groups[0]) or _ODD_SEPARATOR.search(number)):
        return True
    return any(form.fullmatch(number.lstrip("(")) for form in (_DATE, _DECIMAL, _THOUSANDS))


def _is_round(group: str) -> bool:
    return len(group.rstrip("0")) <= 1


def _is_counted(digits: str) -> bool:
    """Return whether each digit is one more, or one less, than the one before."""
    return {(int(after) - int(before)) % 10 for before, after in pairwise(digits)} in ({1}, {9})


def _is_grouped_as_phone(number: str, groups: list[str]) -> bool:
    """Return whether digits are grouped as in phone numbers, unlike scores and dates.

    That is in groups of three and more, in pairs with one kind of separator, or behind an area code
    in brackets or with a zero.
    """
    if any(len(group) >= _LONG_GROUP for group in groups):
        return True
    if _AREA.match(number) and sum(map(len, groups)) >= _LEAST_UNBROKEN:
        return True
    if len("".join(groups)) == _MOST_IN_TWOS and _IN_TWOS.fullmatch(number):
        return True
    separators = set(re.findall(r"\D+", number.strip("()")))
    are_pairs = all(len(group) == _PAIR for group in groups[1:]) and len(groups[0]) <= _PAIR
    return len(groups) >= _LEAST_PAIRS and len(separators) == 1 and are_pairs
