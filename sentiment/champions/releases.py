"""Champions on Azure Blob storage: released versions that never change, and one pointer.

No model is loaded here.

`tweet-sentiment/VERSION/FORM/FILE` holds a version's files, in the form that is `served` and, where
MLflow has it, the `native` one. `tweet-sentiment/VERSION/manifest.json` is written last: without it
there is no such version. `tweet-sentiment.champion` names the champion, and
`tweet-sentiment.calibration` says how to read its scores.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from sentiment.champions.calibration import (
    CALIBRATION_FILE,
    Calibration,
    format_calibrations,
    parse_calibrations,
)
from sentiment.champions.pointer import POINTER_FILE, format_tags, parse_tags, put_first
from sentiment.config import MODEL_NAME
from sentiment.errors import GateError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from models import Progress
    from sentiment.blobs import BlobFolder

SERVED, NATIVE = "served", "native"
_MANIFEST = "manifest.json"
_KEPT = 10
_TAG = re.compile(rf"{MODEL_NAME}:[a-z0-9][a-z0-9_.-]{{0,127}}")
_PART = re.compile(r"[\w+-][\w .+-]*", re.ASCII)  # of a file's name; no `..` and nothing hidden


@dataclass(frozen=True)
class File:
    """The SHA-256 and the size in bytes of a released file."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """A released version: tag, time of publication (ISO 8601, UTC), files by `FORM/NAME`."""

    tag: str
    published_at: str
    files: dict[str, File] = field(default_factory=dict)

    def form(self, form: str) -> dict[str, File]:
        """Return the files of one form, by their names within it."""
        return {
            name.removeprefix(f"{form}/"): file
            for name, file in self.files.items()
            if name.startswith(f"{form}/")
        }


@dataclass(frozen=True)
class Pointer:
    """The pointer as it was read: the champion's tag, those before it, and the ETag to swap by.

    Where there is no pointer, there is neither a tag nor an ETag.
    """

    tags: tuple[str, ...] = ()
    etag: str | None = None

    @property
    def champion(self) -> str | None:
        """The champion's tag; None if there is none."""
        return next(iter(self.tags), None)


_FORMAT = TypeAdapter(Manifest)


class Releases:
    """The released versions in a folder of Azure Blob storage.

    Every method may raise a BlobError.
    """

    def __init__(self, folder: BlobFolder) -> None:
        self._folder = folder
        self.address = folder.address

    def pointer(self) -> Pointer:
        """Return the pointer as it is now.

        Raises:
            StoreError: The pointer names no tag.
        """
        blob = self._folder.read(POINTER_FILE)
        if blob is None:
            return Pointer()
        tags: list[str] = []
        with contextlib.suppress(UnicodeDecodeError):
            tags = parse_tags(blob.content)
        if not tags or not all(_TAG.fullmatch(tag) for tag in tags):
            raise StoreError(
                f"{self.address}/{POINTER_FILE} names no model: restore the version of this blob before it, "
                f"or write a tag into it"
            )
        return Pointer(tuple(tags), blob.etag)

    def swap_champion(self, tag: str, seen: Pointer) -> None:
        """Point to a released version if the pointer is still the one that was seen.

        Of two swaps at once, one wins.

        Raises:
            GateError: Somebody else has changed it; nothing is changed.
            StoreError: There is no such version.
        """
        self.manifest(tag)
        content = format_tags(put_first(tag, seen.tags)[:_KEPT])
        if not self._folder.replace(POINTER_FILE, content, etag=seen.etag):
            raise GateError(
                f"the champion at {self.address} is {self.pointer().champion or 'none'}, "
                f"no longer {seen.champion or 'none'}: somebody published meanwhile; "
                f"run 'python -m flows.fetch', judge against that one, then publish"
            )

    def calibrations(self) -> dict[str, Calibration]:
        """Return how to read the scores of the released models, by tag, as far as it was learned.

        Raises:
            StoreError: The blob is damaged.
        """
        blob = self._folder.read(CALIBRATION_FILE)
        content = blob.content.decode("utf-8", "replace") if blob else ""
        return parse_calibrations(content, f"{self.address}/{CALIBRATION_FILE}")

    def set_calibrations(self, calibrations: Iterable[Calibration]) -> None:
        """Write how to read the scores of the released models; of two writers the last one wins."""
        content, is_written = format_calibrations(calibrations).encode(), False
        while not is_written:
            blob = self._folder.read(CALIBRATION_FILE)
            is_written = self._folder.replace(CALIBRATION_FILE, content, etag=blob.etag if blob else None)

    def find(self, tag: str) -> Manifest | None:
        """Return a version's manifest; None if the version is not there, or not whole yet.

        Raises:
            StoreError: The manifest is damaged.
        """
        blob = self._folder.read(f"{_folder_of(tag)}/{_MANIFEST}")
        return None if blob is None else self._parse(tag, blob.content)

    def manifest(self, tag: str) -> Manifest:
        """Return a version's manifest.

        Raises:
            StoreError: The version is not there or not whole, or its manifest is damaged.
        """
        manifest = self.find(tag)
        if manifest is None:
            raise StoreError(
                f"{self.address} holds no model {tag!r}: run 'python -m flows.publish' where it is champion, "
                f"or name another"
            )
        return manifest

    def publish(self, tag: str, forms: Mapping[str, Path], progress: Progress) -> Manifest:
        """Upload a version's files, form by form, and return its manifest.

        It resumes an interrupted upload and never overwrites a file.

        Raises:
            StoreError: A blob of other content has the name of one of its files, or a name cannot
                be kept.
        """
        paths = {
            f"{form}/{name}": path for form, folder in forms.items() for name, path in _paths(folder).items()
        }
        files = {name: describe(path) for name, path in sorted(paths.items())}
        manifest = Manifest(tag, datetime.now(UTC).isoformat(timespec="seconds"), files)
        if refused := [name for name in files if not _is_name(name)]:
            raise StoreError(
                f"the file {refused[0]!r} of {tag} has a name that no release may hold: "
                f"rename it, then publish"
            )
        present = self.find(tag)
        if present is None:
            for name, file in files.items():
                self._upload(f"{_folder_of(tag)}/{name}", paths[name], file)
                progress(f"{name} ({file.size / 1e6:.1f} MB)")
            self._folder.create(f"{_folder_of(tag)}/{_MANIFEST}", _FORMAT.dump_json(manifest, indent=2))
            present = self.manifest(tag)  # another writer may have been first
        if present.form(SERVED) != manifest.form(SERVED):
            raise self._taken(f"{_folder_of(tag)}/{_MANIFEST}")
        return present

    def download(self, release: Manifest, form: str, directory: Path, progress: Progress) -> None:
        """Download one form of a release into an empty directory, each file checked.

        Raises:
            StoreError: The release has no such form, or a file is not the one that was published;
                the directory is of no use then.
        """
        files, tag = release.form(form), release.tag
        if not files:
            raise StoreError(
                f"{tag} at {self.address} was published without its {form} form: "
                f"fetch it without, or take it from MLflow"
            )
        for name, file in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self._download(f"{_folder_of(tag)}/{form}/{name}", path, file)
            progress(f"{form}/{name} ({file.size / 1e6:.1f} MB)")

    def _upload(self, name: str, path: Path, file: File) -> None:
        with path.open("rb") as content:
            is_new = self._folder.create(name, content, digest=file.sha256)
        if not is_new and self._folder.digest(name) != file.sha256:
            raise self._taken(name)

    def _download(self, name: str, path: Path, file: File) -> None:
        sha256, size = hashlib.sha256(), 0
        with path.open("wb") as content:
            for chunk in self._folder.chunks(name):
                sha256.update(chunk)
                size += len(chunk)
                content.write(chunk)
        if (sha256.hexdigest(), size) != (file.sha256, file.size):
            raise StoreError(
                f"{self.address}/{name} has {size} bytes with the SHA-256 {sha256.hexdigest()[:12]}…, "
                f"not {file.size} with {file.sha256[:12]}… as its manifest says: it was altered or damaged; "
                f"restore the blob's earlier version"
            )

    def _parse(self, tag: str, content: bytes) -> Manifest:
        try:
            manifest = _FORMAT.validate_json(content, strict=True)
        except ValueError:
            manifest = Manifest("", "")
        if manifest.tag != tag or not manifest.form(SERVED) or not all(map(_is_name, manifest.files)):
            raise StoreError(
                f"the manifest of {tag} at {self.address} is damaged: restore the blob's earlier version"
            )
        return manifest

    def _taken(self, name: str) -> StoreError:
        return StoreError(
            f"{self.address}/{name} is there already with other content, and a release never changes: "
            f"promote the model anew, which gives it a new tag, then publish"
        )


def describe(path: Path) -> File:
    """Return the SHA-256 and the size of a local file."""
    with path.open("rb") as content:
        return File(hashlib.file_digest(content, "sha256").hexdigest(), path.stat().st_size)


def describe_all(folder: Path) -> dict[str, File]:
    """Return the SHA-256 and the size of every file below a folder, by its name there."""
    return {name: describe(path) for name, path in _paths(folder).items()}


def _paths(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def _folder_of(tag: str) -> str:
    if not _TAG.fullmatch(tag):
        raise StoreError(f"{tag!r} is no tag of a model: write {MODEL_NAME}:VERSION")
    return tag.replace(":", "/")


def _is_name(name: str) -> bool:
    form, *parts = name.split("/")
    return form in (SERVED, NATIVE) and bool(parts) and all(_PART.fullmatch(part) for part in parts)
