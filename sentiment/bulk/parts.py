"""The parts of a scored file on disk, and its progress: what a killed run is resumed from."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, BinaryIO, Self

from filelock import FileLock, Timeout

from sentiment import durable
from sentiment.errors import DataError
from sentiment.tables.table import BATCH_ROWS

if TYPE_CHECKING:
    from pathlib import Path

_RECORD, _LOCK, _JOINED = "progress.json", "lock", "joined"
_SCORED, _REJECTED = "scored", "rejected"
_WHAT = {
    "input": "input of SHA-256",
    "text_column": "text column",
    "max_chars": "SENTIMENT_MAX_CHARS",
    "chunk_rows": "rows per part",
    "temperature": "temperature of the scores",
    "form": "form",
}

Join = Callable[[Iterable["Path"], BinaryIO], object]
Deliver = Callable[["Record"], object]  # what to do with an output once it is there


@dataclass(frozen=True)
class Beginning:
    """What a run is of; parts of another one do not fit. The input is its SHA-256."""

    input: str
    text_column: str
    max_chars: int
    model: str
    chunk_rows: int = BATCH_ROWS
    temperature: float = 1.0  # of the scores
    form: str = ""  # how the input is read: columns and encoding as the user says, and our rules


@dataclass(frozen=True)
class Record:
    """How far a run has come: so many parts, of so many rows, of which so many are rejected."""

    beginning: Beginning
    parts: int = 0
    rows: int = 0
    rejected: int = 0

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Return the progress that `json.dumps(asdict(...))` wrote.

        Raises:
            KeyError, TypeError, ValueError: It is not of that form.
        """
        read = json.loads(content)
        return cls(Beginning(**read.pop("beginning")), **read)


@dataclass(frozen=True)
class Part:
    """The next rows: their number, the number rejected, and both kinds as files without headers."""

    rows: int
    rejected_rows: int
    scored: bytes
    rejected: bytes


class Parts:
    """The folder of an output's parts, `OUTPUT.parts`; one run at a time holds it."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._rejected = rejected_file(output)
        self._folder = output.with_name(f"{output.name}.parts")

    @contextlib.contextmanager
    def held(self) -> Iterator[Self]:
        """Keep other runs out.

        Raises:
            DataError: Another one is in.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._folder / _LOCK, timeout=0):
                try:
                    yield self
                finally:
                    self._leave()
        except Timeout as error:
            raise DataError(
                f"another run scores into {self._output}: wait for it, or name another output"
            ) from error

    def begin(self, beginning: Beginning, *, restart: bool) -> Record:
        """Return the progress of an earlier run of the same; nothing done with `restart`.

        Raises:
            DataError: The parts are of something else, or the output is there already.
        """
        path = self._folder / _RECORD
        if restart:
            self._clear()
        elif path.exists():
            record = self._read()
            check_same(record.beginning, beginning, f"{self._folder} was begun")
            return record
        elif there := next((one for one in (self._output, self._rejected) if one.exists()), None):
            raise DataError(f"{there} is there already: name another output, or replace it with --restart")
        record = Record(beginning)
        self._write(record)
        return record

    def add(self, record: Record, part: Part) -> Record:
        """Put a part on the disk; the record that is returned counts it."""
        durable.replace(self._part(record.parts, _SCORED), part.scored)
        if part.rejected_rows:
            durable.replace(self._part(record.parts, _REJECTED), part.rejected)
        new = replace(
            record,
            parts=record.parts + 1,
            rows=record.rows + part.rows,
            rejected=record.rejected + part.rejected_rows,
        )
        self._write(new)
        return new

    def finish(
        self, record: Record, join: Join, join_rejected: Join, deliver: Deliver = lambda record: None
    ) -> None:
        """Concatenate the parts to the output and the rejected rows, each atomically.

        The parts are removed once `deliver` has returned: a run that is killed in it delivers
        again.
        """
        self._publish(self._output, record, _SCORED, join)
        if record.rejected:
            self._publish(self._rejected, record, _REJECTED, join_rejected)
        else:
            self._rejected.unlink(missing_ok=True)
        deliver(record)
        self._clear()

    def discard(self) -> None:
        """Remove the parts of a run that is not resumed.

        Raises:
            DataError: Another run uses them.
        """
        if self._folder.is_dir():
            with self.held():
                self._clear()

    def _publish(self, path: Path, record: Record, kind: str, join: Join) -> None:
        parts = (self._part(number, kind) for number in range(record.parts))
        joined = self._folder / _JOINED
        with joined.open("wb") as file:
            join((part for part in parts if kind == _SCORED or part.exists()), file)
            file.flush()
            os.fsync(file.fileno())
        joined.replace(path)

    def _read(self) -> Record:
        path = self._folder / _RECORD
        try:
            return Record.parse(path.read_bytes())
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path} cannot be read ({type(error).__name__}): begin anew with --restart"
            ) from error

    def _write(self, record: Record) -> None:
        durable.replace(self._folder / _RECORD, json.dumps(asdict(record), indent=2).encode())

    def _part(self, number: int, kind: str) -> Path:
        return self._folder / f"part-{number:06d}.{kind}"

    def _leave(self) -> None:
        """Remove the folder unless a run is to be resumed; a kill at the end leaves it, too."""
        if not (self._folder / _RECORD).exists():
            self._clear()
            (self._folder / _LOCK).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # somebody's own files are in it
                self._folder.rmdir()

    def _clear(self) -> None:
        """Remove what runs leave, the record first: without it no part counts."""
        (self._folder / _RECORD).unlink(missing_ok=True)
        for pattern in ("part-*", ".part-*", f".{_RECORD}.*", _JOINED):
            for path in self._folder.glob(pattern):
                path.unlink()


def check_same(before: Beginning, now: Beginning, said: str) -> None:
    """Refuse to take the work of one beginning for that of another; `said` begins the message.

    Raises:
        DataError: They differ.
    """
    for field in fields(Beginning):
        old, new = getattr(before, field.name), getattr(now, field.name)
        if old != new:
            remedy = f"finish with --model {old}" if field.name == "model" else "bring the old one back"
            raise DataError(
                f"{said} with the {_WHAT.get(field.name, field.name)} {old}; now it is {new}: {remedy}, "
                "or begin anew with --restart"
            )


def rejected_file(output: Path) -> Path:
    """Return where the rows go that are kept aside."""
    return output.with_name(f"{output.name}.rejected.csv")
