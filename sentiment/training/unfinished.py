"""Unfinished trainings on disk, from which a training that was killed resumes.

A training's folder is named by all that its result depends on: rows, recipe and the code of the
models.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

import models
from models import ModelError
from sentiment import durable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from models import SentimentModel

_SECONDS_FILE = "seconds.json"  # written last: a folder that has it holds a whole model
_KEPT_SECONDS = 7 * 86_400.0


@contextmanager
def unfinished(folder: Path, recipe: Any) -> Iterator[Path]:
    """Yield the folder of a training below `folder`; remove it when the training is done.

    A training that was killed finds its folder again.

    Raises:
        ModelError: The same training runs already.
    """
    content = json.dumps([recipe, _source_digest()], sort_keys=True, default=str)
    own = folder / hashlib.sha256(content.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(own.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ModelError(
            f"the same training runs already ({own.name}): wait for it, or stop it first"
        ) from error
    try:
        own.mkdir(exist_ok=True)
        os.utime(own)
        _remove_old(folder)
        yield own
        shutil.rmtree(own)
    finally:
        lock.release()


def trained(folder: Path, fit: Callable[[Path], SentimentModel]) -> tuple[SentimentModel, float]:
    """Return the trained model of `folder` and its seconds, or train, save and return one.

    `fit` takes the directory of its checkpoint.
    """
    model_folder, mark = folder / "model", folder / _SECONDS_FILE
    if mark.exists():
        # Not all of it reached the disk before the power went: it is trained again.
        with suppress(ModelError):
            return models.load(model_folder), float(json.loads(mark.read_text("utf-8")))  # type: ignore[return-value]
    start = time.perf_counter()
    fitted = fit(folder / "checkpoint")
    seconds = time.perf_counter() - start + fitted.earlier_seconds_
    shutil.rmtree(model_folder, ignore_errors=True)
    fitted.save(model_folder)
    durable.replace(mark, json.dumps(seconds).encode())
    return fitted, seconds


def _source_digest() -> str:
    """Return the SHA-256 of the code of the models: another version starts anew."""
    digest = hashlib.sha256()
    for path in sorted(Path(models.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _remove_old(folder: Path) -> None:
    """Remove folders that were not used for a week.

    The lock files stay, since a training that is run again must find its own.
    """
    for path in folder.iterdir():
        if path.is_dir() and time.time() - path.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
