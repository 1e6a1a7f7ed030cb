"""Reads CSV files of any size, however damaged: one bad row costs itself and nothing after it."""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TextIO

import pyarrow as pa  # type: ignore[import-untyped]

from sentiment.bulk.table_file import CHUNK_ROWS, Chunk, TableFile, find_column
from sentiment.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_DELIMITERS = (",", ";", "\t")  # spreadsheets write semicolons where the comma is the decimal sign
_CHUNK_CHARS = 16 << 20  # a chunk of long rows ends sooner, or memory would grow with them
_LONGEST_LINE = 16 << 20  # characters; longer ones are no CSV of tweets, and would fill the memory
_BLOCK = 1 << 20


@dataclass
class CsvChunk(Chunk):
    """Rows of strings, all as long as the header."""

    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    faults: dict[int, str] = field(default_factory=dict)
    share: float = 0.0

    def cells(self, places: Sequence[int]) -> list[list[str]]:  # noqa: D102 - as promised above
        return [self.rows[place] for place in places]

    def table(self, places: Sequence[int]) -> pa.Table:  # noqa: D102
        rows = self.cells(places)
        return pa.table(
            [pa.array([row[number] for row in rows], pa.string()) for number in range(len(self.columns))],
            self.columns,
        )


class CsvFile(TableFile):
    """A CSV file in UTF-8.

    A row that is no CSV, or longer or shorter than the header, is at fault and stops nothing.
    """

    def __init__(self, path: Path, text_column: str) -> None:
        self._path = path
        self.mark = _check_encoding(path)
        headers = {delimiter: self._header(delimiter) for delimiter in _DELIMITERS}
        # Where none of them finds the column, the one that finds the most columns gives the
        # clearest error.
        self.delimiter = max(headers, key=lambda one: (text_column in headers[one], len(headers[one])))
        self.columns = headers[self.delimiter]
        if not any(self.columns):
            raise DataError(
                f"{path} does not begin with a header in CSV: write the columns' names into its first line"
            )
        self._column = find_column(path, self.columns, text_column)

    def chunks(self) -> Iterator[Chunk]:  # noqa: D102 - as promised above
        with _Records(self._path, self.delimiter) as records:
            next(records)  # the header
            chunk, size = CsvChunk(self.columns), 0
            for cells, fault in records:
                fitted = self._fit(cells)
                if fault or len(cells) not in (0, len(fitted)):  # a blank line is a row without a text
                    chunk.faults[len(chunk.rows)] = (
                        fault or f"{len(cells)} cells; the header has {len(fitted)}"
                    )
                chunk.rows.append(fitted)
                chunk.texts.append(fitted[self._column])
                size += sum(map(len, fitted))
                if len(chunk.rows) == CHUNK_ROWS or size > _CHUNK_CHARS:
                    chunk.share = records.share
                    yield chunk
                    chunk, size = CsvChunk(self.columns), 0
            if chunk.rows:
                chunk.share = 1.0
                yield chunk

    def _header(self, delimiter: str) -> list[str]:
        with _Records(self._path, delimiter) as records:
            cells, fault = next(records, ([], ""))
        return [] if fault else cells

    def _fit(self, cells: list[str]) -> list[str]:
        """Return a row of the header's length: surplus cells are joined to the last one."""
        width = len(self.columns)
        if len(cells) > width:
            return [*cells[: width - 1], self.delimiter.join(cells[width - 1 :])]
        return cells + [""] * (width - len(cells))


class _Records:
    """Yields each record's cells and what is wrong with it, empty if nothing.

    A record that is no CSV has one cell: its first line as it is.
    """

    def __init__(self, path: Path, delimiter: str) -> None:
        self._raw, self._size = path.open("rb"), path.stat().st_size
        self._file = io.TextIOWrapper(self._raw, encoding="utf-8-sig", newline="")
        self._lines = _Lines(self._file, path)
        self._reader = csv.reader(self._lines, delimiter=delimiter, strict=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[list[str], str]:
        self._lines.begin()
        try:
            return next(self._reader), ""
        except csv.Error as error:  # the reader begins anew after one
            line, number = self._lines.keep_first()
            return [line.rstrip("\r\n")], f"line {number} is not CSV: {error}"

    @property
    def share(self) -> float:
        """How much of the file is read."""
        return self._raw.tell() / self._size


class _Lines:
    """The lines of a file. Those of the present record, all but the first, can be put back."""

    def __init__(self, file: TextIO, path: Path) -> None:
        self._file, self._path = file, path
        self._record: list[str] = []
        self._waiting: deque[str] = deque()
        self._before = 0  # lines before the present record

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._file.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) == _LONGEST_LINE:
            raise DataError(f"{self._path} has a line of more than {_LONGEST_LINE} characters: is it CSV?")
        self._record.append(line)
        return line

    def begin(self) -> None:
        """Take what comes as the lines of the next record."""
        self._before += len(self._record)
        self._record = []

    def keep_first(self) -> tuple[str, int]:
        """Return a record's first line and its number, and put the other lines back.

        So a quote that is never closed swallows no rows.
        """
        first, *others = self._record
        self._waiting.extendleft(reversed(others))
        self._record = [first]
        return first, self._before + 1


def _check_encoding(path: Path) -> str:
    """Check that a whole file is UTF-8; return its byte order mark, or nothing.

    Done first, before hours are spent on its beginning.

    Raises:
        DataError: It is not; the message names the line.
    """
    decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
    with path.open("rb") as file:
        is_marked = file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
        file.seek(0)
        while block := file.read(_BLOCK):
            try:
                decoder.decode(block, final=file.tell() == path.stat().st_size)
            except UnicodeDecodeError as error:
                line += error.object.count(b"\n", 0, error.start)
                byte = error.object[error.start]
                raise DataError(
                    f"{path}, line {line}: the byte 0x{byte:02x} is not UTF-8: "
                    "convert the file first, with iconv say"
                ) from error
            line += block.count(b"\n")
    return "\ufeff" if is_marked else ""
