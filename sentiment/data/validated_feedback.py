"""The dataset of validated feedback: an append-only CSV file in Git, and its manifest.

The manifest holds the digest of the file. A settled judgement becomes a row once and stays. Which
rows may join is decided in `review/admission`, which of them a model learns from in `division`.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

from models import LABELS
from sentiment import durable
from sentiment.data.validated_row import DRAWN, HEADER, OLD_COLUMNS, as_csv, check_row, rows_of, values_of
from sentiment.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from sentiment.data.validated_row import ValidatedRow

_CHUNK = 2**20  # bytes that are read at once
_ROWS = 10_000  # that are written at once


def manifest_path(path: Path) -> Path:
    """Return the path of a dataset's manifest: beside it, as JSON."""
    return path.with_suffix(".json")


def read_validated(path: Path) -> list[ValidatedRow]:
    """Return the rows in the order of the file; none if there is no file yet.

    Raises:
        DataError: The file does not match its manifest or is missing beside it, or a line is
            malformed; the message names the line.
    """
    return list(each_validated(path))


def each_validated(path: Path) -> Iterator[ValidatedRow]:
    """Yield the rows one by one, so that memory does not grow with them.

    Raises:
        DataError: As `read_validated`; a malformed line when its turn comes.
    """
    with _open_verified(path) as lines:
        yield from rows_of(path, lines)


def _open_verified(path: Path) -> TextIO:
    """Return the file, at its start, if it is what its manifest says."""
    if not path.exists():
        if manifest_path(path).exists():
            raise DataError(
                f"{path} is missing, its manifest names {read_manifest(path).get('rows')} rows: "
                "restore both from Git"
            )
        return io.StringIO(HEADER.decode())
    actual = digest(path)
    if actual == hashlib.sha256(HEADER).hexdigest() and not manifest_path(path).exists():
        return io.StringIO(HEADER.decode())  # the first append was cut off before it wrote the manifest
    manifest = read_manifest(path)
    # `previous_sha256` is there only while an append is under way: where one was cut off, the file
    # may still be the one before.
    if actual not in (manifest.get("sha256"), manifest.get("previous_sha256")):
        raise DataError(
            f"{path} was changed by hand: its SHA-256 is {actual[:12]}, "
            f"its manifest says {str(manifest.get('sha256'))[:12]}; "
            "restore both from Git, then run 'python -m flows.validate'"
        )
    return path.open(encoding="utf-8", newline="")


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
    return _sha256(_chunks(path)) if path.exists() else ""


def begins_with(path: Path, rows: int, known: str) -> bool:
    """Return whether the file begins with the rows that it had when `known` was its digest.

    A file that got the columns `drawn` and `weight` since then counts as the one before.

    Raises:
        DataError: The file does not match its manifest.
    """
    as_it_is, in_old_columns, found = hashlib.sha256(), hashlib.sha256(as_csv([OLD_COLUMNS])), 0
    with _open_verified(path) as lines:
        for row in islice(rows_of(path, _hashed(lines, as_it_is)), rows):
            in_old_columns.update(as_csv([values_of(row)[: len(OLD_COLUMNS)]]))
            found += 1
    return found == rows and known in {as_it_is.hexdigest(), in_old_columns.hexdigest()}


def append(path: Path, rows: Iterable[ValidatedRow], facts: Mapping[str, Any]) -> int:
    """Append rows, renew the manifest, and return the number of new rows.

    New rows are ordered by `validated_at` and `feedback_id`. Earlier lines stay as they are, byte
    for byte, but for a file without the columns `drawn` and `weight`, which get them. Rows of a
    known feedback id are left out. `facts` are added to the manifest.

    Raises:
        DataError: The file does not match its manifest, a row cannot be one of it, or it cannot be
            written.
    """
    tally, known = _Tally(), set()
    for row in each_validated(path):
        tally.count(row)
        known.add(row.feedback_id)
    added = {row.feedback_id: row for row in rows if row.feedback_id not in known}
    new = sorted(added.values(), key=lambda row: (row.validated_at, row.feedback_id))
    for row in new:
        check_row(f"the row {row.feedback_id}", row, "correct it")
        tally.count(row)
    before = digest(path) or hashlib.sha256(HEADER).hexdigest()
    manifest = {"sha256": _sha256(_content(path, new)), **tally.as_dict(), **facts}
    try:
        if not path.exists():
            # So that a manifest without a file always means that the file was lost.
            durable.replace(path, HEADER)
        _write_manifest(path, {**manifest, "previous_sha256": before})
        durable.replace(path, _content(path, new))
        _write_manifest(path, manifest)
        for file in (path, manifest_path(path)):
            file.chmod(0o644)  # for Git and colleagues; nothing in it is secret
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror or error}): "
            "check SENTIMENT_VALIDATED_PATH and its space"
        ) from error
    return len(new)


def _content(path: Path, new: Sequence[ValidatedRow]) -> Iterator[bytes]:
    """Yield the file as it will be, in pieces."""
    if not path.exists() or next(_chunks(path), b"").startswith(HEADER):
        yield from _chunks(path) if path.exists() else [HEADER]
    else:
        yield HEADER
        for row in each_validated(path):
            yield as_csv([values_of(row)])
    for first in range(0, len(new), _ROWS):
        yield as_csv(map(values_of, new[first : first + _ROWS]))


@dataclass
class _Tally:
    """The counts of the manifest."""

    labels: Counter[str] = field(default_factory=Counter)
    drawn: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    window: list[str] | None = None  # the earliest and the latest moment

    def count(self, row: ValidatedRow) -> None:
        """Count a row."""
        self.labels[row.label] += 1
        self.drawn[row.drawn] += 1
        self.models[row.model] += 1
        first, last = self.window or (row.validated_at, row.validated_at)
        self.window = [min(first, row.validated_at), max(last, row.validated_at)]

    def as_dict(self) -> dict[str, Any]:
        """Return what the manifest says."""
        return {
            "rows": self.labels.total(),
            "counts": {label: self.labels[label] for label in LABELS},
            "drawn": {drawn: self.drawn[drawn] for drawn in DRAWN},
            "window": self.window,
            "models": dict(sorted(self.models.items())),
        }


def _sha256(chunks: Iterable[bytes]) -> str:
    hashed = hashlib.sha256()
    for chunk in chunks:
        hashed.update(chunk)
    return hashed.hexdigest()


def _hashed(lines: Iterable[str], hashed: hashlib._Hash) -> Iterator[str]:
    """Yield lines, each hashed as it is read."""
    for line in lines:
        hashed.update(line.encode())
        yield line


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}): check SENTIMENT_VALIDATED_PATH"
        ) from error


def _write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    durable.replace(manifest_path(path), (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode())
