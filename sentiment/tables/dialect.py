"""How the rows of a text file are written: a table with a header or without, or tweets by line.

The first line alone never decides by its punctuation: it is a header if it names columns and most
of the lines after it have as many cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sentiment.tables.beginning import Beginning, begin
from sentiment.tables.records import Lines, Record, delimited, one_column, plain_lines
from sentiment.tables.table import TableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sentiment.tables.form import Form

DELIMITERS = (",", ";", "\t", "|")  # spreadsheets write semicolons where the comma is the decimal sign
DEFAULT_TEXT = "text"
_SHOWN_CHARS = 40
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
    candidates = [begin(reopen(), delimiter, skips=has_separator) for delimiter in delimiters]
    if not any(each.records for each in candidates):
        raise TableError("empty", f"{path} is empty: give a table with a header, or one tweet per line")
    found = _named(path, candidates, form) if form.names else _headed(path, candidates, form.text_column)
    return replace(found, has_separator_line=has_separator)


def _headed(path: Path, candidates: list[Beginning], text_column: str | None) -> Dialect:
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
            if each.is_table:
                raise _unnamed(path, each, name)
        return Dialect((DEFAULT_TEXT,), has_header=False)
    # Where the user names the column of tweets there is a header, whatever it looks like.
    best = max(candidates if text_column else able, key=lambda each: _fitness(each, name))
    others = {cell.strip().casefold() for cell in best.header} - {name}
    if text_column is None and best.is_spaced and best.width == 2 and not others <= _USUAL:  # noqa: PLR2004
        raise _doubt(path, best, name)
    columns = tuple(cell.strip() if best.is_spaced else cell for cell in best.header)
    return Dialect(columns, best.delimiter, is_spaced=best.is_spaced)


def _fitness(header: Beginning, name: str) -> tuple[float, ...]:
    support = header.support(header.width, exactly=True)
    return header.holds(name), header.is_header(name), header.width > 1, support, header.width


def _doubt(path: Path, header: Beginning, name: str) -> TableError:
    """Return the error of a first line that can be a header and a tweet alike: `text, please`."""
    return TableError(
        "doubt",
        f"{path}, line {header.records[0].line}: {header.line[:_SHOWN_CHARS]!r} can be a header or a tweet: "
        f"say --text-column {name} if it is a header, --columns {name} if each line is a tweet",
        line=header.line[:_SHOWN_CHARS],
        number=header.records[0].line,
    )


def _unnamed(path: Path, table: Beginning, name: str) -> TableError:
    """Return the error of rows that are a table's, under no line that is known as a header."""
    return TableError(
        "unnamed",
        f"{path}: the rows have {table.width} cells each, and line 1 names no column {name!r}: say "
        "--text-column NAME if line 1 is a header, --columns NAME,NAME,... if there is none, "
        f"--columns {name} if each line is a tweet",
        width=table.width,
    )


def _refuse_header_below(path: Path, candidates: list[Beginning], name: str) -> None:
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


def _named(path: Path, candidates: list[Beginning], form: Form) -> Dialect:
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
