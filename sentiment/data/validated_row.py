"""A row of the dataset of validated feedback, and its form as a line of CSV."""

from __future__ import annotations

import csv
import io
import math
import sys
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, get_args

from models import LABELS
from sentiment.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Drawn = Literal["audit", "uncertain", "complaint"]
DRAWN = get_args(Drawn)


@dataclass(frozen=True, slots=True)
class ValidatedRow:
    """A row of the CSV file.

    Attributes:
        annotators: Names, joined by `;`.
        validated_at: ISO 8601 in UTC.
        drawn: How the prediction came to be judged: `audit` (drawn at random with a known
            probability, whatever anybody said of it), `uncertain` (drawn for its low score) or
            `complaint`.
        weight: 1 / that probability; empty for complaints.
    """

    text: str
    label: str
    predicted_label: str
    prediction_id: str
    feedback_id: str
    model: str
    annotators: str
    validated_at: str
    drawn: str = "complaint"
    weight: str = ""

    @property
    def inclusion_weight(self) -> float | None:
        """1 / the probability with which the prediction was drawn; None for a complaint."""
        return float(self.weight) if self.weight else None


COLUMNS = tuple(column.name for column in fields(ValidatedRow))
OLD_COLUMNS = COLUMNS[:-2]  # of files from before 0.2.0: all of their rows count as complaints
_values = attrgetter(*COLUMNS)
HEADER = (",".join(COLUMNS) + "\n").encode()
# Values that many rows share are kept once in memory.
_SHARED = tuple(map(COLUMNS.index, ("label", "predicted_label", "model", "annotators", "drawn", "weight")))


def values_of(row: ValidatedRow) -> tuple[str, ...]:
    """Return the fields of a row, in the order of the columns."""
    values: tuple[str, ...] = _values(row)
    return values


def as_csv(lines: Iterable[Sequence[str]]) -> bytes:
    """Return lines of CSV."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue().encode()


def rows_of(path: Path, lines: Iterable[str]) -> Iterator[ValidatedRow]:
    """Yield the rows in lines of CSV, of which the first names the columns.

    Raises:
        DataError: A line is malformed; the message names it.
    """
    reader = csv.reader(lines, strict=True)
    try:
        columns = tuple(next(reader, ()))
        if columns not in (COLUMNS, OLD_COLUMNS):
            raise DataError(f"{path}, line 1: the columns must be {','.join(COLUMNS)}; restore it from Git")
        for line in reader:
            yield _checked(f"{path}, line {reader.line_num}", line, len(columns))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not CSV in UTF-8 ({error}): restore it from Git") from error


def _checked(place: str, line: list[str], columns: int) -> ValidatedRow:
    if len(line) != columns:
        raise DataError(f"{place}: {len(line)} fields, not {columns}; restore it from Git")
    for column in _SHARED:
        if column < columns:
            line[column] = sys.intern(line[column])
    row = ValidatedRow(*line)
    check_row(place, row, "restore it from Git")
    return row


def check_row(place: str, row: ValidatedRow, remedy: str) -> None:
    """Raise a DataError if a row cannot be one of the dataset."""
    if row.label not in LABELS:
        raise DataError(f"{place}: unknown label {row.label[:40]!r}; use {', '.join(LABELS)}")
    try:
        datetime.fromisoformat(row.validated_at)
    except ValueError as error:
        raise DataError(f"{place}: validated_at is no moment; {remedy}") from error
    if row.drawn not in DRAWN:
        raise DataError(f"{place}: drawn is {row.drawn[:40]!r}; use {', '.join(DRAWN)}")
    if not _is_weight(row):
        what = "must be empty" if row.drawn == "complaint" else "must be a number of 1 or more"
        raise DataError(f"{place}: the weight {row.weight[:40]!r} of {row.drawn} {what}; {remedy}")


def _is_weight(row: ValidatedRow) -> bool:
    if row.drawn == "complaint":
        return not row.weight
    try:
        return 1 <= float(row.weight) < math.inf
    except ValueError:
        return False
