"""A place of small objects that never change: a local folder, Azure Blob, or any of fsspec's.

What is in them is the inbox's business.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sentiment import blobs, durable
from sentiment.blob_errors import SCHEME

if TYPE_CHECKING:
    from collections.abc import Sequence


class Objects(Protocol):
    """What each place can do; names are relative to it, with `/` between folders."""

    def create(self, name: str, content: bytes) -> bool:
        """Create an object durably; return False, and change nothing, if the name is taken."""

    def exists(self, name: str) -> bool:
        """Return whether there is an object of this name."""

    def names(self, below: str = "") -> list[str]:
        """Return the names of all objects, or of those in the folder `below`, which ends in `/`."""

    def read_many(self, names: Sequence[str]) -> list[bytes | None]:
        """Return what objects hold, in the order of their names; None for a missing one."""

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects; one that is missing is no error."""


def open_objects(url: str) -> Objects:
    """Return the place at a path or URL, without looking at it.

    Raises:
        ConfigError: It is on Azure, and the URL or the environment's storage account is malformed.
    """
    if url.startswith(SCHEME):
        return blobs.open_folder(url)
    folder = local_folder(url)
    return _LocalObjects(folder) if folder else _RemoteObjects(url)


def local_folder(url: str) -> Path | None:
    """Return the folder of a place on this machine, None for any other place.

    >>> local_folder("file:///data/inbox"), local_folder("az://feedback")
    (PosixPath('/data/inbox'), None)
    """
    scheme, separator, path = url.partition("://")
    if separator and scheme not in ("file", "local"):
        return None
    return Path(path if separator else url).expanduser()


class _LocalObjects:
    """Files below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, name: str, content: bytes) -> bool:
        return durable.create_once(self._folder / name, content)

    def exists(self, name: str) -> bool:
        return (self._folder / name).exists()

    def names(self, below: str = "") -> list[str]:
        names: list[str] = []
        folders = [below]
        while folders:
            folder = folders.pop()
            try:
                entries = os.scandir(self._folder / folder)
            except FileNotFoundError:
                continue
            with entries:
                for entry in entries:
                    if entry.is_dir():
                        folders.append(f"{folder}{entry.name}/")
                    else:
                        names.append(f"{folder}{entry.name}")
        return names

    def read_many(self, names: Sequence[str]) -> list[bytes | None]:
        return [self._read(self._folder / name) for name in names]

    def _read(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, names: Sequence[str]) -> None:
        for name in names:
            (self._folder / name).unlink(missing_ok=True)


class _RemoteObjects:
    """Files of another file system that fsspec knows."""

    def __init__(self, url: str) -> None:
        self._url = url

    def create(self, name: str, content: bytes) -> bool:
        files, path = self._at(name)
        files.makedirs(path.rpartition("/")[0], exist_ok=True)
        try:
            with files.open(path, "xb") as file:
                file.write(content)
        except FileExistsError:
            return False
        # A file system without exclusive creation: the last of two at once wins.
        except (NotImplementedError, ValueError):
            if files.exists(path):
                return False
            files.pipe_file(path, content)
        return True

    def exists(self, name: str) -> bool:
        files, path = self._at(name)
        return bool(files.exists(path))

    def names(self, below: str = "") -> list[str]:
        files, root = self._at("")
        folder = f"{root}/{below}".rstrip("/")
        if not files.exists(folder):
            return []
        files.invalidate_cache()
        return [path.removeprefix(root).lstrip("/") for path in files.find(folder)]

    def read_many(self, names: Sequence[str]) -> list[bytes | None]:
        return [self._read(name) for name in names]

    def _read(self, name: str) -> bytes | None:
        files, path = self._at(name)
        try:
            return bytes(files.cat_file(path))
        except FileNotFoundError:
            return None

    def remove(self, names: Sequence[str]) -> None:
        for name in names:
            files, path = self._at(name)
            if files.exists(path):
                files.rm_file(path)

    def _at(self, name: str) -> tuple[Any, str]:
        import fsspec

        files, root = fsspec.url_to_fs(self._url)
        root = root.rstrip("/")
        return files, f"{root}/{name}" if name else root
