"""Trainings that are not done: what each model has reached lies on disk, so that one that was killed goes on from there.

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
from models.base import ModelError
from sentiment import durable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from models import SentimentModel

_SECONDS_FILE = "seconds.json"  # written last: a folder that has it holds a whole model
_KEPT_SECONDS = 7 * 86_400.0


@contextmanager
def unfinished(folder: Path, recipe: Any) -> Iterator[Path]:
    """Give a training its own folder below `folder`, that of its last attempt if that was killed; it is removed when the training is done.

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
    """Return a model and the seconds that its training took: the one that `folder` holds, or what `fit` makes, which is then kept there.

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
    """Remove what nobody has begun or gone on with for a week; the lock files stay, since a name that comes back must find its own."""
    for one in folder.iterdir():
        if one.is_dir() and time.time() - one.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(one, ignore_errors=True)
