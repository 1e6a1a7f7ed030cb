"""The query API's answers as bytes: tables of typed columns, and errors with Azure's codes.

What the answer is, is decided in `query`.
"""

from __future__ import annotations

import json
import math
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from duckdb_kql.types import kusto_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_INVALID = "The request had some invalid properties"


@dataclass(frozen=True)
class Answer:
    """A status, a JSON body and headers."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class QueryRefusal(Exception):  # noqa: N818 - an answer, not a failure
    """A query that gets an error as its answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        inner: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = {
            "message": message,
            "code": code,
            "correlationId": str(uuid.uuid4()),
            **({"innererror": inner} if inner else {}),
        }
        self.retry_after = retry_after

    @classmethod
    def bad_argument(cls, message: str) -> QueryRefusal:
        """A property of the request that cannot be used."""
        return cls(400, "BadArgumentError", _INVALID, inner={"code": "InvalidArgument", "message": message})

    @classmethod
    def syntax(cls, token: str, line: int, position: int) -> QueryRefusal:
        """Text that is not KQL: the token at which reading failed, and its position."""
        location = {"line": line, "pos": position, "token": token}
        inner = {
            "code": "SYN0002",
            "message": f"Query could not be parsed at '{token}' on line [{line},{position}]",
            **location,
        }
        outer = {
            "code": "SyntaxError",
            "message": "A recognition error occurred in the query.",
            "innererror": inner,
        }
        return cls(400, "BadArgumentError", _INVALID, inner=outer)

    @classmethod
    def semantic(cls, code: str, message: str) -> QueryRefusal:
        """KQL that names what does not exist or does not fit together."""
        outer = {
            "code": "SemanticError",
            "message": "A semantic error occurred.",
            "innererror": {"code": code, "message": message},
        }
        return cls(400, "BadArgumentError", _INVALID, inner=outer)

    @classmethod
    def column(cls, name: str, operator: str) -> QueryRefusal:
        """A column that does not exist."""
        return cls.semantic(
            "SEM0100", f"'{operator}' operator: Failed to resolve column or scalar expression named '{name}'"
        )

    @classmethod
    def local(cls, reason: str) -> QueryRefusal:
        """KQL that Azure may run, but not this stand-in."""
        return cls.semantic(
            "LocalLimit", f"the local stand-in for Azure Monitor cannot run this query: {reason}; Azure may"
        )

    @property
    def answer(self) -> Answer:
        """The error as the API's answer."""
        return error_answer(self.status, self.error, self.retry_after)


def error_answer(status: int, error: Mapping[str, Any], retry_after: float | None = None) -> Answer:
    """Return an error as an answer, with the seconds to wait if the caller should retry."""
    headers = {} if retry_after is None else {"Retry-After": str(math.ceil(retry_after))}
    return Answer(status, json.dumps({"error": error}).encode(), headers)


class TableBody:
    """The body of an answer, built row by row up to its size limit."""

    def __init__(self, columns: Sequence[tuple[str, Any]], max_bytes: int) -> None:
        """Take the names of the columns and their DuckDB types."""
        kinds = [kusto_type(kind) for _, kind in columns]
        self._columns = [{"name": name, "type": kind} for (name, _), kind in zip(columns, kinds, strict=True)]
        self._converters = [
            (index, _CONVERTERS[kind]) for index, kind in enumerate(kinds) if kind in _CONVERTERS
        ]
        self._most = self._left = max_bytes
        self._chunks: list[bytes] = []
        self.rows = 0

    @property
    def size(self) -> int:
        """The bytes of its rows."""
        return self._most - self._left

    def add(self, rows: Sequence[Sequence[Any]]) -> bool:
        """Add rows; return False if not all of them fit."""
        for start in range(0, len(rows), 500):
            converted = [self._converted(row) for row in rows[start : start + 500]]
            chunk = _encode(converted)
            if len(chunk) > self._left:
                return self._add_one_by_one(converted)
            self._append(chunk, len(converted))
        return True

    def finish(self, **others: Any) -> bytes:
        """Return the whole body; `others` are further members beside the table."""
        columns = json.dumps(self._columns, ensure_ascii=False).encode("utf-8", "replace")
        head = b'{"tables":[{"name":"PrimaryResult","columns":' + columns + b',"rows":['
        rest = b"".join(
            b"," + json.dumps(name).encode() + b":" + json.dumps(value).encode()
            for name, value in others.items()
            if value
        )
        return b"".join((head, b",".join(self._chunks), b"]}]", rest, b"}"))

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for index, convert in self._converters:
            values[index] = convert(values[index])
        return values

    def _add_one_by_one(self, rows: list[list[Any]]) -> bool:
        for row in rows:
            chunk = _encode([row])
            if len(chunk) > self._left:
                return False
            self._append(chunk, 1)
        return True

    def _append(self, chunk: bytes, rows: int) -> None:
        self._chunks.append(chunk)
        self._left -= len(chunk) + 1
        self.rows += rows


def _encode(rows: list[list[Any]]) -> bytes:
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=str)[1:-1].encode(
        "utf-8", "replace"
    )


def _string(value: Any) -> str:
    if value is None:
        return ""  # KQL has no null string
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _datetime(value: Any) -> str | None:
    if not isinstance(value, date):
        return None if value is None else str(value)
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    elif value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    moment: str = value.isoformat()
    return (moment.rstrip("0") if "." in moment else moment) + "Z"


def _timespan(value: Any) -> str | None:
    """Return a span as .NET writes it: [-][d.]hh:mm:ss[.fffffff]."""
    if isinstance(value, time):
        value = datetime.combine(date.min, value) - datetime.min
    if not isinstance(value, timedelta):
        return None if value is None else str(value)
    span = abs(value)
    hours, rest = divmod(span.seconds, 3600)
    days = f"{span.days}." if span.days else ""
    fraction = f".{span.microseconds:06d}0" if span.microseconds else ""
    return f"{'-' if value < timedelta() else ''}{days}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}{fraction}"


def _dynamic(value: Any) -> Any:
    """Return JSON text for objects and lists, and the plain value of anything else."""
    if value is None or not isinstance(value, str):
        return None if value is None else json.dumps(value, default=str, ensure_ascii=False)
    if value.startswith('"'):
        return json.loads(value)
    return None if value == "null" else value


def _real(value: Any) -> Any:
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _text_or_null(value: Any) -> str | None:
    return None if value is None else str(value)


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "string": _string,
    "datetime": _datetime,
    "timespan": _timespan,
    "dynamic": _dynamic,
    "real": _real,
    "guid": _text_or_null,
    "decimal": _text_or_null,
}
