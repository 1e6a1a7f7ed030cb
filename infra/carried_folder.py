"""A folder that jobs on empty machines hand on: one blob that holds all its files.

Of two jobs that changed it at once, one wins, and the other is told so.
"""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from sentiment.errors import BlobError

if TYPE_CHECKING:
    from pathlib import Path

    from sentiment.blobs import Blob, BlobFolder


class CarriedFolder:
    """A local folder and its copy on Blob storage."""

    def __init__(self, blobs: BlobFolder, name: str, folder: Path) -> None:
        self._blobs, self._name, self._folder = blobs, f"{name}.tar", folder
        self._seen: Blob | None = None

    def fetch(self) -> bool:
        """Unpack the copy into the folder; return False where there is none yet.

        Raises:
            BlobError: The storage cannot be used, or the copy is damaged; nothing is unpacked.
        """
        self._seen = self._blobs.read(self._name)
        if self._seen is None:
            return False
        try:
            with tarfile.open(fileobj=io.BytesIO(self._seen.content)) as archive:
                archive.getmembers()  # reads all of it, so that a damaged copy unpacks nothing
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                archive.extractall(self._folder, filter="data")
        except (tarfile.TarError, OSError) as error:
            raise BlobError(
                f"{self._blobs.address}/{self._name} cannot be unpacked ({type(error).__name__}): "
                "restore an earlier version of the blob"
            ) from error
        return True

    def store(self) -> bool:
        """Replace the copy by the folder; return False where they are equal already.

        Raises:
            BlobError: The storage cannot be used, or the copy has changed since `fetch`.
        """
        content = _pack(self._folder)
        if self._seen is not None and content == self._seen.content:
            return False
        if not self._blobs.replace(self._name, content, etag=self._seen.etag if self._seen else None):
            raise BlobError(
                f"{self._blobs.address}/{self._name} was changed by another job meanwhile: run this one again"
            )
        return True


def _pack(folder: Path) -> bytes:
    """Return the folder as a tar archive: the same files give the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file():
                content = path.read_bytes()
                member = tarfile.TarInfo(path.relative_to(folder).as_posix())
                member.size, member.mode = len(content), 0o600
                archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
