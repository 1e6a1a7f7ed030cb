"""Judgements from files: our export filled in, as any table, or what Label Studio exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.errors import ReviewError
from sentiment.review.annotation_files import Judgement, checked_label, moment_of, read_label_studio
from sentiment.review.spreadsheet import restore_formula
from sentiment.tables.form import Form
from sentiment.tables.opening import ending, open_table
from sentiment.tables.text_file import check_text_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sentiment.tables.table import Table

ENDINGS = (".json", ".csv", ".tsv", ".txt", ".gz")
# Our names, then those of Label Studio's CSV.
_NAMES = {"label": ("label", "sentiment"), "judged_at": ("judged_at", "updated_at", "created_at")}


def read_judgements(path: Path, encoding: str | None = None) -> tuple[list[Judgement], list[str]]:
    """Return the judgements of a file, and a line for each that cannot be used.

    JSON is Label Studio's; everything else is a table.

    Raises:
        ReviewError, DataError: The file cannot be read, or is neither.
    """
    try:
        if ending(path) == ".json":
            return read_label_studio(check_text_file(path, encoding).read())
        return read_table(path, encoding)
    except OSError as error:
        raise ReviewError(f"{path} cannot be read ({error.strerror or error}): check the path") from error


def read_table(path: Path, encoding: str | None = None) -> tuple[list[Judgement], list[str]]:
    """Return the judgements of a table, and a line for each unusable row; skip empty labels.

    Its columns are `item_id`, `annotator`, `label`, and `judged_at` where it is known.

    Raises:
        ReviewError, DataError: A column is missing, or the file cannot be read.
    """
    table = open_table(path, Form(text_column="item_id", encoding=encoding))
    places = [_place(table, name) for name in ("item_id", "annotator", "label", "judged_at")]
    judgements, problems = [], []
    for line, cells, fault in _rows(table, places):
        item_id, annotator, label, moment = cells
        try:
            if fault:
                raise ValueError(fault)  # noqa: TRY301 - told as the others are
            judgement = Judgement(item_id, annotator, checked_label(label.casefold()), moment_of(moment))
            judgements.append(judgement)
        except ValueError as error:
            if label or fault:
                problems.append(f"{table.unit} {line}: {error}; left out")
    return judgements, problems


def _place(table: Table, name: str) -> int | None:
    """Return the place of a column; None where the table may lack it."""
    columns = [column.strip().casefold() for column in table.columns]
    for each in _NAMES.get(name, (name,)):
        if each in columns:
            return columns.index(each)
    if name == "judged_at":
        return None
    raise ReviewError(
        f"the file has no column {name!r}; it has {table.shown_columns}: "
        "export the queue as CSV and fill in annotator and label"
    )


def _rows(table: Table, places: Sequence[int | None]) -> Iterator[tuple[int, list[str], str]]:
    """Return each row's line, its cells at these places, and what is wrong with it."""
    for batch in table.batches(places[0] or 0):
        empty = [""] * len(batch.lines)
        columns = [empty if place is None else batch.column(place) for place in places]
        for at, cells in enumerate(zip(*columns, strict=True)):
            fault = str(batch.faults.get(at, ""))
            yield batch.lines[at], [restore_formula(cell).strip() for cell in cells], fault
