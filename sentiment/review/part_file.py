"""The content of an inbox's part: feedback as Parquet, with one column per field."""

from __future__ import annotations

import hashlib
import io
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

from sentiment.feedback.feedback import Feedback
from sentiment.feedback.part import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES = tuple(field.name for field in fields(Feedback))


def write_rows(rows: Sequence[Feedback]) -> bytes:
    """Return feedback as the content of a Parquet file; the same rows give the same bytes."""
    types = dict.fromkeys(_NAMES, pa.string()) | {"correct": pa.bool_(), "score": pa.float64()}
    columns = {name: pa.array([getattr(row, name) for row in rows], types[name]) for name in _NAMES}
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns), buffer, compression="zstd")
    return buffer.getvalue()


def read_rows(content: bytes) -> list[Feedback]:
    """Return the feedback of a Parquet file that `write_rows` made."""
    table = parquet.read_table(io.BytesIO(content), use_threads=False)
    columns = (table.column(name).to_pylist() for name in _NAMES)
    return [Feedback(*values) for values in zip(*columns, strict=True)]


def digest_of(content: bytes) -> str:
    """Return the start of a file's SHA-256, as its name states it."""
    return hashlib.sha256(content).hexdigest()[:16]


def name_part(day: str, rows: Sequence[Feedback], content: bytes) -> Part:
    """Return the part that a day's rows make."""
    days = [_day(row.received_at) for row in rows]
    return Part(day, min(days), max(days), len(rows), digest_of(content))


def _day(received_at: str) -> str:
    moment = datetime.fromisoformat(received_at)
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date().isoformat()
