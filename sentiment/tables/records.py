"""The records of a delimited file, however damaged: one bad row costs itself and no other."""

from __future__ import annotations

import csv
import itertools
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from sentiment.tables.table import RowFault, TableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

_LONGEST_LINE = 16 << 20  # characters; longer ones are no table of tweets, and would fill the memory


class Record(NamedTuple):
    """A row as it is in the file: the line on which it begins, its cells, what is wrong with it.

    A blank line has no cells; a quoted cell may be empty.
    """

    line: int
    cells: list[str]
    fault: RowFault | None = None


class Lines:
    """The lines of a file. Those of the present record, all but the first, can be put back."""

    def __init__(self, file: TextIO, path: Path) -> None:
        self._file, self._path = file, path
        self._record: list[str] = []
        self._waiting: deque[str] = deque()
        self._before = 0  # lines before the present record

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._file.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) == _LONGEST_LINE:
            raise TableError(
                "long_line",
                f"{self._path}, line {self._before + 1}: more than {_LONGEST_LINE} characters: "
                "give a table of tweets",
            )
        self._record.append(line)
        return line

    def peek(self) -> str:
        """Return the line that comes next, empty at the end; it still comes."""
        if not self._waiting:
            line = self._file.readline(_LONGEST_LINE)
            if not line:
                return ""
            self._waiting.append(line)
        return self._waiting[0]

    @property
    def first(self) -> str:
        """The present record's first line, without its break."""
        return self._record[0].rstrip("\r\n") if self._record else ""

    @property
    def last(self) -> str:
        """The present record's last line, without its break."""
        return self._record[-1].rstrip("\r\n") if self._record else ""

    @property
    def count(self) -> int:
        """How many lines the present record has."""
        return len(self._record)

    @property
    def number(self) -> int:
        """The number of the present record's first line."""
        return self._before + 1

    def begin(self) -> None:
        """Take what comes as the lines of the next record."""
        self._before += len(self._record)
        self._record = []

    def put_back(self) -> None:
        """Put all lines of the present record back, all but the first.

        So a quote that is never closed swallows no rows.
        """
        first, *others = self._record
        self._waiting.extendleft(reversed(others))
        self._record = [first]


def plain_lines(lines: Lines) -> Iterator[Record]:
    """Return each line as a row of one cell, whatever punctuation it holds."""
    while lines.peek():
        lines.begin()
        next(lines)
        yield Record(lines.number, _whole(lines.first))


def one_column(lines: Lines) -> Iterator[Record]:
    """Return the rows of a table of one column: a quoted cell as in CSV, or the line as it is."""
    reader = csv.reader(lines, strict=True)
    while line := lines.peek():
        lines.begin()
        cells = _parsed(reader) if line.startswith('"') else _whole(next(lines))
        if cells is None or len(cells) > 1:
            lines.put_back()
            cells = [lines.first]
        yield Record(lines.number, cells)


def delimited(lines: Lines, delimiter: str, *, is_spaced: bool = False, width: int = 0) -> Iterator[Record]:
    """Return the rows of CSV; one that is none has one cell, its first line as it is.

    Files with tabs often hold quotes that mean nothing: where they would join lines that are rows
    of `width` cells themselves, each line is a row. The last line of a cell in quotes is none if it
    lacks a number, such as an id, that stands before the cell.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=is_spaced)
    while True:
        lines.begin()
        cells, reason = None, ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:  # the reader begins anew after one
            reason = str(error)
        plain = lines.first.split(delimiter) if delimiter == "\t" and width else []
        joins = cells is None or (
            lines.count > 1
            and any(delimiter in cell for cell in cells)
            and _begin_alike(plain, lines.last.split(delimiter))
        )
        if plain and len(plain) == width and joins:
            lines.put_back()
            yield Record(lines.number, plain)
        elif cells is None:
            lines.put_back()
            yield Record(lines.number, [lines.first], _fault_of(reason))
        else:
            yield Record(lines.number, cells if lines.first.strip(" ") or lines.count > 1 else [])


def _begin_alike(first: list[str], last: list[str]) -> bool:
    """Return whether the last line, too, has numbers in the cells before the first quote."""
    before = itertools.takewhile(lambda cell: not cell.startswith('"'), first)
    return all(there.isdecimal() or not cell.isdecimal() for cell, there in zip(before, last, strict=False))


def _fault_of(reason: str) -> RowFault:
    if "field limit" in reason:
        most = csv.field_size_limit()
        words = f"a cell of more than {most} characters: shorten it, or close the quote before it"
        return RowFault(words, kind="long_cell")
    words = f"not CSV ({reason}): write a quote inside a quoted cell twice, and close each"
    return RowFault(words, kind="quotes")


def _whole(line: str) -> list[str]:
    return [line.rstrip("\r\n")] if line.strip() else []


def _parsed(reader: Iterator[list[str]]) -> list[str] | None:
    try:
        return next(reader)
    except csv.Error:
        return None
