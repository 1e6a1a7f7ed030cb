"""Files of tweets on the page: their columns and first rows, all their rows, and the result.

No HTTP here; how tables are read is in `sentiment.tables`.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.errors import DataError
from sentiment.tables.column_names import free_names
from sentiment.tables.delimited_table import DelimitedTable
from sentiment.tables.dialect import DEFAULT_TEXT
from sentiment.tables.form import Form
from sentiment.tables.opening import open_table
from sentiment.tables.table import TableError
from sentiment.tables.text_file import unpacked_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from page.service_client import PredictedText
    from sentiment.tables.table import RowFault, Table

MAX_ROWS = 20_000
MAX_MEGABYTES = 10
MAX_UNPACKED_MEGABYTES = 100
RESULT_COLUMNS = ("predicted_label", *LABELS, "model", "error")
EACH_LINE = "lines"  # instead of a column
_FIRST_COLUMN = "0"
_LOOKED_AT = 5


class SheetError(DataError):
    """A file cannot be scored; `key` and `values` name one of the page's texts."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key}: {values}")
        self.key = key
        self.values = values


@dataclass(frozen=True)
class Look:
    """What a file shows before it is scored.

    `column` is the place of the column `text`, `EACH_LINE`, or None where the user must choose.
    """

    header: list[str]
    column: str | None
    rows: list[list[str]]
    may_be_lines: bool


@dataclass(frozen=True)
class Row:
    """One row: its line in the file, its fields, its text, and what is wrong with it."""

    line: int
    fields: list[str]
    text: str
    fault: RowFault | None = None


@dataclass(frozen=True)
class Sheet:
    """A file of tweets: every row has as many fields as the header."""

    name: str
    header: list[str]
    delimiter: str
    rows: list[Row] = field(repr=False)

    @property
    def results(self) -> tuple[str, ...]:
        """The names of the result's columns: none is one of the file's own."""
        return free_names(RESULT_COLUMNS, self.header)


def look_into(path: Path, column: str | None = None) -> Look:
    """Return a file's columns and first rows, as they are read with this choice of a column.

    Raises:
        SheetError: The file is too big, or cannot be read.
    """
    table = _open(path, column)
    is_lines = isinstance(table, DelimitedTable) and table.is_lines
    try:
        found: str | None = str(table.find(DEFAULT_TEXT, ""))
    except TableError:
        found = None
    try:
        batch = next(table.batches(int(found or _first_text(table))), None)
        rows = batch.cells(range(min(_LOOKED_AT, len(batch.lines)))) if batch else []
    except TableError as error:
        raise _told(path, error) from error
    chosen = EACH_LINE if is_lines else found
    return Look(table.columns, chosen, rows, isinstance(table, DelimitedTable))


def columns_of(path: Path) -> list[str]:
    """Return the columns that a file has if its first line is a header; one alone is none.

    Raises:
        SheetError: The file is too big, or cannot be read.
    """
    columns = _open(path, _FIRST_COLUMN).columns
    return columns if len(columns) > 1 else []


def read_sheet(path: Path, column: str | None = None) -> Sheet:
    """Return the rows of a table whose tweets are in this column, `text` unless chosen.

    Raises:
        SheetError: The file is too big, cannot be read, is empty, or has no such column.
    """
    table = _open(path, column)
    try:
        chosen = column is not None and column != EACH_LINE
        place = int(column or 0) if chosen else table.find(DEFAULT_TEXT, "")
        rows = list(islice(_rows(table, place), MAX_ROWS + 1))
    except TableError as error:
        raise _told(path, error, table) from error
    if not rows:
        raise SheetError("file_empty", file=path.name)
    if len(rows) > MAX_ROWS:
        raise SheetError("file_too_long", file=path.name, limit=MAX_ROWS)
    return Sheet(path.name, table.columns, table.delimiter, rows)


def write_result(path: Path, sheet: Sheet, outcomes: Sequence[PredictedText | str]) -> None:
    """Write the file's own columns, then the prediction or the error of each row.

    The file starts with a byte order mark, so that spreadsheets see UTF-8. Texts stay exactly as
    they came, also those that a spreadsheet would run as a formula: the result is data to score or
    to train on, and a changed text would be another tweet.
    """
    with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file, delimiter=sheet.delimiter)
        writer.writerow([*sheet.header, *sheet.results])
        for row, outcome in zip(sheet.rows, outcomes, strict=True):
            writer.writerow(row.fields + _result_fields(outcome))


def _result_fields(outcome: PredictedText | str) -> list[str]:
    if isinstance(outcome, str):
        return [""] * (len(RESULT_COLUMNS) - 1) + [outcome]
    return [outcome.label, *(f"{score:.6f}" for score in outcome.score_by_label.values()), outcome.model, ""]


def _rows(table: Table, place: int) -> Iterator[Row]:
    size, most = 0, MAX_UNPACKED_MEGABYTES * 1_000_000
    for batch in table.batches(place):
        numbered = zip(batch.lines, batch.cells(range(len(batch.lines))), batch.column(place), strict=True)
        for at, (line, cells, text) in enumerate(numbered):
            size += len(cells) + sum(map(len, cells))
            if size > most:
                raise SheetError("file_unpacked", file=table.path.name, limit=MAX_UNPACKED_MEGABYTES)
            yield Row(line, cells, text, batch.faults.get(at))


def _open(path: Path, column: str | None) -> Table:
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:  # Gradio removes files after an hour
        raise SheetError("file_gone", file=path.name) from error
    if size > MAX_MEGABYTES * 1_000_000:
        megabytes = math.ceil(size / 1_000_000)
        raise SheetError("file_too_big", file=path.name, size=megabytes, limit=MAX_MEGABYTES)
    if unpacked_size(path, MAX_UNPACKED_MEGABYTES * 1_000_000) > MAX_UNPACKED_MEGABYTES * 1_000_000:
        raise SheetError("file_unpacked", file=path.name, limit=MAX_UNPACKED_MEGABYTES)
    try:
        # Who chooses a column says that there is a header.
        form = Form(columns=DEFAULT_TEXT) if column == EACH_LINE else Form(column and DEFAULT_TEXT)
        return open_table(path, form)
    except TableError as error:
        raise _told(path, error) from error


def _first_text(table: Table) -> int:
    """Return the place of a column that can be read as text: others may be numbers."""
    for place in range(len(table.columns)):
        try:
            next(table.batches(place), None)
        except TableError:
            continue
        return place
    return 0


def _told(path: Path, error: TableError, table: Table | None = None) -> SheetError:
    """Return an error in the page's words."""
    found = ", ".join(name[:30] for name in table.columns[:6]) if table else ""
    return SheetError(f"file_{error.fault}", **{**error.values, "file": path.name, "found": found})
