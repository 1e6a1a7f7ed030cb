"""What a table is to those who read it: batches of rows, in order, one at a time.

How each format is read is in files of their own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]

from sentiment.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BATCH_ROWS = 4096
BATCH_CHARS = 16 << 20  # a batch of long rows ends sooner, or memory would grow with them
_SHOWN_COLUMNS, _SHOWN_CHARS = 8, 30  # a file without a header has tweets there: none is shown whole


class TableError(DataError):
    """A table cannot be read; `fault` and `values` say why, for those who use other words."""

    def __init__(self, fault: str, message: str, **values: object) -> None:
        super().__init__(message)
        self.fault, self.values = fault, values


@dataclass(frozen=True)
class RowFault:
    """Why a row cannot be used, without its line; of a wrong number of cells, both numbers.

    `kind` says the same to those who use other words.
    """

    reason: str
    found: int = 0
    expected: int = 0
    kind: str = "damaged"

    def __str__(self) -> str:
        return self.reason


class Batch(ABC):
    """Consecutive rows: the place of each in the file, and by index why a row cannot be used.

    `lines` are line numbers; where a format has none, row numbers. `share` is how much of the file
    is read by now, from 0 to 1.
    """

    lines: list[int]
    faults: dict[int, RowFault]
    share: float

    @abstractmethod
    def column(self, place: int) -> list[str]:
        """Return a column as text; a cell without a value is empty."""

    @abstractmethod
    def cells(self, places: Sequence[int]) -> list[list[str]]:
        """Return rows as a CSV file holds them, one cell per column."""

    @abstractmethod
    def table(self, places: Sequence[int]) -> pa.Table:
        """Return rows as a Parquet file holds them."""


class Table(ABC):
    """A file of rows."""

    path: Path
    columns: list[str]
    has_header = True
    may_lack_header = False
    unit = "line"  # what `Batch.lines` counts
    delimiter = ","  # of a CSV file that is made of this one
    mark = ""  # its byte order mark, where there is one

    @abstractmethod
    def batches(self, text: int) -> Iterator[Batch]:
        """Return all rows, cut at the same places each time; `text` is the column of tweets.

        Raises:
            TableError: The file is damaged.
        """

    @abstractmethod
    def empty(self) -> pa.Table:
        """Return the columns as a Parquet file holds them, without a row."""

    def names_of(self, place: int) -> dict[str, str]:
        """Return the names that the file itself gives to a column's values."""
        del place
        return {}

    def find(self, name: str, flag: str) -> int:
        """Return the place of the column with this name, in this case or another.

        Raises:
            TableError: There is none, or there are several; `flag` names another.
        """
        exact = [place for place, column in enumerate(self.columns) if column.strip() == name]
        folded = [
            place for place, column in enumerate(self.columns) if column.strip().casefold() == name.casefold()
        ]
        if len(found := exact or folded) == 1:
            return found[0]
        times = f"{len(found)} columns" if found else "no column"
        remedy = "rename one of them" if len(exact) > 1 else f"name the right one with {flag}"
        where = str(self.path)
        if self.has_header and self.may_lack_header:
            where += ", line 1"
            remedy += ", or, if line 1 is no header, name all columns with --columns"
        raise TableError(
            "no_column",
            f"{where}: {times} {name!r}; it has {self.shown_columns}: {remedy}",
            name=name,
            found=self.shown_columns,
        )

    @property
    def shown_columns(self) -> str:
        """The first columns, each cut short."""
        shown = ", ".join(repr(column[:_SHOWN_CHARS]) for column in self.columns[:_SHOWN_COLUMNS])
        more = len(self.columns) - _SHOWN_COLUMNS
        return shown + (f" and {more} more" if more > 0 else "")


@dataclass
class StringBatch(Batch):
    """Rows of strings, all as long as the header."""

    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: dict[int, RowFault] = field(default_factory=dict)
    share: float = 0.0

    def column(self, place: int) -> list[str]:  # noqa: D102 - as promised above
        return [row[place] for row in self.rows]

    def cells(self, places: Sequence[int]) -> list[list[str]]:  # noqa: D102
        return [self.rows[place] for place in places]

    def table(self, places: Sequence[int]) -> pa.Table:  # noqa: D102
        rows = self.cells(places)
        return pa.table(
            [pa.array([row[number] for row in rows], pa.string()) for number in range(len(self.columns))],
            self.columns,
        )


class StringTable(Table):
    """A table whose cells are strings, whatever they mean."""

    def batches(self, text: int) -> Iterator[Batch]:  # noqa: D102 - as promised above
        batch, size = StringBatch(self.columns), 0
        for line, cells, fault, share in self.records(text):
            if fault:
                batch.faults[len(batch.rows)] = fault
            batch.rows.append(cells)
            batch.lines.append(line)
            size += len(cells) + sum(map(len, cells))  # empty cells of many columns fill it, too
            if len(batch.rows) >= BATCH_ROWS or size > BATCH_CHARS:
                batch.share = share
                yield batch
                batch, size = StringBatch(self.columns), 0
        if batch.rows:
            batch.share = 1.0
            yield batch

    @abstractmethod
    def records(self, text: int) -> Iterator[tuple[int, list[str], RowFault | None, float]]:
        """Return each row: its line, its cells, what is wrong with it, the share that is read."""

    def empty(self) -> pa.Table:  # noqa: D102
        return StringBatch(self.columns).table([])
