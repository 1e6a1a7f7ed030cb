"""Bank accounts in a text: IBAN of all countries, known by length and check digits (ISO 13616)."""

from __future__ import annotations

import re
from functools import cache

from sentiment.phone_numbers import RARE_SEPARATORS, SEPARATORS

ACCOUNT = "(account)"

# Each country in the registry, and how many signs its IBAN have.
_REGISTRY = """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28
    EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26
    IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28
    NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25
    SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _REGISTRY.split()}
_BETWEEN = f"[{SEPARATORS}{RARE_SEPARATORS}]{{0,3}}"
_START = re.compile(rf"([A-Za-z]{{2}}){_BETWEEN}[0-9]{_BETWEEN}[0-9]")
_LEAST_DIGITS = 0.5  # of all signs: "at 10 pm or so" begins like an account in Austria
_MODULUS, _REMAINDER = 97, 1


def hide_accounts(text: str) -> str:
    """Return a text with `(account)` for each IBAN, also where words are glued to it.

    >>> hide_accounts("to GB29 NWBK 6016 1331 9268 19 please, not to GB30 NWBK 6016 1331 9268 19")
    'to (account) please, not to GB30 NWBK 6016 1331 9268 19'
    """
    parts, done = [], 0
    for found in _START.finditer(text):
        length = _LENGTHS.get(found[1].upper())
        account = _of_length(length).match(text, found.start()) if length else None
        if account and found.start() >= done and _is_iban(account[0]):
            parts += [text[done : account.start()], ACCOUNT]
            done = account.end()
    return "".join([*parts, text[done:]])


@cache
def _of_length(length: int) -> re.Pattern[str]:
    return re.compile(rf"[A-Za-z0-9](?:{_BETWEEN}[A-Za-z0-9]){{{length - 1}}}")


def _is_iban(written: str) -> bool:
    signs = "".join(re.findall("[A-Za-z0-9]", written))
    turned = signs[4:] + signs[:4]
    is_number = sum(map(str.isdigit, signs)) >= _LEAST_DIGITS * len(signs)
    return is_number and int("".join(str(int(sign, 36)) for sign in turned)) % _MODULUS == _REMAINDER
