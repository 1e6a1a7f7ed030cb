"""A champion that one job of a workflow hands to the next as files, in the form of a release."""

from __future__ import annotations

import hashlib
from typing import IO, TYPE_CHECKING

from sentiment.blobs import Blob, BlobFolder
from sentiment.champions.calibration import Calibration
from sentiment.champions.releases import NATIVE, SERVED, Releases, describe_all
from sentiment.config import read_settings
from sentiment.errors import ConfigError, GateError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Progress = Callable[[str], None]

NONE = "none"  # the file that a download leaves where no champion is published
_OVER = "over"  # the file that a hand-over leaves: the tag that was downloaded, or nothing


class ReleaseCopy(BlobFolder):
    """The blobs of releases as files, which `Releases` reads and writes as it does Blob storage."""

    def __init__(self, folder: Path) -> None:
        self._root, self.address = folder, str(folder)

    def read(self, name: str) -> Blob | None:
        """Return a file's content; None if there is none."""
        path = self._root / name
        return Blob(path.read_bytes(), "") if path.is_file() else None

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give a file's content as one piece."""
        yield (self._root / name).read_bytes()

    def create(self, name: str, content: bytes | IO[bytes], *, digest: str = "") -> bool:
        """Write a file; return False, and change nothing, if there is one of this name."""
        path = self._root / name
        if path.exists():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.read())
        return True

    def replace(self, name: str, content: bytes, *, etag: str | None) -> bool:
        """Write a file, whatever it held; nobody else writes here."""
        (self._root / name).write_bytes(content)
        return True

    def digest(self, name: str) -> str:
        """Return the SHA-256 of a file."""
        return hashlib.sha256((self._root / name).read_bytes()).hexdigest()


def hand_over(folder: Path, progress: Progress) -> str:
    """Put this store's champion into the folder of a download, and return its tag.

    Raises:
        ConfigError: The folder is not there.
        StoreError: There is no champion.
        GateError: The champion that was downloaded is one that this store has never had.
        TrackingError: MLflow does not answer.
    """
    from sentiment.promotion.publication import publish_champion

    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder}: run 'python -m infra.champion --download {folder}'")
    copy = Releases(ReleaseCopy(folder))
    if not (folder / _OVER).exists():
        (folder / _OVER).write_text(copy.pointer().champion or "", "utf-8")
    tag = publish_champion(read_settings(), progress=progress, releases=copy)
    (folder / NONE).unlink(missing_ok=True)
    return tag


def take_to(releases: Releases, folder: Path, progress: Progress) -> str:
    """Publish the champion that was handed over in a folder, and return its tag; safe to repeat.

    Raises:
        ConfigError: Nothing was handed over.
        GateError: Another champion is published than the one that was downloaded.
        StoreError: A file is not the one that was handed over.
        BlobError: The storage cannot be used.
    """
    from sentiment.promotion.publication import point_to

    copy, over = Releases(ReleaseCopy(folder)), folder / _OVER
    tag = copy.pointer().champion
    if not over.is_file() or tag is None:
        raise ConfigError(
            f"nothing was handed over in {folder}: run 'python -m infra.champion --hand-over {folder}'"
        )
    seen, before = releases.pointer(), over.read_text("utf-8") or None
    if seen.champion not in (tag, before):
        raise GateError(
            f"the champion at {releases.address} is {seen.champion or 'none'}, no longer {before or 'none'}: "
            "somebody published meanwhile; run the workflow again, to judge against that one"
        )
    release, place = copy.manifest(tag), folder / tag.replace(":", "/")
    wanted = (SERVED, NATIVE) if releases.find(tag) is None else (SERVED,)
    forms = {form: place / form for form in wanted if release.form(form)}
    for form, path in forms.items():
        if describe_all(path) != release.form(form):
            raise StoreError(f"{path} does not hold the files that were handed over: run the workflow again")
    releases.publish(tag, forms, progress=progress)
    point_to(releases, tag, seen, copy.calibrations().get(tag, Calibration(tag)))
    return tag
