"""Scores the rows of a file of any size, in order, results beside its own columns.

Rows that cannot be scored are written to a second file.

Each batch becomes a part on the disk before the next is read: a run that was killed goes on from
there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from models import LABELS
from sentiment.bulk.parts import Beginning, Part, Parts, rejected_file
from sentiment.bulk.scored_table import csv_bytes, join_csv, scored_table
from sentiment.errors import DataError, RequestError
from sentiment.tables.column_names import free_names
from sentiment.tables.dialect import DEFAULT_TEXT
from sentiment.tables.form import Form
from sentiment.tables.opening import open_table
from sentiment.text_rules import check_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models import Classifier
    from sentiment.bulk.parts import Record
    from sentiment.bulk.scored_table import ScoredTable
    from sentiment.tables.table import Batch, Table

_RULES = 1  # of how tables are read: parts that other rules cut do not fit
_TEXTS_AT_ONCE = 1024  # enough to sort by length, few enough to show progress
_REJECTED_COLUMNS = ("row", "reason")

Tell = Callable[[int, float], object]  # how many rows are done, and which share of the file


@dataclass(frozen=True)
class Job:
    """What to score: a table and how to read it, the output, the model, and the longest text."""

    source: Path
    output: Path
    model: str
    form: Form = field(default_factory=Form)
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
        text = source.find(job.form.text_column or DEFAULT_TEXT, "--text-column")
        table = scored_table(job.output, source, job.model)
        with Parts(job.output).held() as parts:
            record, before = _fill(parts, _Scorer(job, model, table, text, tell), restart=restart)
            ours = free_names(_REJECTED_COLUMNS, source.columns)
            rejected = partial(join_csv, [*ours, *source.columns], source=source)
            parts.finish(record, table.join, rejected)
    except OSError as error:
        where, why = error.filename or job.output, error.strerror or type(error).__name__
        raise DataError(
            f"{where} cannot be read or written ({why}): mend that, "
            "then run the same again; it goes on where it was"
        ) from error
    return record, before


def _fill(parts: Parts, scorer: _Scorer, *, restart: bool) -> tuple[Record, int]:
    """Make the parts that are not there yet."""
    path, stamp = scorer.job.source, _stamp(scorer.job.source)
    record = parts.begin(_beginning(scorer), restart=restart)
    before, share = record.rows, 0.0
    for number, batch in enumerate(scorer.table.source.batches(scorer.text)):
        if number >= record.parts:
            part = scorer.score(batch, record.rows, share)
            if _stamp(path) != stamp:
                raise DataError(
                    f"{path} changed while it was scored, after row {record.rows}: begin anew with --restart"
                )
            record = parts.add(record, part)
        share = batch.share
    return record, before


def _beginning(scorer: _Scorer) -> Beginning:
    job = scorer.job
    with job.source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    form = f"columns {job.form.columns}, encoding {job.form.encoding}, rules {_RULES}"
    name = scorer.table.source.columns[scorer.text]
    temperature = round(scorer.model.temperature_, 6)
    return Beginning(digest, name, job.max_chars, job.model, temperature=temperature, form=form)


@dataclass(frozen=True)
class _Scorer:
    """Makes a part of a batch; `text` is the place of the column to score."""

    job: Job
    model: Classifier
    table: ScoredTable
    text: int
    tell: Tell

    def score(self, batch: Batch, done: int, share: float) -> Part:
        """Score a batch, so many rows and such a share of the file after its beginning."""
        texts = batch.column(self.text)
        faults = self._faults(batch, texts)
        places = [place for place in range(len(texts)) if place not in faults]
        scores = [np.empty((0, len(LABELS)))]
        for start in range(0, len(places), _TEXTS_AT_ONCE):
            self.tell(done + start, share + (batch.share - share) * start / len(places))
            scores.append(
                self.model.predict_proba([texts[place] for place in places[start : start + _TEXTS_AT_ONCE]])
            )
        self.tell(done + len(texts), batch.share)
        rejected = (
            [done + place + 1, faults[place], *cells]
            for place, cells in zip(faults, batch.cells(list(faults)), strict=True)
        )
        scored = self.table.part(batch, places, np.concatenate(scores))
        return Part(len(texts), len(faults), scored, csv_bytes(rejected, self.table.source.delimiter))

    def _faults(self, batch: Batch, texts: Sequence[str]) -> dict[int, str]:
        """Return why rows cannot be scored, by their places in order."""
        unit = self.table.source.unit
        faults = {place: f"{unit} {batch.lines[place]}: {fault}" for place, fault in batch.faults.items()}
        for place, text in enumerate(texts):
            if place not in faults:
                try:
                    check_text(text, self.job.max_chars)
                except RequestError as error:
                    faults[place] = str(error)
        return dict(sorted(faults.items()))


def _open(job: Job) -> Table:
    """Return the input, ready to be read.

    Raises:
        DataError: It cannot be scored, or the output would replace it.
    """
    path = job.source
    if path.resolve() in {one.resolve() for one in (job.output, rejected_file(job.output))}:
        raise DataError(
            f"{path} is the input, and the output {job.output} would replace it: name another output"
        )
    return open_table(path, job.form)


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
