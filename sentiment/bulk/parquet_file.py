"""Reads Parquet files of any size, and texts that are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

from sentiment.bulk.table_file import CHUNK_ROWS, Chunk, TableFile, find_column
from sentiment.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# Bytes of a column that are read at once; by default pyarrow reads all the row groups ahead.
_BUFFER = 1 << 20


@dataclass
class ParquetChunk(Chunk):
    """Rows with types; in CSV a cell without a value is empty."""

    batch: pa.RecordBatch
    texts: list[str]
    faults: dict[int, str]
    share: float

    def cells(self, places: Sequence[int]) -> list[list[str]]:  # noqa: D102 - as promised above
        columns = [
            column.cast(pa.large_binary()) if _is_text(column.type) else column
            for column in self.table(places).columns
        ]
        return [
            [_cell(value) for value in row]
            for row in zip(*(column.to_pylist() for column in columns), strict=True)
        ]

    def table(self, places: Sequence[int]) -> pa.Table:  # noqa: D102
        whole = pa.Table.from_batches([self.batch])
        return whole if len(places) == len(whole) else whole.take(pa.array(places, pa.int64()))


class ParquetFile(TableFile):
    """A Parquet file.

    In memory are a chunk of rows and a page of each column at a time, whatever the size of its row
    groups.
    """

    def __init__(self, path: Path, text_column: str) -> None:
        self._path = path
        try:
            self._file = parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            raise DataError(
                f"{path} cannot be read as Parquet ({type(error).__name__}): write it anew"
            ) from error
        schema = self._file.schema_arrow
        self.columns = list(schema.names)
        self._column = find_column(path, self.columns, text_column)
        kind = schema.field(self._column).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not _is_text(kind):
            raise DataError(
                f"the column {text_column!r} of {path} holds {kind}, not text: "
                "name another one with --text-column"
            )

    def chunks(self) -> Iterator[Chunk]:  # noqa: D102 - as promised above
        done, rows = 0, self._file.metadata.num_rows
        try:
            for batch in self._file.iter_batches(CHUNK_ROWS):
                done += len(batch)
                yield ParquetChunk(batch, *_decode(batch.column(self._column)), share=done / rows)
        except (pa.ArrowException, OSError) as error:
            raise DataError(
                f"{self._path} is damaged after row {done} ({type(error).__name__}): write it anew"
            ) from error


def _decode(column: pa.Array) -> tuple[list[str], dict[int, str]]:
    """Return a column's texts and the faults among them: what a file calls text may be none."""
    texts, faults = [], {}
    for place, raw in enumerate(column.cast(pa.large_string()).cast(pa.large_binary()).to_pylist()):
        try:
            texts.append((raw or b"").decode())
        except UnicodeDecodeError:
            texts.append("")
            faults[place] = "not text: its bytes are not UTF-8"
    return texts, faults


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _cell(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return "" if value is None else str(value)
