"""The dataset of validated feedback: an append-only CSV file in Git, and its manifest.

The manifest holds the digest of the file. A settled judgement becomes a row once and stays. A
frozen fifth of the tweets is an evaluation set that no model learns from; which fifth is a hash of
the tweet, so that later rows move none. Which rows may join is decided in `review/admission`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from models import LABELS
from sentiment import durable
from sentiment.data.dataset import EvaluationSet, Split
from sentiment.data.hash_draws import hash_draw
from sentiment.data.near_duplicates import NearDuplicates, canonical_form
from sentiment.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from sentiment.data.dataset import Dataset

EVALUATION_SHARE = 0.2


@dataclass(frozen=True)
class ValidatedRow:
    """A row of the CSV file.

    `annotators` are joined by `;`, `validated_at` is ISO 8601 in UTC.
    """

    text: str
    label: str
    predicted_label: str
    prediction_id: str
    feedback_id: str
    model: str
    annotators: str
    validated_at: str


COLUMNS = tuple(field.name for field in fields(ValidatedRow))
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


def append(path: Path, rows: Sequence[ValidatedRow], facts: Mapping[str, Any]) -> int:
    """Append rows, renew the manifest, and return the number of new rows.

    New rows are ordered by `validated_at` and `feedback_id`. Earlier lines stay as they are, byte
    for byte; rows of a known feedback id are left out. `facts` are added to the manifest.

    Raises:
        DataError: The file does not match its manifest, or cannot be written.
    """
    earlier = read_validated(path)
    known = {row.feedback_id for row in earlier}
    added = {row.feedback_id: row for row in rows if row.feedback_id not in known}
    new = sorted(added.values(), key=lambda row: (row.validated_at, row.feedback_id))
    before = _read_bytes(path) if path.exists() else _HEADER
    content = before + _write([astuple(row) for row in new])
    everything = [*earlier, *new]
    moments = [row.validated_at for row in everything]
    manifest = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": len(everything),
        "counts": {label: sum(row.label == label for row in everything) for label in LABELS},
        "window": [min(moments), max(moments)] if moments else None,
        "models": dict(sorted(Counter(row.model for row in everything).items())),
        **facts,
    }
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


def divide(rows: Iterable[ValidatedRow], base: Dataset) -> tuple[Split, EvaluationSet | None]:
    """Return the rows to train on, and the evaluation set `feedback`, None if it is empty.

    The two have nothing in common. Near-duplicates count as one tweet, whose latest label holds.
    What is near a validation or test text of the base is in neither; what is near a training text
    of it is trained on.
    """
    held_back, trained = near(base), NearDuplicates.of(base.train.texts)
    groups = NearDuplicates()
    chosen: list[tuple[str, str, bool] | None] = []
    for row in rows:
        form = canonical_form(row.text)
        number = groups.find(form)
        if number is None:
            groups.add(form)
            is_held_back = held_back.find(form) is not None
            chosen.append(
                None
                if is_held_back
                else (row.text, row.label, _is_evaluated(form) and trained.find(form) is None)
            )
        elif (earlier := chosen[number]) is not None:
            chosen[number] = (earlier[0], row.label, earlier[2])
    kept = [row for row in chosen if row is not None]
    train = Split.of((text, label) for text, label, is_evaluated in kept if not is_evaluated)
    evaluation = Split.of((text, label) for text, label, is_evaluated in kept if is_evaluated)
    if not evaluation.texts:
        return train, None
    return train, EvaluationSet("feedback", evaluation.texts, evaluation.labels)


def near(base: Dataset) -> NearDuplicates:
    """Return an index of the base's validation and test texts, which no row may repeat."""
    return NearDuplicates.of((*base.validation.texts, *base.test.texts))


def _is_evaluated(form: str) -> bool:
    return hash_draw(f"feedback {form}") < EVALUATION_SHARE


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
    if not lines or tuple(lines[0][1]) != COLUMNS:
        raise DataError(f"{path}, line 1: the columns must be {','.join(COLUMNS)}; restore it from Git")
    return [_checked(path, number, line) for number, line in lines[1:]]


def _checked(path: Path, number: int, line: list[str]) -> ValidatedRow:
    if len(line) != len(COLUMNS):
        raise DataError(f"{path}, line {number}: {len(line)} fields, not {len(COLUMNS)}; restore it from Git")
    row = ValidatedRow(*line)
    if row.label not in LABELS:
        raise DataError(f"{path}, line {number}: unknown label {row.label[:40]!r}; use {', '.join(LABELS)}")
    try:
        datetime.fromisoformat(row.validated_at)
    except ValueError as error:
        raise DataError(f"{path}, line {number}: validated_at is no moment; restore it from Git") from error
    return row
