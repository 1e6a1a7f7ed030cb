"""Scores the rows of a file of any size, in order, results beside its own columns.

Rows that cannot be scored are written to a second file.

Each chunk becomes a part on the disk before the next is read: a run that was killed goes on from
there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from models import LABELS
from sentiment.bulk.csv_file import CsvFile
from sentiment.bulk.parquet_file import ParquetFile
from sentiment.bulk.parts import Beginning, Part, Parts, rejected_file
from sentiment.bulk.scored_table import RESULT_COLUMNS, csv_bytes, join_csv, scored_table
from sentiment.errors import DataError, RequestError
from sentiment.text_rules import check_text

if TYPE_CHECKING:
    from pathlib import Path

    from models import Classifier
    from sentiment.bulk.parts import Record
    from sentiment.bulk.scored_table import ScoredTable
    from sentiment.bulk.table_file import Chunk, TableFile

_TEXTS_AT_ONCE = 1024  # enough to sort by length, few enough to show progress
_REJECTED_COLUMNS = ("row", "reason")

Tell = Callable[[int, float], object]  # how many rows are done, and which share of the file


@dataclass(frozen=True)
class Job:
    """What to score: a column of a file, the output, the model's tag, and the longest text."""

    source: Path
    output: Path
    model: str
    text_column: str = "text"
    max_chars: int = 1000


def score_file(
    job: Job, model: Classifier, *, restart: bool = False, tell: Tell = lambda rows, share: None
) -> tuple[Record, int]:
    """Score a file, or resume it; return the progress and the number of rows scored earlier.

    Raises:
        DataError: The files cannot be used, the input changes meanwhile, or what is there already
            is of another input or model.
    """
    try:
        source = _open(job)
        table = scored_table(job.output, source, job.model)
        with Parts(job.output).held() as parts:
            record, before = _fill(parts, source, _Scorer(job, model, table, tell), restart=restart)
            rejected = partial(join_csv, [*_REJECTED_COLUMNS, *source.columns], source=source)
            parts.finish(record, table.join, rejected)
    except OSError as error:
        where, why = error.filename or job.output, error.strerror or type(error).__name__
        raise DataError(
            f"{where} cannot be read or written ({why}): mend that, "
            "then run the same again; it goes on where it was"
        ) from error
    return record, before


def _fill(parts: Parts, source: TableFile, scorer: _Scorer, *, restart: bool) -> tuple[Record, int]:
    """Make the parts that are not there yet."""
    job = scorer.job
    path, stamp = job.source, _stamp(job.source)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    record = parts.begin(Beginning(digest, job.text_column, job.max_chars, job.model), restart=restart)
    before, share = record.rows, 0.0
    for number, chunk in enumerate(source.chunks()):
        if number >= record.parts:
            part = scorer.score(chunk, record.rows, share)
            if _stamp(path) != stamp:
                raise DataError(
                    f"{path} changed while it was scored, after row {record.rows}: begin anew with --restart"
                )
            record = parts.add(record, part)
        share = chunk.share
    return record, before


@dataclass(frozen=True)
class _Scorer:
    """Makes a part of a chunk."""

    job: Job
    model: Classifier
    table: ScoredTable
    tell: Tell

    def score(self, chunk: Chunk, done: int, share: float) -> Part:
        """Score a chunk, so many rows and such a share of the file after its beginning."""
        texts, faults = chunk.texts, self._faults(chunk)
        places = [place for place in range(len(texts)) if place not in faults]
        scores = [np.empty((0, len(LABELS)))]
        for start in range(0, len(places), _TEXTS_AT_ONCE):
            self.tell(done + start, share + (chunk.share - share) * start / len(places))
            scores.append(
                self.model.predict_proba([texts[place] for place in places[start : start + _TEXTS_AT_ONCE]])
            )
        self.tell(done + len(texts), chunk.share)
        rejected = (
            [done + place + 1, faults[place], *cells]
            for place, cells in zip(faults, chunk.cells(list(faults)), strict=True)
        )
        scored = self.table.part(chunk, places, np.concatenate(scores))
        return Part(len(texts), len(faults), scored, csv_bytes(rejected, self.table.source.delimiter))

    def _faults(self, chunk: Chunk) -> dict[int, str]:
        """Return why rows cannot be scored, by their places in order."""
        faults = dict(chunk.faults)
        for place, text in enumerate(chunk.texts):
            if place not in faults:
                try:
                    check_text(text, self.job.max_chars)
                except RequestError as error:
                    faults[place] = str(error)
        return dict(sorted(faults.items()))


def _open(job: Job) -> TableFile:
    """Return the input, ready to be read.

    Raises:
        DataError: It cannot be scored, or the output would replace it.
    """
    path = job.source
    kind = {".csv": CsvFile, ".parquet": ParquetFile}.get(path.suffix.lower())
    if kind is None:
        raise DataError(f"{path} ends in neither .csv nor .parquet: name a file of one of these")
    if not path.is_file():
        raise DataError(f"{path} is no file: check the path")
    if path.resolve() in {one.resolve() for one in (job.output, rejected_file(job.output))}:
        raise DataError(
            f"{path} is the input, and the output {job.output} would replace it: name another output"
        )
    if job.text_column in RESULT_COLUMNS:
        raise DataError(f"the column {job.text_column!r} would be replaced by a result: rename it")
    source: TableFile = kind(path, job.text_column)
    if next(source.chunks(), None) is None:
        raise DataError(f"{path} has a header and no rows: there is nothing to score")
    return source


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
