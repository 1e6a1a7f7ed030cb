"""The first records of a text file, divided by one delimiter: do they read as a table's?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment.tables.records import delimited

if TYPE_CHECKING:
    from sentiment.tables.records import Lines, Record

_SAMPLE_RECORDS = 200
_SAMPLE_CHARS = 1 << 20
_MOST_WORDS = 3  # of a column's name; a tweet's part between two commas mostly has more
_TABLE_CELLS, _TABLE_ROWS, _TABLE_SHARE = 3, 5, 0.9


@dataclass(frozen=True)
class Beginning:
    """The first records of a file, read with one delimiter; `line` is the first of their lines."""

    delimiter: str
    line: str
    records: list[Record]

    @property
    def header(self) -> list[str]:
        """The cells of the first record."""
        return self.records[0].cells

    @property
    def width(self) -> int:
        """How many cells the first record has."""
        return len(self.header)

    @property
    def is_spaced(self) -> bool:
        """Whether a space follows each delimiter of the first line."""
        spaces = len(re.findall(re.escape(self.delimiter) + " ", self.line))
        return 0 < spaces == self.line.count(self.delimiter) and self.delimiter != "\t"

    def support(self, width: int, *, exactly: bool = False) -> float:
        """Return the share of rows that have so many cells, or that many or more after a header."""
        widths = [self._width(record) for record in self.records[0 if exactly else 1 :]]
        enough = sum(each == width if exactly else each >= width for each in widths)
        return enough / len(widths) if widths else 1.0

    def _width(self, record: Record) -> int:
        return record.cells[0].count(self.delimiter) + 1 if record.fault else len(record.cells)

    def holds(self, name: str) -> bool:
        """Return whether a cell of the first record is this name, in this case or another."""
        return any(cell.strip().casefold() == name.casefold() for cell in self.header)

    def is_header(self, name: str) -> bool:
        """Return whether the first line names columns.

        Single words, the column of tweets among them, do; other names only where most of the rows
        after them bear it out, and beside the column of tweets any that have as many cells do.
        """
        if self.records[0].fault or self.width < 2:  # noqa: PLR2004
            return False
        is_plain = self.holds(name) and not self.is_spaced and self._are_names(1)
        words = _MOST_WORDS if not self.is_spaced else int(self.holds(name))
        is_regular = self.may_be_header(name) and not self._has_spaces and self._is_regular
        return is_plain or is_regular or (self._are_names(words) and self.support(self.width) > 1 / 2)

    def may_be_header(self, name: str) -> bool:
        """Return whether the column of tweets is in the first line, and it reads as no sentence."""
        is_possible = self.width > 1 and not self.records[0].fault and self.holds(name)
        return is_possible and (not self._has_spaces or self._is_regular)

    @property
    def _has_spaces(self) -> bool:
        """Whether a space follows some delimiter of the first line, as in a sentence."""
        return any(cell.startswith(" ") for cell in self.header[1:])

    @property
    def _is_regular(self) -> bool:
        """Whether most rows have as many cells as the first, which is no tweet with one comma."""
        is_short = all(len(cell.split()) <= _MOST_WORDS for cell in self.header)
        return (self.width > 2 or is_short) and self.is_borne_out  # noqa: PLR2004

    @property
    def is_borne_out(self) -> bool:
        """Whether there are rows, and most have as many cells as the first line."""
        return len(self.records) > 1 and self.support(self.width, exactly=True) > 1 / 2

    @property
    def is_table(self) -> bool:
        """Whether so many rows have as many cells as lines of tweets do not have by chance."""
        is_wide = self.width >= _TABLE_CELLS and len(self.records) >= _TABLE_ROWS
        return is_wide and self.support(self.width, exactly=True) > _TABLE_SHARE

    def _are_names(self, most_words: int) -> bool:
        return all(_is_name(cell, most_words, may_be_empty=not at) for at, cell in enumerate(self.header))


def begin(lines: Lines, delimiter: str, *, skips: bool) -> Beginning:
    """Return the first records of lines that are not blank; `skips` the first line."""
    if skips:
        next(lines)
    records: list[Record] = []
    first, size = "", 0
    for record in delimited(lines, delimiter):
        if not record.cells:
            continue
        first = first or lines.first
        records.append(record)
        size += sum(map(len, record.cells))
        if len(records) > _SAMPLE_RECORDS or size > _SAMPLE_CHARS:
            break
    return Beginning(delimiter, first, records)


def _is_name(cell: str, most_words: int, *, may_be_empty: bool) -> bool:
    """Return whether a cell can be a column's name; an index that was written along has none."""
    if not cell.strip():
        return may_be_empty
    has_letter = re.search(r"[^\W\d]", cell) is not None
    return has_letter and "&" not in cell and not cell.startswith("@") and len(cell.split()) <= most_words
