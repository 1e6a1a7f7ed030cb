"""Take out of a text what could name a person, before it leaves the house.

Handles and links are `models.clean_text`'s work; the rest is hidden here, and models still read it.
Every expression starts only where a run of its characters starts and goes back a few signs at most,
so the time grows with the length alone.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address

from models import clean_text
from models.links import ADDRESS, LINK, spaced
from sentiment.bank_accounts import ACCOUNT, hide_accounts
from sentiment.mail_addresses import EMAIL, hide_mail_addresses
from sentiment.phone_numbers import DIGIT, PHONE, hide_phone_numbers

PLACEHOLDERS = (EMAIL, PHONE, ACCOUNT)  # besides those of `models.links`

_ALPHABET = "A-Za-z0-9_\xc0-\u058f"
# Facebook.com/ann.
_BARE_LINK = re.compile(
    rf"(?<![{_ALPHABET}.@-])[{_ALPHABET}-]++(?:\.[{_ALPHABET}-]++)*\.[a-z]{{2,}}+/{ADDRESS}++",
    re.IGNORECASE,
)
# ::ffff:192.0.2.1, fe80::1.
_HEXADECIMAL = re.compile(
    r"(?<![\w:.])(?:[0-9a-f:]{3,39}+(?:\.\d{1,3}){3}|[0-9a-f:]{6,39}+)(?![\w:])", re.IGNORECASE
)
_HAS_DIGIT = re.compile(DIGIT)


def mask(text: str) -> str:
    """Return a cleaned text with `(email)`, `(phone)`, `(account)` where these stood.

    Years, dates, prices, scores and hashtags stay. Masking twice changes nothing.

    >>> mask("@ann mail me at ann@example.com or call +49 (0)171 123-4567, not before 2024-05-12")
    '@user mail me at (email) or call (phone), not before 2024-05-12'
    """
    while (masked := _mask_once(text)) != text:
        text = masked
    return masked


def _mask_once(text: str) -> str:
    text = hide_mail_addresses(clean_text(text))
    if "/" in text:
        text = _BARE_LINK.sub(lambda found: spaced(found, LINK), text)
    if not _HAS_DIGIT.search(text):  # most tweets
        return text
    return hide_phone_numbers(_HEXADECIMAL.sub(_hide_machine, hide_accounts(text)))


def _hide_machine(found: re.Match[str]) -> str:
    """Return `http` for an IPv6 address; a time or a score is none."""
    if ":" not in found[0] or not _HAS_DIGIT.search(found[0]):
        return found[0]
    try:
        IPv6Address(found[0])
    except AddressValueError:
        return found[0]
    return LINK
