"""Where a table is and how it is read, in one string: `tweets.csv?label_column=mood`.

So one value goes through flows, caches and records, and means the same to all of them.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import quote, unquote

from sentiment.errors import DataError
from sentiment.tables.form import Form


def parse_address(address: str) -> tuple[Path, Form]:
    """Return a table's path, and its form as far as the address says it.

    >>> parse_address("tweets.csv?text_column=tweet")[1].text_column
    'tweet'

    Raises:
        DataError: It says what no form has.
    """
    path, _, said = address.partition("?")
    if not said or Path(address).exists():  # a file may be called so
        return Path(address), Form()
    form = Form()
    for pair in said.split("&"):
        name, _, value = pair.partition("=")
        if name not in asdict(form):
            raise DataError(
                f"{address}: {name!r} is not known: after the ? stand {', '.join(asdict(form))}, "
                "each with = and a value, with & between them"
            )
        form = replace(form, **{name: unquote(value)})
    return Path(path), form


def make_address(path: Path | str, form: Form) -> str:
    """Return the address of a table that is read in this form.

    >>> make_address("tweets.csv", Form(labels="0=negative,4=positive"))
    'tweets.csv?labels=0=negative,4=positive'
    """
    said = [f"{name}={quote(value, '=, :;|+-')}" for name, value in asdict(form).items() if value]
    return f"{path}?{'&'.join(said)}" if said else str(path)
