"""Reads tables in JSON: an array of rows, or a row per line (JSON Lines)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sentiment.tables.dialect import DEFAULT_TEXT
from sentiment.tables.json_values import TOO_DEEP, Value, array_values, begins_with, line_values
from sentiment.tables.table import RowFault, StringTable, TableError
from sentiment.tables.text_file import check_text_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from sentiment.tables.form import Form


class JsonTable(StringTable):
    """Objects, or texts alone; the columns are all names that occur, in the order of occurrence.

    A line that is no row is at fault and stops nothing. A missing value is an empty cell; a list or
    an object is a cell in JSON.
    """

    def __init__(self, path: Path, form: Form) -> None:
        self.path = path
        self._file = check_text_file(path, form.encoding)
        self._text_name = form.text_column or DEFAULT_TEXT
        with self._file.open() as opened:
            self._is_array, _ = begins_with(opened.text)
        self.columns = self._read_columns()

    def records(self, text: int) -> Iterator[tuple[int, list[str], RowFault | None, float]]:  # noqa: D102
        name = self.columns[text]
        with self._file.open() as opened:
            for value in self._values(opened.text):
                row, fault = self._row(value), value.fault
                if row is None:
                    row = {self.columns[0]: value.content}
                    fault = fault or RowFault("not an object: give one per row", kind="not_json")
                fault = fault or _fault_of(row, name)
                try:
                    cells = [_cell(row.get(column)) for column in self.columns]
                except RecursionError:  # it could just be read
                    cells = [""] * len(self.columns)
                    fault = RowFault(f"{TOO_DEEP}: write a flat object", kind="too_deep")
                yield value.number, cells, fault, opened.share

    def _values(self, text: TextIO) -> Iterator[Value]:
        self.unit = "row" if self._is_array else "line"  # an array may be on one line
        return array_values(text, self.path) if self._is_array else line_values(text, self.path)

    def _row(self, value: Value) -> dict[str, Any] | None:
        if isinstance(value.content, str) and value.fault is None:
            return {self._text_name: value.content}
        if not isinstance(value.content, dict):
            return None
        return {_whole(name): cell for name, cell in value.content.items()}

    def _read_columns(self) -> list[str]:
        names: dict[str, None] = {}
        usable = rows = 0
        begins_well = True
        last: dict[str, Any] | None = None
        with self._file.open() as opened:
            for value in self._values(opened.text):
                rows += 1
                if (row := self._row(value)) is not None:
                    usable, last = usable + 1, row
                    names.update(dict.fromkeys(row))
                elif rows == 1 and value.fault:
                    begins_well = value.fault.kind != "not_json"
        is_columns = rows == 1 and last is not None and any(isinstance(one, dict) for one in last.values())
        # One object on many lines has some that are objects, too.
        if is_columns or (rows and not usable) or (not begins_well and usable < rows / 2):
            raise TableError(
                "not_json",
                f"{self.path} holds no rows in JSON: write an array of objects "
                '(pandas: orient="records"), or one object per line',
            )
        return list(names) or [self._text_name]


def _fault_of(row: dict[str, Any], name: str) -> RowFault | None:
    if not isinstance(row.get(name, ""), str | None):
        kind = type(row[name]).__name__
        return RowFault(f"{name!r} is of type {kind}: write the text in quotes", kind="no_text")
    if any(isinstance(value, str) and not _is_whole(value) for value in row.values()):
        return RowFault("half a character, such as \\ud83d: write the whole one", kind="half")
    return None


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _cell(value: object) -> str:
    if value is None:
        return ""
    return _whole(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _whole(text: str) -> str:
    """Return a text with each half of a character written as its escape in Python."""
    return text if _is_whole(text) else text.encode("utf-8", "backslashreplace").decode()
