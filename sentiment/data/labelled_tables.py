"""Labelled tweets in tables: one of any form, or a folder of them, one or more for each split.

Training stops at a row that cannot be read: what is wrong in a table of labels is mended there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from models import LABELS
from sentiment.data.labelled_rows import Row
from sentiment.errors import DataError
from sentiment.tables.dialect import DEFAULT_TEXT
from sentiment.tables.labels import meanings_of, parse_labels, propose_labels
from sentiment.tables.opening import ENDINGS, open_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentiment.tables.form import Form
    from sentiment.tables.table import Batch, Table

DEFAULT_LABEL = "label"
_SPLITS = {"train": "train", "test": "test"} | dict.fromkeys(
    ("validation", "valid", "val", "dev"), "validation"
)
# Hubs cut large tables: train-00000-of-00002.parquet, some with a digest behind it.
_SPLIT_FILE = re.compile(rf"({'|'.join(_SPLITS)})(-(\d+)-of-(\d+)(?:-\w+)?)?", re.IGNORECASE)
_SHOWN_CHARS = 40


class SplitFile(NamedTuple):
    """A table, and the split that its rows belong to; None: it decides none."""

    path: Path
    split: str | None = None


def split_files(folder: Path) -> list[SplitFile]:
    """Return the tables of a folder, or of its folder `data`, that are named after a split.

    Raises:
        DataError: None is for training, a split has two that are no parts of one, or lacks a part.
    """
    found = _named_after_splits(folder)
    files = [SplitFile(path, _SPLITS[match.group(1).lower()]) for path, match in found]
    for split in ("train", "validation", "test"):
        _check_parts(folder, split, [part for part in found if _SPLITS[part[1].group(1).lower()] == split])
    if not any(file.split == "train" for file in files):
        raise DataError(
            f"{folder} has no table named train: name its tables train, validation and test "
            f"({', '.join(ENDINGS)}), or give a folder in TweetEval's form"
        )
    return files


def left_out(folder: Path) -> list[Path]:
    """Return the other files of a folder that seem to be tables, by an ending or the name."""
    used = {path for path, _ in _named_after_splits(folder)}
    others = [path for path in _files(folder) + _files(folder / "data") if path not in used]
    return [path for path in others if _seems_table(path)]


def _seems_table(path: Path) -> bool:
    endings = {ending.lower() for ending in path.suffixes}
    return bool(endings.intersection(ENDINGS) or _SPLIT_FILE.fullmatch(path.name.partition(".")[0]))


def _named_after_splits(folder: Path) -> list[tuple[Path, re.Match[str]]]:
    for place in (folder, folder / "data"):
        named = [(path, _SPLIT_FILE.fullmatch(_stem(path))) for path in _files(place)]
        if found := [(path, match) for path, match in named if match and path.suffix.lower() in ENDINGS]:
            return found
    return []


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))


def _check_parts(folder: Path, split: str, parts: list[tuple[Path, re.Match[str]]]) -> None:
    """Refuse several files for a split that are not, each once, all parts of one table."""
    numbers = [int(match.group(3) or 0) for _, match in parts]
    tables = {(match.group(1).lower(), match.group(4)) for _, match in parts}
    if len(tables) > 1 or len(set(numbers)) < len(numbers):
        names = ", ".join(path.name for path, _ in parts)
        raise DataError(f"{folder} has {len(parts)} files for {split}: {names}: leave one there")
    for name, total in tables:
        count = int(total or 1)
        first = int(0 not in numbers and count in numbers)  # some count from 1
        absent = next((each for each in range(first, first + count) if each not in numbers), None)
        if absent is not None:
            lacking = f"{name}-{absent:0{len(total)}}-of-{total}"
            raise DataError(
                f"{folder} has {len(parts)} of {total} parts for {split}: {lacking} is missing: add it"
            )


def read_tables(files: Sequence[SplitFile], form: Form) -> list[Row]:
    """Return the labelled rows of tables that are read in the same form.

    Raises:
        DataError: A table or a row cannot be read, or a label has no meaning; the message names the
            file, the line, the value and the remedy.
    """
    given = parse_labels(form.labels)
    reading = _Reading(form)
    for file in files:
        reading.read(file)
    meanings = meanings_of(reading.places, given, reading.names)
    for value, place in reading.places.items():
        if value not in meanings:
            raise DataError(f"{place}: {_unknown(value, reading.places)}")
    # Taken from the end, so that no row is in memory twice.
    raw = reading.rows
    raw.reverse()
    rows: list[Row] = []
    while raw:
        text, value, split = raw.pop()
        rows.append(Row(text, meanings[value], split=split))
    return rows


@dataclass
class _Reading:
    """Rows with the labels that their tables have, and where each label first occurs."""

    form: Form
    rows: list[tuple[str, str, str | None]] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def read(self, file: SplitFile) -> None:
        table = open_table(file.path, self.form)
        text = table.find(self.form.text_column or DEFAULT_TEXT, "--text-column")
        label = table.find(self.form.label_column or DEFAULT_LABEL, "--label-column")
        self.names |= table.names_of(label)
        same: dict[str, str] = {}  # one string for each label, however many rows have it
        for batch in table.batches(text):
            _refuse_faults(table, batch)
            cells = zip(batch.lines, batch.column(text), batch.column(label), strict=True)
            for at, (line, tweet, value) in enumerate(cells):
                if not (tweet or value) and not any(batch.cells([at])[0]):  # a blank line
                    continue
                if value not in same:
                    same[value] = value
                    self.places.setdefault(value, f"{file.path}, {table.unit} {line}")
                self.rows.append((tweet, same[value], file.split))


def _refuse_faults(table: Table, batch: Batch) -> None:
    if batch.faults:
        place = min(batch.faults)
        raise DataError(f"{table.path}, {table.unit} {batch.lines[place]}: {batch.faults[place]}")


def _unknown(value: str, values: dict[str, str]) -> str:
    if not value.strip():
        return "no label: label the tweet, or leave it out"
    return (
        f"unknown label {value.strip()[:_SHOWN_CHARS]!r}; use {', '.join(LABELS)}, "
        f"or say what the labels mean: {propose_labels(values)}"
    )


def _stem(path: Path) -> str:
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return Path(name).stem
