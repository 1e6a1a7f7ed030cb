"""Where many scored files go, and the record of each that says what it is of.

A run that ended early finds by the records which files it need not read again.
"""

from __future__ import annotations

import json
import shutil
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sentiment import durable
from sentiment.blob_errors import SCHEME
from sentiment.blobs import open_folder
from sentiment.bulk.parts import Parts, Record, rejected_file
from sentiment.bulk.scoring import digest_of
from sentiment.errors import DataError
from sentiment.tables.opening import ending

if TYPE_CHECKING:
    from collections.abc import Sequence

RECORDS = ".scored"


@dataclass(frozen=True)
class Done:
    """A file that is scored: the stamp that its input had, and its record."""

    stamp: str
    record: Record

    def format(self) -> bytes:
        """Return it as JSON."""
        return json.dumps({"stamp": self.stamp, "record": asdict(self.record)}, indent=2).encode()

    @classmethod
    def parse(cls, content: bytes, where: str) -> Done:
        """Return what `format` wrote.

        Raises:
            DataError: It is not of that form.
        """
        try:
            read = json.loads(content)
            return cls(str(read["stamp"]), Record.parse(json.dumps(read["record"]).encode()))
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{where} cannot be read ({type(error).__name__}): begin anew with --restart"
            ) from error


class Outputs(ABC):
    """A folder of scored files. Threads may share it, each for files of its own."""

    address: str

    @abstractmethod
    def place(self, name: str) -> Path:
        """Return where on this machine a file is made."""

    @abstractmethod
    def where(self, name: str) -> str:
        """Return the address of a file, the same for each way to write it."""

    @abstractmethod
    def done(self, name: str) -> Done | None:
        """Return what a scored file is of; None if it is not there or not finished.

        Raises:
            DataError: Its record cannot be read.
            BlobError: The storage cannot be used.
        """

    @abstractmethod
    def deliver(self, name: str, done: Done) -> None:
        """Keep a file that is made: afterwards `done` returns this.

        Raises:
            DataError: Another file of this name is there already.
            BlobError: The storage cannot be used.
        """

    @abstractmethod
    def remove(self, names: Sequence[str]) -> None:
        """Remove files and their records, if they are there.

        Raises:
            BlobError: The storage cannot be used.
        """

    def close(self) -> None:  # noqa: B027 - most leave nothing
        """Remove what is of no use once all files are delivered."""


class LocalOutputs(Outputs):
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.address, self._folder = str(folder), folder

    def place(self, name: str) -> Path:  # noqa: D102 - as promised above
        return self._folder / name

    def where(self, name: str) -> str:  # noqa: D102
        return str(self.place(name).resolve())

    def done(self, name: str) -> Done | None:  # noqa: D102
        record = self._folder / _record(name)
        if not (record.exists() and self.place(name).exists()):
            return None
        Parts(self.place(name)).discard()  # of a run that was killed after its delivery
        return Done.parse(record.read_bytes(), str(record))

    def deliver(self, name: str, done: Done) -> None:  # noqa: D102
        durable.replace(self._folder / _record(name), done.format())

    def remove(self, names: Sequence[str]) -> None:  # noqa: D102
        for name in names:
            Parts(self.place(name)).discard()
            for path in (self._folder / _record(name), self.place(name), rejected_file(self.place(name))):
                path.unlink(missing_ok=True)


class BlobOutputs(Outputs):
    """A folder on Azure Blob storage; files are made in a folder of this machine."""

    def __init__(self, address: str, workshop: Path) -> None:
        """Look at what is there.

        Raises:
            BlobError: The storage cannot be used.
            ConfigError: The address is malformed, or no storage account is named.
        """
        self._blobs, self._workshop = open_folder(address), workshop
        self.address = self._blobs.address
        self._there = {blob.name for blob in self._blobs.entries()}

    def place(self, name: str) -> Path:  # noqa: D102 - as promised above
        return self._workshop / quote(name, safe="")

    def where(self, name: str) -> str:  # noqa: D102
        return f"{self.address}/{name}"

    def done(self, name: str) -> Done | None:  # noqa: D102
        if name not in self._there:
            return None
        blob = self._blobs.read(_record(name)) if _record(name) in self._there else None
        if blob is None:
            if self._blobs.digest(name):
                return None  # a run was killed between file and record: the same bytes may come again
            raise _taken(self.where(name))
        return Done.parse(blob.content, f"{self.address}/{_record(name)}")

    def deliver(self, name: str, done: Done) -> None:  # noqa: D102
        rejected = rejected_file(self.place(name))
        if done.record.rejected:
            self._upload(rejected_file(Path(name)).as_posix(), rejected)
        self._upload(name, self.place(name))
        if not self._blobs.create(_record(name), done.format()):
            self._blobs.remove([_record(name)])
            self._blobs.create(_record(name), done.format())
        for path in (self.place(name), rejected):
            path.unlink(missing_ok=True)

    def remove(self, names: Sequence[str]) -> None:  # noqa: D102
        ours = {one for name in names for one in (_record(name), name, f"{name}.rejected.csv")}
        self._blobs.remove(sorted(ours & self._there))
        self._there -= ours
        self.close()

    def close(self) -> None:  # noqa: D102
        shutil.rmtree(self._workshop, ignore_errors=True)

    def _upload(self, name: str, path: Path) -> None:
        digest = digest_of(path)
        with path.open("rb") as file:
            if not self._blobs.create(name, file, digest=digest) and self._blobs.digest(name) != digest:
                raise _taken(self.where(name))


def open_outputs(address: str, *, workshop: Path) -> Outputs:
    """Return the folder at an address; files for `az://...` are made in `workshop`.

    Raises:
        BlobError: The storage cannot be used.
        ConfigError: The address is malformed, or no storage account is named.
    """
    return BlobOutputs(address, workshop) if address.startswith(SCHEME) else LocalOutputs(Path(address))


def output_name(name: str) -> str:
    """Return the name of a scored file: its input's, with an ending where that says no format.

    Parquet stays Parquet; everything else becomes CSV.

    >>> [output_name(name) for name in ("a/b.csv", "c.jsonl.gz", "d.parquet", "e.pq")]
    ['a/b.csv', 'c.jsonl.gz.csv', 'd.parquet', 'e.pq.parquet']
    """
    form = ".parquet" if ending(Path(name)) in (".parquet", ".pq") else ".csv"
    return name if name.lower().endswith(form) else name + form


def _record(name: str) -> str:
    return f"{RECORDS}/{name}.json"


def _taken(address: str) -> DataError:
    return DataError(f"{address} is there already: name another output, or replace it with --restart")
