"""Where a table is and how it is read, in one string: `tweets.csv?label_column=mood`.

So one value goes through flows, caches and records, and means the same to all of them.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import quote, unquote

from sentiment.errors import DataError
from sentiment.tables.form import Form

_SHOWN_CHARS = 60


def parse_address(address: str) -> tuple[Path, Form]:
    """Return a table's path, and its form as far as the address says it.

    >>> parse_address("tweets.csv?text_column=tweet")[1].text_column
    'tweet'

    Raises:
        DataError: It says what no form has, or its path is none.
    """
    path, _, said = address.rpartition("?")  # `make_address` leaves no ? in a value
    if not path or _is_there(address):  # a file may be called so
        path, said = address, ""
    form = Form()
    for pair in said.split("&") if said else []:
        name, _, value = pair.partition("=")
        if name not in asdict(form):
            raise DataError(
                f"{address}: {name!r} is not known: after the ? stand {', '.join(asdict(form))}, "
                "each with = and a value, with & between them"
            )
        form = replace(form, **{name: unquote(value)})
    _refuse_no_path(path)
    return Path(path), form


def make_address(path: Path | str, form: Form) -> str:
    """Return the address of a table that is read in this form.

    >>> make_address("tweets.csv", Form(labels="0=negative,4=positive"))
    'tweets.csv?labels=0=negative,4=positive'
    """
    said = [f"{name}={quote(value, '=, :;|+-')}" for name, value in asdict(form).items() if value]
    return f"{path}?{'&'.join(said)}" if said else str(path)


def _is_there(address: str) -> bool:
    try:
        return Path(address).exists()
    except (OSError, ValueError):  # too long to be a path
        return False


def _refuse_no_path(path: str) -> None:
    try:
        Path(path).exists()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path[:_SHOWN_CHARS]}...: no such file ({reason}): check the path") from error
