"""The files to score: a folder, a pattern, or Azure Blob storage, from which each is downloaded."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from fsspec.utils import glob_translate

from sentiment.blob_errors import SCHEME
from sentiment.blobs import open_folder
from sentiment.errors import DataError
from sentiment.tables.opening import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sentiment.blobs import BlobFolder

_PATTERN = re.compile(r"[*\[]")


@dataclass(frozen=True)
class Input:
    """A file to score: its name below the inputs' folder, its bytes, and a stamp of its state."""

    name: str
    size: int
    stamp: str


class Inputs(ABC):
    """Files to score. `is_file` says that the address named a single one."""

    files: list[Input]
    is_file: bool = False
    left_out: int = 0  # files of a folder that are no tables

    @abstractmethod
    def where(self, file: Input) -> str:
        """Return the address of a file, the same for each way to write it."""

    @abstractmethod
    def on_disk(self, file: Input) -> AbstractContextManager[Path]:
        """Return the file as one of this machine; a downloaded one is removed afterwards.

        Raises:
            BlobError: It cannot be downloaded.
        """


class LocalInputs(Inputs):
    """Files of this machine."""

    def __init__(self, address: str, *, without: str = "") -> None:
        """Find the files of a path or pattern, all but those of a folder `without` below it.

        Raises:
            DataError: There are none.
        """
        path = Path(address)
        self.is_file = path.is_file()
        if self.is_file:
            self._folder, paths = path.parent, [path]
        elif path.is_dir():
            self._folder, paths = path, list(path.rglob("*"))
        elif _PATTERN.search(address):
            folder, pattern = _divide(address)
            self._folder, paths = Path(folder or "."), list(Path(folder or ".").glob(pattern))
        else:
            raise DataError(f"{address} is neither a file nor a folder: check the path")
        base, inside = self._folder.resolve(), Path(without or ".").resolve()
        skips = base in inside.parents
        names = [
            one.relative_to(self._folder).as_posix()
            for one in paths
            if one.is_file() and not (skips and one.resolve().is_relative_to(inside))
        ]
        names, self.left_out = _tables(names, any_ending=not path.is_dir())
        self.files = [self._input(name) for name in names]
        _refuse_none(self.files, address)

    def _input(self, name: str) -> Input:
        status = (self._folder / name).stat()
        return Input(name, status.st_size, f"{status.st_size} bytes of {status.st_mtime_ns}")

    def where(self, file: Input) -> str:  # noqa: D102 - as promised above
        return str((self._folder / file.name).resolve())

    def on_disk(self, file: Input) -> AbstractContextManager[Path]:  # noqa: D102
        return nullcontext(self._folder / file.name)


class BlobInputs(Inputs):
    """Blobs of one container, downloaded to a folder when their turn comes."""

    def __init__(self, address: str, downloads: Path, *, without: str = "") -> None:
        """Find the blobs of `az://CONTAINER/PATH`: a blob, a folder, or a pattern.

        Those of a folder `without` below it are left out.

        Raises:
            DataError: There are none.
            BlobError: The storage cannot be used.
            ConfigError: The address is malformed, or no storage account is named.
        """
        self._downloads = downloads
        path = address.removeprefix(SCHEME).rstrip("/")
        folder, pattern = _divide(path) if _PATTERN.search(path) else (path, "")
        above, _, last = folder.rpartition("/")
        self._blobs, found = open_folder(f"{SCHEME}{folder}"), []
        if above and not pattern:
            beside = open_folder(f"{SCHEME}{above}")
            found = [blob for blob in beside.entries(last) if blob.name == last]
            if found:
                self._blobs, self.is_file = beside, True
        if not found:
            found = self._blobs.entries()
        matches = re.compile(glob_translate(pattern)).match if pattern else bool
        own = f"{self._blobs.address}/"
        skipped = f"{without.removeprefix(own)}/" if without.startswith(own) else ()
        names, self.left_out = _tables(
            (blob.name for blob in found if matches(blob.name) and not blob.name.startswith(skipped)),
            any_ending=bool(pattern) or self.is_file,
        )
        chosen = set(names)
        self.files = [Input(blob.name, blob.size, blob.etag) for blob in found if blob.name in chosen]
        _refuse_none(self.files, address)

    def where(self, file: Input) -> str:  # noqa: D102 - as promised above
        return f"{self._blobs.address}/{file.name}"

    @contextmanager
    def on_disk(self, file: Input) -> Iterator[Path]:  # noqa: D102
        self._downloads.mkdir(parents=True, exist_ok=True)
        path = self._downloads / quote(file.name, safe="")
        try:
            _download(self._blobs, file.name, path)
            yield path
        finally:
            path.unlink(missing_ok=True)


def find_inputs(address: str, *, downloads: Path, without: str = "") -> Inputs:
    """Return the files of an address: a path or pattern of this machine, or `az://...`.

    Those of a folder `without` below it are left out: it holds what becomes of them.

    Raises:
        DataError: There are none.
        BlobError: The storage cannot be used.
        ConfigError: The address is malformed, or no storage account is named.
    """
    if address.startswith(SCHEME):
        return BlobInputs(address, downloads, without=without.rstrip("/"))
    return LocalInputs(address, without=without)


def _download(blobs: BlobFolder, name: str, path: Path) -> None:
    try:
        with path.open("wb") as file:
            file.writelines(blobs.chunks(name))
    except OSError as error:
        raise DataError(
            f"{blobs.address}/{name} cannot be downloaded to {path} ({error.strerror}): mend that, "
            "then run the same again; it goes on where it was"
        ) from error


def _divide(address: str) -> tuple[str, str]:
    """Return the folder that holds all that a pattern can match, and the pattern below it.

    >>> _divide("data/2024-*/tweets.csv")
    ('data', '2024-*/tweets.csv')
    """
    parts = address.split("/")
    first = next(place for place, part in enumerate(parts) if _PATTERN.search(part))
    return "/".join(parts[:first]) or ("/" if address.startswith("/") else ""), "/".join(parts[first:])


def _tables(names: Iterable[str], *, any_ending: bool) -> tuple[list[str], int]:
    """Return the sorted names of tables, and the number of others; hidden ones are neither."""
    shown = sorted(name for name in names if not any(part.startswith(".") for part in name.split("/")))
    tables = [name for name in shown if any_ending or name.lower().endswith(ENDINGS)]
    return tables, len(shown) - len(tables)


def _refuse_none(files: list[Input], address: str) -> None:
    if not files:
        raise DataError(f"{address} holds no table: name a folder or a pattern with {', '.join(ENDINGS)}")
