"""Scores many files with one model: each to a file of its own, bad rows and bad files aside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.bulk.outputs import Done, output_name
from sentiment.bulk.parts import check_same, rejected_file
from sentiment.bulk.scoring import beginning_of, digest_of, score_file
from sentiment.errors import DataError
from sentiment.tables.dialect import DEFAULT_TEXT
from sentiment.tables.table import TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentiment.bulk.engine import Engine
    from sentiment.bulk.inputs import Input, Inputs
    from sentiment.bulk.outputs import Outputs
    from sentiment.bulk.parts import Record
    from sentiment.bulk.scoring import Job, Tell

MakeJob = Callable[[Path, Path], "Job"]  # of an input and an output
Say = Callable[[str], object]


class _StoppedError(Exception):
    """Another file ended the run."""


@dataclass(frozen=True)
class Collection:
    """The files of a job; `name` is the output's where there is a single input."""

    inputs: Inputs
    outputs: Outputs
    make_job: MakeJob
    name: str | None = None

    def pairs(self) -> list[tuple[Input, str]]:
        """Return each input with the name of its output.

        Raises:
            DataError: Two have one output, or an output would replace an input.
        """
        names = [self.name or output_name(file.name) for file in self.inputs.files]
        _refuse_clashes(names)
        _refuse_own_inputs({self.inputs.where(file) for file in self.inputs.files}, self.outputs, names)
        return list(zip(self.inputs.files, names, strict=True))


@dataclass
class Totals:
    """What a run did: rows of all files, those of them scored earlier, and files that failed."""

    files: int = 0
    rows: int = 0
    rejected: int = 0
    before: int = 0
    failed: dict[str, str] = field(default_factory=dict)  # by name, why


def score_files(
    collection: Collection,
    engine: Engine,
    *,
    restart: bool = False,
    tell: Tell = lambda rows, share: None,
    say: Say = lambda line: None,
) -> Totals:
    """Score all files, or those that an earlier run has left.

    A file that cannot be read is counted as failed, and the others are scored.

    Raises:
        DataError: The files cannot be used together, or what is there is of something else.
        EngineError: The scores cannot be computed.
        BlobError: The storage cannot be used.
    """
    pairs = collection.pairs()
    if restart:
        collection.outputs.remove([name for _, name in pairs])
    run = _Run(collection, engine, _Progress(collection.inputs.files, tell), say)
    pool = ThreadPoolExecutor(engine.files_at_once)
    try:
        for done in [pool.submit(run.score, *pair) for pair in pairs]:
            done.result()
    finally:
        run.is_stopped.set()
        pool.shutdown(cancel_futures=True)
    if not run.totals.failed:
        collection.outputs.close()
    return run.totals


class _Progress:
    """The progress of all files as one, each counted by its size."""

    def __init__(self, files: Sequence[Input], tell: Tell) -> None:
        self._whole = sum(file.size for file in files) or 1
        self._tell, self._lock = tell, threading.Lock()
        self._rows: dict[str, int] = {}
        self._read: dict[str, float] = {}

    def tell(self, file: Input, rows: int, share: float) -> None:
        with self._lock:
            self._rows[file.name], self._read[file.name] = rows, share * file.size
            self._tell(sum(self._rows.values()), sum(self._read.values()) / self._whole)


@dataclass
class _Run:
    files: Collection
    engine: Engine
    progress: _Progress
    say: Say
    totals: Totals = field(default_factory=Totals)
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_stopped: threading.Event = field(default_factory=threading.Event)

    def score(self, file: Input, name: str) -> None:
        """Score a file unless that is done, and count it; the first error stops all files."""
        if self.is_stopped.is_set():
            return
        try:
            done = self._settled(file, name)
            record, before = (done.record, done.record.rows) if done else self._score(file, name)
        except TableError as error:
            self._count_failed(file, str(error))
        except _StoppedError:
            pass
        except BaseException:
            self.is_stopped.set()
            raise
        else:
            self.progress.tell(file, record.rows, 1.0)
            self._count(file, record, before)

    def _settled(self, file: Input, name: str) -> Done | None:
        """Return what an earlier run has finished.

        Raises:
            DataError: It is of another input or model.
        """
        done = self.files.outputs.done(name)
        if done is None:
            return None
        earlier, digest = done.record.beginning, done.record.beginning.input
        if done.stamp != file.stamp:
            with self.files.inputs.on_disk(file) as path:
                digest = digest_of(path)
        job = self.files.make_job(Path(file.name), Path(name))
        asked, found = job.form.text_column or DEFAULT_TEXT, earlier.text_column
        column = found if asked.strip().casefold() == found.strip().casefold() else asked
        said = f"{self.files.outputs.address}/{name} was scored"
        check_same(earlier, beginning_of(job, self.engine, column, digest), said)
        return done

    def _score(self, file: Input, name: str) -> tuple[Record, int]:
        def tell(rows: int, share: float) -> None:
            if self.is_stopped.is_set():
                raise _StoppedError
            self.progress.tell(file, rows, share)

        with self.files.inputs.on_disk(file) as path:
            return score_file(
                self.files.make_job(path, self.files.outputs.place(name)),
                self.engine,
                tell=tell,
                deliver=lambda record: self.files.outputs.deliver(name, Done(file.stamp, record)),
            )

    def _count(self, file: Input, record: Record, before: int) -> None:
        with self.lock:
            self.totals.files += 1
            self.totals.rows += record.rows
            self.totals.rejected += record.rejected
            self.totals.before += before
            earlier = ", scored earlier" if before == record.rows else ""
            aside = f", {record.rejected} kept aside" if record.rejected else ""
            self.say(
                f"{self.totals.files} of {len(self.files.inputs.files)} files: "
                f"{file.name}, {record.rows} rows{aside}{earlier}"
            )

    def _count_failed(self, file: Input, why: str) -> None:
        with self.lock:
            self.totals.failed[file.name] = why
            self.say(f"{file.name} cannot be scored: {why}")


def _refuse_clashes(names: Sequence[str]) -> None:
    """Refuse names of which one would replace another.

    Raises:
        DataError: Two are the same, or one is that of another's rejected rows.
    """
    taken: set[str] = set()
    for name in names:
        both = {name, rejected_file(Path(name)).as_posix()}
        if clash := taken & both:
            raise DataError(f"two files would be written to {min(clash)}: rename one, or score them apart")
        taken |= both


def _refuse_own_inputs(inputs: set[str], outputs: Outputs, names: Sequence[str]) -> None:
    """Refuse outputs that would replace an input.

    Raises:
        DataError: One would.
    """
    for name in names:
        for each in (name, rejected_file(Path(name)).as_posix()):
            if outputs.where(each) in inputs:
                raise DataError(
                    f"{outputs.where(each)} is an input, and an output would replace it: name another folder"
                )
