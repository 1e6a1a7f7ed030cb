"""Adds a model that was saved elsewhere to the BentoML store, whole or not at all."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sentiment import durable
from sentiment.champions.store import store_home
from sentiment.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK_SECONDS = 600


@contextmanager
def adopted(tag: str) -> Iterator[Path | None]:
    """Give an empty folder that becomes the stored model of this tag when the context ends.

    That happens in one step. None instead of a folder if the store has such a model already.

    Raises:
        StoreError: What is in the folder then is not that model, or another process has been
            adopting one for too long.
    """
    from filelock import FileLock, Timeout

    final, folder = store_home() / "models" / tag.replace(":", "/"), store_home() / "adopted"
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{folder}.lock", timeout=_LOCK_SECONDS):
            if final.exists():
                yield None
                return
            shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
            folder.mkdir()
            try:
                yield folder
                _check(folder, tag)
                final.parent.mkdir(parents=True, exist_ok=True)
                durable.sync_tree(folder, below=folder)  # a model of this name is never copied again
                folder.rename(final)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except Timeout as error:
        raise StoreError(
            f"{folder} has been locked for {_LOCK_SECONDS} s: see who holds it, then run again"
        ) from error


def _check(folder: Path, tag: str) -> None:
    from bentoml._internal.models import Model
    from bentoml.exceptions import BentoMLException

    try:
        own_tag = str(Model.from_path(folder).tag)
    except (BentoMLException, ValueError) as error:
        raise StoreError(
            f"the files of {tag} are no model of BentoML's store ({type(error).__name__}): "
            f"publish another version"
        ) from error
    if own_tag != tag:
        raise StoreError(f"the files of {tag} say that they are {own_tag}: publish another version")
