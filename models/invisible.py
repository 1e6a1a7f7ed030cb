"""Characters that show nothing, and letters in disguise.

What shows is told by ranges, not by this Python's Unicode tables alone: those know no emoji that is
younger than they are.
"""

from __future__ import annotations

import re
import unicodedata

_CAPITALS, _SMALL = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_NUMBERS = tuple(map(str, range(1, 21)))
_ENCLOSED = (  # the first signs of rows in circles, squares and brackets, and what the rows hold
    *((first, _CAPITALS) for first in (0x24B6, 0x1F110, 0x1F130, 0x1F150, 0x1F170)),
    *((first, _SMALL) for first in (0x249C, 0x24D0)),
    *((first, _NUMBERS) for first in (0x2460, 0x2474, 0x2488)),
    *((first, _NUMBERS[:10]) for first in (0x2776, 0x2780, 0x278A, 0x24F5)),
    *((first, "0") for first in (0x24EA, 0x24FF, 0x1F100, 0x1F10B, 0x1F10C)),
    (0x1F101, "0123456789"),
    *((first, ("AB",)) for first in (0x1F18E,)),
    (0x24EB, _NUMBERS[10:]),
)
# Signs of which Unicode says what they are another form of: the mathematical alphabets, those of
# their letters that had a place before, a dot, and small forms such as ﹫.
_OTHER_FORMS = (
    *range(0x1D400, 0x1D800),
    *range(0x1FBF0, 0x1FBFA),
    *range(0x2145, 0x214A),
    0x2024,
    *range(0xFE50, 0xFE6C),
    *map(ord, "ℂℊℋℌℍℎℐℑℒℓℕℙℚℛℜℝℤℨℬℭℯℰℱℳℴ"),
)
# Blocks with small capitals (ᴀ), raised letters (ᵃ) and lowered ones (ₐ) among others.
_PHONETIC = (
    *(*range(0x250, 0x2B9), *range(0x2E0, 0x2E5), *range(0x1D00, 0x1DC0), 0x2071, 0x207F),
    *(*range(0x2090, 0x209D), 0x2C7C, 0x2C7D, *range(0xA730, 0xA800)),
)
_SMALL_CAPITAL = "LATIN LETTER SMALL CAPITAL "


def _letter(number: int) -> str:
    """Return the plain letter of a small capital, of a raised or of a lowered one, else nothing."""
    sign = unicodedata.normalize("NFKC", chr(number))
    name = unicodedata.name(sign[0], "")
    plain = name.removeprefix(_SMALL_CAPITAL).lower() if name.startswith(_SMALL_CAPITAL) else sign
    return plain if len(plain) == 1 and plain.isascii() else ""


_PLAIN = {
    **{first + step: plain for first, row in _ENCLOSED for step, plain in enumerate(row)},
    **{number: unicodedata.normalize("NFKC", chr(number)) for number in _OTHER_FORMS},
    **{number: letter for number in _PHONETIC if (letter := _letter(number))},
}
# As wide as a letter, and empty.
_BLANK = re.compile("[\u115f\u1160\u2800\u3164\uffa0\U00013441\U00013442\U00016fe4\U0001d159]+")
# Format characters that show: Arabic, Syriac and Kaithi write numbers and verses on them.
_SHOWN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_JOINERS = "\u200c\u200d"
_IGNORED = re.compile(
    "[\u034f\u17b4\u17b5\u180b-\u180f\u2060-\u206f\ufe00-\ufe0d\ufff0-\ufff8\U000e0080-\U000e0fff"
    "\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
_TAG = "[\U000e0030-\U000e0039\U000e0061-\U000e007a]"
_TAGS = re.compile(f"(\U0001f3f4{_TAG}{{3,6}}\U000e007f)|[\U000e0000-\U000e007f]+")
# Emoji and the scripts whose letters change their form with a joiner; their digits do not.
_JOINED = (
    "[\u0590-\u1fff\u20d0-\u20ff\u2190-\u2bff\u3030\u303d\u3297\u3299\ua840-\uabff\ufb1d-\ufdff\ufe0f"
    "\ufe70-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f\U0001f000-\U0001faff\U000e007f]"
)
_LOOSE = re.compile(
    rf"(?<!{_JOINED})[{_JOINERS}]|[{_JOINERS}](?!{_JOINED})|(?<=\d)[{_JOINERS}]|[{_JOINERS}](?=\d)"
    # The form of a sign, text or emoji, is said once and of a sign: ❤️ and 1️⃣.
    "|(?<![\xa9\xae\u203c-\u3299\U0001f000-\U0001faff])(?<![0-9#*](?=.\u20e3))[\ufe0e\ufe0f]"
)


def without_invisible(text: str) -> str:
    """Return a text without what shows nothing, and with plain letters for those in disguise.

    Emoji stay whole, also those that this Python does not know. A blank filler becomes a space.

    >>> without_invisible("so\u00ad 🅱🅰🅳 🅿️\u3164❤️\u200d🔥")
    'so BAD P ❤️\u200d🔥'
    """
    text = _BLANK.sub(" ", text.translate(_PLAIN))
    text = _TAGS.sub(r"\1", _IGNORED.sub("", text))
    return _LOOSE.sub("", "".join(sign for sign in text if _is_shown(sign)))


def _is_shown(sign: str) -> bool:
    if sign.isprintable() or sign.isspace():
        return True
    if unicodedata.category(sign) in ("Cn", "Co"):  # younger than this Python, or a maker's own
        return True
    return sign in _SHOWN or sign in _JOINERS or "\U000e0020" <= sign <= "\U000e007f"
