"""CSV files of tweets: reading, what is wrong with them, and writing the result. No HTTP here."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from page.service_client import PredictedText

MAX_ROWS = 20_000
MAX_MEGABYTES = 10
RESULT_COLUMNS = ("predicted_label", *LABELS, "model", "error")
_DELIMITERS = (",", ";", "\t")  # spreadsheets write semicolons where the comma is the decimal sign


class SheetError(DataError):
    """A file cannot be scored; `key` and `values` name one of the page's texts."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"{key}: {values}")
        self.key = key
        self.values = values


@dataclass(frozen=True)
class Row:
    """One row: its line in the file, its fields, its text, and the number of fields in the file."""

    line: int
    fields: list[str]
    text: str
    field_count: int


@dataclass(frozen=True)
class Sheet:
    """A file of tweets: every row has as many fields as the header."""

    name: str
    header: list[str]
    delimiter: str
    rows: list[Row] = field(repr=False)


def read_sheet(path: Path) -> Sheet:
    """Return the rows of a CSV file with a `text` column, or of a file with one column only.

    Raises:
        SheetError: The file is too big, not UTF-8, not CSV, empty, or has several columns but no
            `text`.
    """
    content = _decode(path.name, _read(path))
    delimiter = _find_delimiter(content)
    records = _parse(path.name, content, delimiter)
    header, records = _split_header(path.name, records)
    if not records:
        raise SheetError("file_empty", file=path.name)
    if len(records) > MAX_ROWS:
        raise SheetError("file_too_long", file=path.name, rows=len(records), limit=MAX_ROWS)
    column = _text_column(header)
    return Sheet(
        path.name,
        header,
        delimiter,
        [_row(line, fields, column, len(header), delimiter) for line, fields in records],
    )


def write_result(path: Path, sheet: Sheet, outcomes: Sequence[PredictedText | str]) -> None:
    """Write the file's own columns, then the prediction or the error of each row.

    The file starts with a byte order mark, so that spreadsheets see UTF-8. Texts stay exactly as
    they came, also those that a spreadsheet would run as a formula: the result is data to score or
    to train on, and a changed text would be another tweet.
    """
    kept = [index for index, name in enumerate(sheet.header) if name not in RESULT_COLUMNS]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=sheet.delimiter)
        writer.writerow([sheet.header[index] for index in kept] + list(RESULT_COLUMNS))
        for row, outcome in zip(sheet.rows, outcomes, strict=True):
            writer.writerow([row.fields[index] for index in kept] + _result_fields(outcome))


def _result_fields(outcome: PredictedText | str) -> list[str]:
    if isinstance(outcome, str):
        return [""] * (len(RESULT_COLUMNS) - 1) + [outcome]
    return [outcome.label, *(f"{score:.6f}" for score in outcome.score_by_label.values()), outcome.model, ""]


def _read(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_MEGABYTES * 1_000_000:
        raise SheetError(
            "file_too_big", file=path.name, size=math.ceil(size / 1_000_000), limit=MAX_MEGABYTES
        )
    return path.read_bytes()


def _decode(name: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SheetError("file_encoding", file=name, line=line, byte=raw[error.start]) from error


def _find_delimiter(content: str) -> str:
    first_line = content.lstrip().split("\n", 1)[0]
    with_text = (
        delimiter for delimiter in _DELIMITERS if _has_text_column(first_line.strip().split(delimiter))
    )
    return next(with_text, max(_DELIMITERS, key=first_line.count))


def _parse(name: str, content: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    records: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for fields in reader:
            records.append((line, fields))
            line = reader.line_num + 1
    except csv.Error as error:
        raise SheetError("file_not_csv", file=name, line=line, reason=str(error)) from error
    while records and not any(value.strip() for value in records[-1][1]):
        records.pop()
    while records and not records[0][1]:
        records.pop(0)
    return records


def _split_header(
    name: str, records: list[tuple[int, list[str]]]
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    if not records:
        raise SheetError("file_empty", file=name)
    first = [value.strip().strip('"') for value in records[0][1]]
    if _has_text_column(first):
        return first, records[1:]
    if len(first) == 1:
        return ["text"], records
    raise SheetError("file_no_text", file=name, found=", ".join(value[:30] for value in first[:6]))


def _has_text_column(names: Sequence[str]) -> bool:
    return any(name.lower() == "text" for name in names)


def _text_column(header: Sequence[str]) -> int:
    return [name.lower() for name in header].index("text")


def _row(line: int, fields: list[str], column: int, width: int, delimiter: str) -> Row:
    """Return a row of the header's width; surplus fields become part of the last one."""
    field_count = 1 if width == 1 else len(fields)
    whole = (
        [*fields[: width - 1], delimiter.join(fields[width - 1 :])]
        if len(fields) > width
        else fields + [""] * (width - len(fields))
    )
    return Row(line, whole, whole[column], field_count)
