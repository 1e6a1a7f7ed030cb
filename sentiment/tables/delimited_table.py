"""Reads tables in text: CSV with any delimiter, and files of one tweet per line."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sentiment.tables.dialect import DEFAULT_TEXT, Dialect, find_dialect
from sentiment.tables.json_values import begins_with
from sentiment.tables.records import Lines, Record
from sentiment.tables.table import RowFault, StringTable, TableError
from sentiment.tables.text_file import check_text_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sentiment.tables.form import Form

_SPOKEN = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


class DelimitedTable(StringTable):
    """A text file of rows.

    A row that is no CSV, or longer or shorter than the header, is at fault and stops nothing. Blank
    lines at the end are no rows; the others are rows without a text. Rows in JSON are refused.
    """

    may_lack_header = True

    def __init__(self, path: Path, form: Form) -> None:
        self.path = path
        self._file = check_text_file(path, form.encoding)
        self.mark = self._file.mark
        if not form.names:
            self._refuse_json()
        self._dialect = self._find_dialect(form)
        self.columns = list(self._dialect.columns)
        self.has_header = self._dialect.has_header
        self.delimiter = self._dialect.delimiter or ","

    @property
    def is_lines(self) -> bool:
        """Whether each line is a tweet, whatever punctuation it holds."""
        return self._dialect.delimiter is None and not self._dialect.has_header

    def records(self, text: int) -> Iterator[tuple[int, list[str], RowFault | None, float]]:  # noqa: D102
        del text
        with self._file.open() as opened:
            lines = Lines(opened.text, self.path)
            blank: list[Record] = []
            for record in self._dialect.records(lines):
                blank.append(record)
                if record.cells:
                    for each in blank:
                        yield each.line, self._fit(each.cells), self._fault(each), opened.share
                    blank = []

    def _fault(self, record: Record) -> RowFault | None:
        found, width = len(record.cells), len(self.columns)
        if record.fault or found in (0, width):  # a blank line is a row without a text
            return record.fault
        spoken = _SPOKEN.get(self.delimiter, repr(self.delimiter))
        source = "the header has" if self.has_header else "--columns names"
        cells = "1 cell" if found == 1 else f"{found} cells"
        reason = f"{cells}; {source} {width}: quote texts that hold {spoken}"
        return RowFault(reason, found, width)

    def _fit(self, cells: list[str]) -> list[str]:
        """Return a row of the header's length: surplus cells are joined to the last one."""
        width = len(self.columns)
        if len(cells) > width:
            return [*cells[: width - 1], self.delimiter.join(cells[width - 1 :])]
        return cells + [""] * (width - len(cells))

    def _refuse_json(self) -> None:
        with self._file.open() as opened:
            is_array, is_of_objects = begins_with(opened.text)
        if is_of_objects:
            ending = ".json" if is_array else ".jsonl"
            raise TableError(
                "json_inside",
                f"{self.path} holds objects in JSON: give it the ending {ending}, or say --columns "
                f"{DEFAULT_TEXT} if each line is a tweet",
                ending=ending,
            )

    def _find_dialect(self, form: Form) -> Dialect:
        with contextlib.ExitStack() as stack:

            def reopen() -> Lines:
                return Lines(stack.enter_context(self._file.open()).text, self.path)

            return find_dialect(self.path, reopen, form)
