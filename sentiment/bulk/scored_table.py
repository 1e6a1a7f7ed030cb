"""What a scored file holds, as CSV or as Parquet: its rows' own columns, then the results.

Made in parts, which are joined at the end.
"""

from __future__ import annotations

import csv
import io
import shutil
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa  # type: ignore[import-untyped]
from pyarrow import parquet

from models import LABELS
from sentiment.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from models import Scores
    from sentiment.bulk.table_file import Chunk, TableFile

RESULT_COLUMNS = ("predicted_label", *LABELS, "model")
_GROUP_ROWS = 1 << 16  # of Parquet's row groups; it is all that joining keeps in memory


class ScoredTable(ABC):
    """The format of a scored file.

    Columns of the source that have the names of results, from an earlier scoring, are left out.
    """

    def __init__(self, source: TableFile, tag: str) -> None:
        self.source, self._tag = source, tag
        self._kept = [number for number, name in enumerate(source.columns) if name not in RESULT_COLUMNS]

    @abstractmethod
    def part(self, chunk: Chunk, places: Sequence[int], scores: Scores) -> bytes:
        """Return the rows at these places with their scores, shape (n, 3), as one part."""

    @abstractmethod
    def join(self, parts: Iterable[Path], target: BinaryIO) -> None:
        """Write parts as one file."""


def scored_table(path: Path, source: TableFile, tag: str) -> ScoredTable:
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

    def part(self, chunk: Chunk, places: Sequence[int], scores: Scores) -> bytes:  # noqa: D102 - as promised above
        labels = [LABELS[number] for number in scores.argmax(axis=1)]
        rows = zip(chunk.cells(places), labels, scores.tolist(), strict=True)
        return csv_bytes(
            (
                [*(cells[number] for number in self._kept), label, *(f"{one:.6f}" for one in row), self._tag]
                for cells, label, row in rows
            ),
            self.source.delimiter,
        )

    def join(self, parts: Iterable[Path], target: BinaryIO) -> None:  # noqa: D102
        header = [*(self.source.columns[number] for number in self._kept), *RESULT_COLUMNS]
        join_csv(header, parts, target, self.source)


class ScoredParquet(ScoredTable):
    """Parquet with the source's types and metadata; the columns of a CSV source are strings."""

    def part(self, chunk: Chunk, places: Sequence[int], scores: Scores) -> bytes:  # noqa: D102 - as promised above
        table = chunk.table(places).select(self._kept)
        labels = [LABELS[number] for number in scores.argmax(axis=1)]
        results = [
            pa.array(labels, pa.string()),
            *map(pa.array, scores.T),
            pa.array([self._tag] * len(labels), pa.string()),
        ]
        for name, values in zip(RESULT_COLUMNS, results, strict=True):
            table = table.append_column(name, values)
        content = io.BytesIO()
        parquet.write_table(table, content)
        return content.getvalue()

    def join(self, parts: Iterable[Path], target: BinaryIO) -> None:  # noqa: D102
        writer = None
        for group in _groups(parts):
            writer = writer or parquet.ParquetWriter(target, group.schema)
            writer.write_table(group)
        if writer:
            writer.close()


def csv_bytes(rows: Iterable[Sequence[object]], delimiter: str) -> bytes:
    """Return rows as CSV."""
    content = io.StringIO(newline="")
    csv.writer(content, delimiter=delimiter).writerows(rows)
    return content.getvalue().encode()


def join_csv(header: Sequence[str], parts: Iterable[Path], target: BinaryIO, source: TableFile) -> None:
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
