"""Bank accounts in a text: IBAN of all countries, known by their check digits (ISO 13616)."""

from __future__ import annotations

import re

ACCOUNT = "(account)"

_CANDIDATE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?:[ .-]?[A-Za-z0-9]){11,30}+")
_LEAST_SIGNS = 15  # Norway's
_MODULUS, _REMAINDER = 97, 1


def hide_accounts(text: str) -> str:
    """Return a text with `(account)` for each IBAN; words behind it stay.

    >>> hide_accounts("to GB29 NWBK 6016 1331 9268 19 please, not to GB30 NWBK 6016 1331 9268 19")
    'to (account) please, not to GB30 NWBK 6016 1331 9268 19'
    """
    return _CANDIDATE.sub(_hide, text)


def _hide(match: re.Match[str]) -> str:
    """Return the match with its longest beginning that is an IBAN hidden."""
    signs = [place for place, sign in enumerate(match[0]) if sign.isalnum()]
    for count in range(len(signs), _LEAST_SIGNS - 1, -1):
        end = signs[count - 1] + 1
        is_whole = not match.string[match.start() + end :][:1].isalnum()
        if is_whole and _is_iban("".join(match[0][place] for place in signs[:count])):
            return ACCOUNT + match[0][end:]
    return match[0]


def _is_iban(signs: str) -> bool:
    turned = signs[4:] + signs[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % _MODULUS == _REMAINDER
