"""What a scored file holds, as CSV or as Parquet: its rows' own columns, then the results.

Made in parts, which are joined at the end.
"""

from __future__ import annotations

import csv
import io
import shutil
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

from models import LABELS
from sentiment.errors import DataError
from sentiment.tables.column_names import free_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from models import Scores
    from sentiment.tables.table import Batch, Table

RESULT_COLUMNS = ("predicted_label", *LABELS, "model")
_GROUP_ROWS = 1 << 16  # of Parquet's row groups; it is all that joining keeps in memory


class ScoredTable(ABC):
    """The format of a scored file: all columns of the source, then the results.

    Where a column of the source has the name of a result, all results get a number: a second
    scoring adds `predicted_label_2` and so on.
    """

    def __init__(self, source: Table, tag: str) -> None:
        self.source, self._tag = source, tag
        self.results = free_names(RESULT_COLUMNS, source.columns)

    @abstractmethod
    def part(self, batch: Batch, places: Sequence[int], scores: Scores) -> bytes:
        """Return the rows at these places with their scores, shape (n, 3), as one part."""

    @abstractmethod
    def join(self, parts: Iterable[Path], target: BinaryIO) -> None:
        """Write parts as one file."""


def scored_table(path: Path, source: Table, tag: str) -> ScoredTable:
    """Return the format that the path's ending names.

    Raises:
        DataError: It names none, or two columns have a name that Parquet may hold once.
    """
    if path.suffix.lower() == ".csv":
        return ScoredCsv(source, tag)
    if path.suffix.lower() != ".parquet":
        raise DataError(f"{path} ends in neither .csv nor .parquet: name a file of one of these")
    twice = next((name for name in source.columns if source.columns.count(name) > 1), None)
    if twice is not None:
        raise DataError(
            f"the column {twice!r} is there {source.columns.count(twice)} times: "
            "rename one, or name an output in CSV"
        )
    return ScoredParquet(source, tag)


class ScoredCsv(ScoredTable):
    """CSV as its source is: its delimiter and its byte order mark.

    Texts stay exactly as they came, also those that a spreadsheet would run as a formula: a changed
    text would be another tweet.
    """

    def part(self, batch: Batch, places: Sequence[int], scores: Scores) -> bytes:  # noqa: D102 - as promised above
        labels = [LABELS[number] for number in scores.argmax(axis=1)]
        rows = zip(batch.cells(places), labels, scores.tolist(), strict=True)
        return csv_bytes(
            ([*cells, label, *(f"{one:.6f}" for one in row), self._tag] for cells, label, row in rows),
            self.source.delimiter,
        )

    def join(self, parts: Iterable[Path], target: BinaryIO) -> None:  # noqa: D102
        join_csv([*self.source.columns, *self.results], parts, target, self.source)


class ScoredParquet(ScoredTable):
    """Parquet with the source's types and metadata; the columns of a CSV source are strings."""

    def part(self, batch: Batch, places: Sequence[int], scores: Scores) -> bytes:  # noqa: D102 - as promised above
        content = io.BytesIO()
        parquet.write_table(self._with_results(batch.table(places), scores), content)
        return content.getvalue()

    def join(self, parts: Iterable[Path], target: BinaryIO) -> None:  # noqa: D102
        empty = self._with_results(self.source.empty(), np.empty((0, len(LABELS))))
        with parquet.ParquetWriter(target, empty.schema) as writer:
            for group in _groups(parts):
                writer.write_table(group)

    def _with_results(self, table: pa.Table, scores: Scores) -> pa.Table:
        labels = [LABELS[number] for number in scores.argmax(axis=1)]
        results = [
            pa.array(labels, pa.string()),
            *map(pa.array, scores.T),
            pa.array([self._tag] * len(labels), pa.string()),
        ]
        for name, values in zip(self.results, results, strict=True):
            table = table.append_column(name, values)
        return table


def csv_bytes(rows: Iterable[Sequence[object]], delimiter: str) -> bytes:
    """Return rows as CSV."""
    content = io.StringIO(newline="")
    csv.writer(content, delimiter=delimiter).writerows(rows)
    return content.getvalue().encode(errors="backslashreplace")


def join_csv(header: Sequence[str], parts: Iterable[Path], target: BinaryIO, source: Table) -> None:
    """Write parts in CSV as one file with a header, and with the source's byte order mark."""
    target.write(source.mark.encode() + csv_bytes([header], source.delimiter))
    for part in parts:
        with part.open("rb") as file:
            shutil.copyfileobj(file, target)


def _groups(parts: Iterable[Path]) -> Iterator[pa.Table]:
    """Return the rows of parts in tables that are large enough for a row group each."""
    waiting: list[pa.Table] = []
    for part in parts:
        waiting.append(parquet.read_table(io.BytesIO(part.read_bytes())))
        if sum(map(len, waiting)) >= _GROUP_ROWS:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)
