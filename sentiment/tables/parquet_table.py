"""Reads Parquet files of any size, and texts that are none."""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

from sentiment.tables.table import BATCH_ROWS, Batch, RowFault, Table, TableError
from sentiment.tables.text_file import OpenBytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# Bytes of a column that are read at once; by default pyarrow reads all the row groups ahead.
_BUFFER = 1 << 20
# What Python's values of Arrow's raise where they cannot be: a year 14000, an unknown time zone.
_NO_VALUE = (ValueError, OverflowError, KeyError, pa.ArrowException)


@dataclass
class ParquetBatch(Batch):
    """Rows with types; in CSV a cell without a value is empty."""

    path: Path
    batch: pa.RecordBatch
    lines: list[int]
    share: float
    faults: dict[int, RowFault] = field(default_factory=dict)

    def column(self, place: int) -> list[str]:  # noqa: D102 - as promised above
        return self._strings(self.batch.schema.names[place], self.batch.column(place))

    def cells(self, places: Sequence[int]) -> list[list[str]]:  # noqa: D102
        table = self.table(places)
        columns = [
            self._strings(name, column.combine_chunks())
            for name, column in zip(table.column_names, table.columns, strict=True)
        ]
        return [list(row) for row in zip(*columns, strict=True)]

    def table(self, places: Sequence[int]) -> pa.Table:  # noqa: D102
        whole = pa.Table.from_batches([self.batch])
        return whole if len(places) == len(whole) else whole.take(pa.array(places, pa.int64()))

    def _strings(self, name: str, column: pa.Array) -> list[str]:
        try:
            return [_cell(value) for value in _values(column)]
        except _NO_VALUE:
            pass
        try:
            return ["" if value is None else value for value in column.cast(pa.string()).to_pylist()]
        except _NO_VALUE as error:
            raise TableError(
                "no_value",
                f"the column {name!r} of {self.path} holds a {column.type} that no text can hold: "
                "name an output in Parquet, or leave the column out",
                name=name,
            ) from error


class ParquetTable(Table):
    """A Parquet file.

    In memory are a batch of rows and a page of each column at a time, whatever the size of its row
    groups.
    """

    unit = "row"

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = parquet.ParquetFile(_source(path), buffer_size=_BUFFER, pre_buffer=False)
        except (pa.ArrowException, OSError, EOFError, zlib.error) as error:
            message = f"{path} cannot be read as Parquet ({type(error).__name__}): write it anew"
            raise TableError("damaged", message, reason=type(error).__name__) from error
        self._schema = self._file.schema_arrow
        self.columns = list(self._schema.names)

    def batches(self, text: int) -> Iterator[Batch]:  # noqa: D102 - as promised above
        self._check_text(text)
        done, rows = 0, self._file.metadata.num_rows
        try:
            for batch in self._file.iter_batches(BATCH_ROWS):
                lines = list(range(done + 1, done + len(batch) + 1))
                done += len(batch)
                faults = _faults(batch.column(text))
                yield ParquetBatch(self.path, batch, lines, done / rows, faults)
        except (pa.ArrowException, OSError) as error:
            message = f"{self.path} is damaged after row {done} ({type(error).__name__}): write it anew"
            raise TableError("damaged", message, reason=type(error).__name__) from error

    def empty(self) -> pa.Table:  # noqa: D102
        return self._schema.empty_table()

    def names_of(self, place: int) -> dict[str, str]:
        """Return the names of a column's numbers, as the hub of Hugging Face writes them along."""
        try:
            content = json.loads((self._schema.metadata or {})[b"huggingface"])
            names = content["info"]["features"][self.columns[place]]["names"]
            return {str(number): str(name) for number, name in enumerate(names)}
        except (KeyError, TypeError, ValueError):
            return {}

    def _check_text(self, text: int) -> None:
        kind = self._schema.field(text).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not _is_text(kind):
            name = self.columns[text]
            raise TableError(
                "no_text",
                f"the column {name!r} of {self.path} holds {kind}, not text: "
                "name another one with --text-column",
                name=name,
                kind=kind,
            )


def _source(path: Path) -> Path | pa.MemoryMappedFile:
    """Return what pyarrow may jump about in: a compressed file is unpacked first."""
    with OpenBytes(path) as opened:
        if not opened.is_compressed:
            return path
        with tempfile.NamedTemporaryFile() as unpacked:
            shutil.copyfileobj(opened.file, unpacked)
            unpacked.flush()
            return pa.memory_map(unpacked.name)  # which stays when the name is gone


def _faults(column: pa.Array) -> dict[int, RowFault]:
    """Return the faults among a column's texts: what a file calls text may be none."""
    faults = {}
    for place, raw in enumerate(_values(column)):
        try:
            (raw or b"").decode()
        except UnicodeDecodeError:
            faults[place] = RowFault("not text, its bytes are not UTF-8: write it anew", kind="half")
    return faults


def _values(column: pa.Array) -> list[Any]:
    """Return Python's values; text is bytes, since a file's text may be none."""
    kind = column.type
    if pa.types.is_dictionary(kind) and _is_text(kind.value_type):
        column = column.cast(kind.value_type)
    is_text = _is_text(column.type)
    return list((column.cast(pa.large_binary()) if is_text else column).to_pylist())


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _cell(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return "" if value is None else str(value)
