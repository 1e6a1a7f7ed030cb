"""Scores the rows of a file of any size, in order, results beside its own columns.

Rows that cannot be scored are written to a second file.

Each batch becomes a part on the disk before the next is read: a run that was killed goes on from
there.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

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

    from sentiment.bulk.engine import Engine, Pending
    from sentiment.bulk.parts import Deliver, Record
    from sentiment.bulk.scored_table import ScoredTable
    from sentiment.tables.table import Batch, Table

_RULES = 2  # of how tables are read: parts that other rules cut do not fit
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
    job: Job,
    engine: Engine,
    *,
    restart: bool = False,
    tell: Tell = lambda rows, share: None,
    deliver: Deliver = lambda record: None,
) -> tuple[Record, int]:
    """Score a file, or resume it; return the progress and the number of rows scored earlier.

    `deliver` is called once the output is there, before what a killed run is resumed from is
    removed.

    Raises:
        DataError: The files cannot be used, the input changes meanwhile, or what is there already
            is of another input or model.
        EngineError: The scores cannot be computed.
    """
    try:
        source = _open(job)
        text = source.find(job.form.text_column or DEFAULT_TEXT, "--text-column")
        table = scored_table(job.output, source, job.model)
        with Parts(job.output).held() as parts:
            record, before = _fill(parts, _Scorer(job, engine, table, text, tell), restart=restart)
            ours = free_names(_REJECTED_COLUMNS, source.columns)
            rejected = partial(join_csv, [*ours, *source.columns], source=source)
            parts.finish(record, table.join, rejected, deliver)
    except OSError as error:
        where, why = error.filename or job.output, error.strerror or type(error).__name__
        raise DataError(
            f"{where} cannot be read or written ({why}): mend that, "
            "then run the same again; it goes on where it was"
        ) from error
    return record, before


def beginning_of(job: Job, engine: Engine, text_column: str, digest: str) -> Beginning:
    """Return what a job is of; the input is its SHA-256."""
    form = f"columns {job.form.columns}, encoding {job.form.encoding}, rules {_RULES}"
    temperature = round(engine.temperature, 6)
    return Beginning(digest, text_column, job.max_chars, job.model, temperature=temperature, form=form)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fill(parts: Parts, scorer: _Scorer, *, restart: bool) -> tuple[Record, int]:
    """Make the parts that are not there yet, in order, while the engine computes those after."""
    path, stamp = scorer.job.source, _stamp(scorer.job.source)
    name = scorer.table.source.columns[scorer.text]
    record = parts.begin(beginning_of(scorer.job, scorer.engine, name, digest_of(path)), restart=restart)
    before, share = record.rows, 0.0
    waiting: deque[_Begun] = deque()

    def keep(record: Record) -> Record:
        part = scorer.finish(waiting.popleft(), record.rows)
        if _stamp(path) != stamp:
            raise DataError(
                f"{path} changed while it was scored, after row {record.rows}: begin anew with --restart"
            )
        return parts.add(record, part)

    there = record.parts
    for number, batch in enumerate(scorer.table.source.batches(scorer.text)):
        if number >= there:
            waiting.append(scorer.begin(batch, share))
            if len(waiting) >= scorer.engine.most_waiting:
                record = keep(record)
        share = batch.share
    while waiting:
        record = keep(record)
    return record, before


@dataclass(frozen=True)
class _Begun:
    """A batch under way: the scored rows' places, the others' faults, the share before it."""

    batch: Batch
    places: list[int]
    faults: dict[int, str]
    pending: Pending
    share: float


@dataclass(frozen=True)
class _Scorer:
    """Makes a part of a batch; `text` is the place of the column to score."""

    job: Job
    engine: Engine
    table: ScoredTable
    text: int
    tell: Tell

    def begin(self, batch: Batch, share: float) -> _Begun:
        """Give the texts of a batch to the engine; such a share of the file lies before it."""
        texts = batch.column(self.text)
        faults = self._faults(batch, texts)
        places = [place for place in range(len(texts)) if place not in faults]
        return _Begun(batch, places, faults, self.engine.begin([texts[place] for place in places]), share)

    def finish(self, begun: _Begun, done: int) -> Part:
        """Return the part of a batch that lies so many rows after the beginning of the file."""
        batch, faults, before = begun.batch, begun.faults, begun.share

        def tell(scored: int) -> None:
            self.tell(done + scored, before + (batch.share - before) * scored / len(begun.places))

        scores = begun.pending.scores(tell)
        rows = len(batch.lines)
        self.tell(done + rows, batch.share)
        rejected = (
            [done + place + 1, faults[place], *cells]
            for place, cells in zip(faults, batch.cells(list(faults)), strict=True)
        )
        scored = self.table.part(batch, begun.places, scores)
        return Part(rows, len(faults), scored, csv_bytes(rejected, self.table.source.delimiter))

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
