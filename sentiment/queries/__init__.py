"""The KQL queries, one file each, for Azure, the monitor, the alert rule and the workbook alike.

A file may start with parameter lines such as `let step = 1m;`, which `read` replaces.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from sentiment.errors import QueryError

_FOLDER = Path(__file__).parent
_PARAMETER = re.compile(r'^let (?P<name>\w+) = (?P<value>"(?:[^"\\\n]|\\.)*"|\d+[dhms]);', re.MULTILINE)
_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_ESCAPES = {'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
NAMES = tuple(sorted(path.stem for path in _FOLDER.glob("*.kql")))


def read(name: str, **parameters: str | timedelta) -> str:
    """Return the text of a query with these parameters; the others keep the values of the file.

    A `step` that divides a day has the same borders everywhere; others have other borders in Azure
    than on the monitor.

    Example:
        `read("latency", model="tweet-sentiment:a1b2", step=timedelta(minutes=5))`

    Raises:
        QueryError: The query or the parameter is unknown, or the value is of another type.
    """
    if name not in NAMES:
        raise QueryError(f"no query {name!r}: use one of {', '.join(NAMES)}", "query")
    text = (_FOLDER / f"{name}.kql").read_text("utf-8")
    if unknown := sorted(set(parameters) - set(defaults(text))):
        raise QueryError(
            f"the query {name} has no parameter {unknown[0]!r}; it has {', '.join(defaults(text)) or 'none'}",
            "query",
        )
    literals = {
        key: _literal(key, value, is_text=defaults(text)[key].startswith('"'))
        for key, value in parameters.items()
    }
    return fill(text, literals)


def defaults(text: str) -> dict[str, str]:
    """Return the parameters of a query's text with their literals.

    >>> defaults('let step = 1m;')
    {'step': '1m'}
    """
    return {match["name"]: match["value"] for match in _PARAMETER.finditer(text)}


def fill(text: str, literals: dict[str, str]) -> str:
    """Return the text with these literals in place of its own."""
    return _PARAMETER.sub(
        lambda match: f"let {match['name']} = {literals.get(match['name'], match['value'])};", text
    )


def _literal(name: str, value: str | timedelta, *, is_text: bool) -> str:
    if is_text != isinstance(value, str):
        raise QueryError(
            f"the parameter {name} cannot be {value!r}: it is a {'text' if is_text else 'timedelta'}", "query"
        )
    return _text_literal(value) if isinstance(value, str) else _timespan_literal(name, value)


def _text_literal(value: str) -> str:
    clean = value.encode("utf-8", "replace").decode()  # half a surrogate pair is in no name
    return '"' + "".join(_ESCAPES.get(sign, sign) for sign in clean) + '"'


def _timespan_literal(name: str, value: timedelta) -> str:
    for unit, length in _UNITS.items():
        if value > timedelta(0) and not value % length:
            return f"{value // length}{unit}"
    raise QueryError(f"the parameter {name} is {value}: give one or more whole seconds", "query")
