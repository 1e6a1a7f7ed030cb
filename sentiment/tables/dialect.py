"""How the rows of a text file are written: a table with a header or without, or tweets by line.

The first line alone never decides by its punctuation: it is a header if it names columns and most
of the lines after it have as many cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sentiment.tables.records import Lines, Record, delimited, one_column, plain_lines
from sentiment.tables.table import TableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sentiment.tables.form import Form

DELIMITERS = (",", ";", "\t", "|")  # spreadsheets write semicolons where the comma is the decimal sign
DEFAULT_TEXT = "text"
_SHOWN_CHARS = 40
_SAMPLE_RECORDS = 200
_SAMPLE_CHARS = 1 << 20
# Names that stand beside `text`: with a space before it, another word may be a tweet's as well.
_USUAL = {
    *("id", "tweet_id", "index", "label", "labels", "sentiment", "polarity", "target", "score", "rating"),
    *(
        "date",
        "time",
        "created_at",
        "user",
        "username",
        "author",
        "name",
        "lang",
        "language",
        "source",
        "url",
    ),
}
_MOST_WORDS = 3  # of a column's name; a tweet's part between two commas mostly has more
_HEADER_AT_MOST = 5  # lines, titles and comments among them
_SEPARATOR_LINE = re.compile(r"(\"?)sep=(.)\1\r?\n?", re.IGNORECASE)  # Excel's, in quotes or not

Reopen = Callable[[], Lines]


@dataclass(frozen=True)
class Dialect:
    """How rows are written; without a delimiter, each is one cell.

    Attributes:
        columns: Their names.
        delimiter: What stands between cells.
        has_header: Whether the first line names the columns.
        is_spaced: Whether a space follows each delimiter and belongs to no cell.
        has_separator_line: Whether Excel's `sep=` comes before everything.
    """

    columns: tuple[str, ...]
    delimiter: str | None = None
    has_header: bool = True
    is_spaced: bool = False
    has_separator_line: bool = False

    def records(self, lines: Lines) -> Iterator[Record]:
        """Return all rows after the header."""
        if self.has_separator_line:
            next(lines)
        if self.delimiter is not None:
            width = len(self.columns)
            rows = delimited(lines, self.delimiter, is_spaced=self.is_spaced, width=width)
        else:
            rows = one_column(lines) if self.has_header else plain_lines(lines)
        skips = self.has_header
        for row in rows:
            if skips and not row.cells:  # a blank line before the header
                continue
            if not skips:
                yield row
            skips = False


def find_dialect(path: Path, reopen: Reopen, form: Form) -> Dialect:
    """Return how the rows of a file are written.

    Raises:
        TableError: The file is empty, its first line can be a header or a tweet, a later one is the
            header, the header names the columns of `form`, or no row has as many cells as those.
    """
    match = _SEPARATOR_LINE.fullmatch(reopen().peek())
    has_separator = match is not None
    delimiters = (match.group(2),) if match else DELIMITERS
    candidates = [_sample(reopen(), delimiter, skips=has_separator) for delimiter in delimiters]
    if not any(each.records for each in candidates):
        raise TableError("empty", f"{path} is empty: give a table with a header, or one tweet per line")
    found = _named(path, candidates, form) if form.names else _headed(path, candidates, form.text_column)
    return replace(found, has_separator_line=has_separator)


@dataclass(frozen=True)
class _Candidate:
    """The first records of a file, read with one delimiter."""

    delimiter: str
    line: str
    records: list[Record]

    @property
    def header(self) -> list[str]:
        return self.records[0].cells

    @property
    def width(self) -> int:
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

    def _are_names(self, most_words: int) -> bool:
        return all(_is_name(cell, most_words, may_be_empty=not at) for at, cell in enumerate(self.header))


def _sample(lines: Lines, delimiter: str, *, skips: bool) -> _Candidate:
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
    return _Candidate(delimiter, first, records)


def _is_name(cell: str, most_words: int, *, may_be_empty: bool) -> bool:
    """Return whether a cell can be a column's name; an index that was written along has none."""
    if not cell.strip():
        return may_be_empty
    has_letter = re.search(r"[^\W\d]", cell) is not None
    return has_letter and "&" not in cell and not cell.startswith("@") and len(cell.split()) <= most_words


def _headed(path: Path, candidates: list[_Candidate], text_column: str | None) -> Dialect:
    """Return the form of a file whose first line may be a header."""
    name = text_column or DEFAULT_TEXT
    if all(each.width == 1 and (text_column or each.holds(name)) for each in candidates):
        return Dialect((candidates[0].header[0],))
    able = [each for each in candidates if each.is_header(name)]
    if text_column is None and not able:
        _refuse_header_below(path, candidates, name)
        for each in candidates:
            if each.may_be_header(name):
                raise _doubt(path, each, name)
        return Dialect((DEFAULT_TEXT,), has_header=False)
    # Where the user names the column of tweets there is a header, whatever it looks like.
    best = max(candidates if text_column else able, key=lambda each: _fitness(each, name))
    others = {cell.strip().casefold() for cell in best.header} - {name}
    if text_column is None and best.is_spaced and best.width == 2 and not others <= _USUAL:  # noqa: PLR2004
        raise _doubt(path, best, name)
    columns = tuple(cell.strip() if best.is_spaced else cell for cell in best.header)
    return Dialect(columns, best.delimiter, is_spaced=best.is_spaced)


def _fitness(header: _Candidate, name: str) -> tuple[float, ...]:
    support = header.support(header.width, exactly=True)
    return header.holds(name), header.is_header(name), header.width > 1, support, header.width


def _doubt(path: Path, header: _Candidate, name: str) -> TableError:
    """Return the error of a first line that can be a header and a tweet alike: `text, please`."""
    return TableError(
        "doubt",
        f"{path}, line {header.records[0].line}: {header.line[:_SHOWN_CHARS]!r} can be a header or a tweet: "
        f"say --text-column {name} if it is a header, --columns {name} if each line is a tweet",
        line=header.line[:_SHOWN_CHARS],
        number=header.records[0].line,
    )


def _refuse_header_below(path: Path, candidates: list[_Candidate], name: str) -> None:
    """Refuse a file with a title or a comment above its header, whose lines are no tweets."""
    for each in candidates:
        for at, record in enumerate(each.records[1:_HEADER_AT_MOST], 1):
            line = each.delimiter.join(record.cells)
            below = replace(each, line=line, records=each.records[at:])
            is_alone = below.width == 1 and below.holds(name)
            if (is_alone or below.is_header(name)) and below.holds(name) and below.is_borne_out:
                raise TableError(
                    "header_below",
                    f"{path}, line {record.line}: {line[:_SHOWN_CHARS]!r} looks like the header: remove the "
                    f"lines above it, or say --columns {name} if each line is a tweet",
                    line=line[:_SHOWN_CHARS],
                    number=record.line,
                )


def _named(path: Path, candidates: list[_Candidate], form: Form) -> Dialect:
    """Return the form of a file without a header, whose columns the user names."""
    names = tuple(form.names)
    if len(names) == 1:
        return Dialect(names, has_header=False)
    best = max(candidates, key=lambda each: each.support(len(names), exactly=True))
    if [cell.strip().casefold() for cell in best.header] == [name.casefold() for name in names]:
        line = best.records[0].line
        raise TableError(
            "header_there",
            f"{path}, line {line}: the header is there, {best.line[:_SHOWN_CHARS]!r}: leave --columns out",
            line=line,
        )
    if not best.support(len(names), exactly=True):
        record = best.records[0]
        raise TableError(
            "columns",
            f"{path}, line {record.line}: {len(record.cells)} cells; --columns names {len(names)}: "
            "name as many as a row has, separated by commas",
            line=record.line,
        )
    return Dialect(names, best.delimiter, has_header=False, is_spaced=best.is_spaced)
