"""The dataset of validated feedback: an append-only CSV file in Git, and its manifest.

The manifest holds the digest of the file. A settled judgement becomes a row once and stays. Which
rows may join is decided in `review/admission`, which of them a model learns from in `division`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections import Counter
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from models import LABELS
from sentiment import durable
from sentiment.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Drawn = Literal["audit", "uncertain", "complaint"]


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


COLUMNS = tuple(field.name for field in fields(ValidatedRow))
_OLD_COLUMNS = COLUMNS[:-2]  # of files from before 0.2.0: all of their rows count as complaints
_HEADER = (",".join(COLUMNS) + "\n").encode()


def manifest_path(path: Path) -> Path:
    """Return the path of a dataset's manifest: beside it, as JSON."""
    return path.with_suffix(".json")


def read_validated(path: Path) -> list[ValidatedRow]:
    """Return the rows in the order of the file; none if there is no file yet.

    Raises:
        DataError: The file does not match its manifest or is missing beside it, or a line is
            malformed; the message names the line.
    """
    if not path.exists():
        if manifest_path(path).exists():
            raise DataError(
                f"{path} is missing, its manifest names {read_manifest(path).get('rows')} rows: "
                "restore both from Git"
            )
        return []
    raw = _read_bytes(path)
    if raw == _HEADER and not manifest_path(path).exists():
        return []  # the first append was cut off before it wrote the manifest
    manifest = read_manifest(path)
    actual = hashlib.sha256(raw).hexdigest()
    # `previous_sha256` is there only while an append is under way: where one was cut off, the file
    # may still be the one before.
    if actual not in (manifest.get("sha256"), manifest.get("previous_sha256")):
        raise DataError(
            f"{path} was changed by hand: its SHA-256 is {actual[:12]}, "
            f"its manifest says {str(manifest.get('sha256'))[:12]}; "
            "restore both from Git, then run 'python -m flows.validate'"
        )
    return _parse(path, raw)


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of a dataset.

    Raises:
        DataError: It is missing or damaged.
    """
    try:
        manifest: dict[str, Any] = json.loads(manifest_path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{manifest_path(path)} is missing or damaged ({type(error).__name__}): restore it from Git"
        ) from error
    return manifest


def digest(path: Path) -> str:
    """Return the SHA-256 of the file, empty where there is none."""
    return hashlib.sha256(_read_bytes(path)).hexdigest() if path.exists() else ""


def begins_with(path: Path, rows: int, known: str) -> bool:
    """Return whether the file begins with the rows that it had when `known` was its digest.

    A file that got the columns `drawn` and `weight` since then counts as the one before.

    Raises:
        DataError: The file does not match its manifest.
    """
    earlier = read_validated(path)[:rows]
    if len(earlier) < rows:
        return False
    raw = _read_bytes(path)
    reader = csv.reader(io.StringIO(raw.decode(), newline=""), strict=True)
    ends = [reader.line_num for _ in reader]  # the last line of the header and of each row
    as_it_is = b"".join(raw.splitlines(keepends=True)[: ends[rows]])
    in_old_columns = _write([_OLD_COLUMNS, *(astuple(row)[: len(_OLD_COLUMNS)] for row in earlier)])
    return known in {hashlib.sha256(form).hexdigest() for form in (as_it_is, in_old_columns)}


def append(path: Path, rows: Sequence[ValidatedRow], facts: Mapping[str, Any]) -> int:
    """Append rows, renew the manifest, and return the number of new rows.

    New rows are ordered by `validated_at` and `feedback_id`. Earlier lines stay as they are, byte
    for byte, but for a file without the columns `drawn` and `weight`, which get them. Rows of a
    known feedback id are left out. `facts` are added to the manifest.

    Raises:
        DataError: The file does not match its manifest, a row cannot be one of it, or it cannot be
            written.
    """
    earlier = read_validated(path)
    known = {row.feedback_id for row in earlier}
    added = {row.feedback_id: row for row in rows if row.feedback_id not in known}
    new = sorted(added.values(), key=lambda row: (row.validated_at, row.feedback_id))
    for row in new:
        _check_row(f"the row {row.feedback_id}", row, "correct it")
    before = _read_bytes(path) if path.exists() else _HEADER
    kept = before if before.startswith(_HEADER) else _HEADER + _write([astuple(row) for row in earlier])
    content = kept + _write([astuple(row) for row in new])
    manifest = {"sha256": hashlib.sha256(content).hexdigest(), **_counts([*earlier, *new]), **facts}
    try:
        if not path.exists():
            # So that a manifest without a file always means that the file was lost.
            durable.replace(path, _HEADER)
        _write_manifest(path, {**manifest, "previous_sha256": hashlib.sha256(before).hexdigest()})
        durable.replace(path, content)
        _write_manifest(path, manifest)
        for file in (path, manifest_path(path)):
            file.chmod(0o644)  # for Git and colleagues; nothing in it is secret
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror or error}): "
            "check SENTIMENT_VALIDATED_PATH and its space"
        ) from error
    return len(new)


def _counts(rows: Sequence[ValidatedRow]) -> dict[str, Any]:
    """Return the counts of the manifest."""
    moments = [row.validated_at for row in rows]
    return {
        "rows": len(rows),
        "counts": {label: sum(row.label == label for row in rows) for label in LABELS},
        "drawn": {drawn: sum(row.drawn == drawn for row in rows) for drawn in get_args(Drawn)},
        "window": [min(moments), max(moments)] if moments else None,
        "models": dict(sorted(Counter(row.model for row in rows).items())),
    }


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}): check SENTIMENT_VALIDATED_PATH"
        ) from error


def _write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    durable.replace(manifest_path(path), (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode())


def _write(lines: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue().encode()


def _parse(path: Path, raw: bytes) -> list[ValidatedRow]:
    try:
        reader = csv.reader(io.StringIO(raw.decode(), newline=""), strict=True)
        lines = [(reader.line_num, line) for line in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not CSV in UTF-8 ({error}): restore it from Git") from error
    if not lines or tuple(lines[0][1]) not in (COLUMNS, _OLD_COLUMNS):
        raise DataError(f"{path}, line 1: the columns must be {','.join(COLUMNS)}; restore it from Git")
    columns = len(lines[0][1])
    return [_checked(f"{path}, line {number}", line, columns) for number, line in lines[1:]]


def _checked(place: str, line: list[str], columns: int) -> ValidatedRow:
    if len(line) != columns:
        raise DataError(f"{place}: {len(line)} fields, not {columns}; restore it from Git")
    row = ValidatedRow(*line)
    _check_row(place, row, "restore it from Git")
    return row


def _check_row(place: str, row: ValidatedRow, remedy: str) -> None:
    if row.label not in LABELS:
        raise DataError(f"{place}: unknown label {row.label[:40]!r}; use {', '.join(LABELS)}")
    try:
        datetime.fromisoformat(row.validated_at)
    except ValueError as error:
        raise DataError(f"{place}: validated_at is no moment; {remedy}") from error
    if row.drawn not in get_args(Drawn):
        raise DataError(f"{place}: drawn is {row.drawn[:40]!r}; use {', '.join(get_args(Drawn))}")
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
