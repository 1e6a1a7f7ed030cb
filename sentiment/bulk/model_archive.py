"""A model on its way to the nodes of a cluster: packed once, unpacked once per node, by digest."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from sentiment.errors import EngineError


@dataclass(frozen=True)
class ModelArchive:
    """The files of a model by their names in its folder, and the SHA-256 of them all."""

    files: dict[str, bytes]
    digest: str


def pack(folder: Path) -> ModelArchive:
    """Return the files of a model's folder."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return ModelArchive(files, _digest(files))


def unpack(archive: ModelArchive, models: Path) -> Path:
    """Return the folder below `models` that holds a model; the first on a node makes it.

    Raises:
        EngineError: The files are not those that were packed.
    """
    folder = models / archive.digest
    models.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(models / f"{archive.digest}.lock"):
        if not folder.is_dir():
            if _digest(archive.files) != archive.digest:
                raise EngineError("the model was damaged on its way to a node: run the same again")
            partial = Path(tempfile.mkdtemp(dir=models, prefix=".partial-"))
            try:
                for name, content in archive.files.items():
                    (partial / name).parent.mkdir(parents=True, exist_ok=True)
                    (partial / name).write_bytes(content)
                partial.rename(folder)
            except OSError:
                shutil.rmtree(partial, ignore_errors=True)
                raise
    return folder


@contextmanager
def bound_to(cores: int) -> Iterator[None]:
    """Bind this process to so many of its cores meanwhile.

    A model that is loaded in it computes in so many threads, and later on any core.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(allowed)[:cores]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
