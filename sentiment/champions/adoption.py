"""Takes a model that was saved elsewhere into the BentoML store, whole or not at all.

Where it comes from is the caller's business.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sentiment.champions.store import store_home
from sentiment.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK_SECONDS = 600


@contextmanager
def adopted(tag: str) -> Iterator[Path | None]:
    """Give an empty folder, which becomes the stored model of this tag in one step when the context ends; None if there is one already.

    Raises:
        StoreError: What is in the folder then is not that model, or another process has been
            adopting one for too long.
    """
    from filelock import FileLock, Timeout

    place, folder = store_home() / "models" / tag.replace(":", "/"), store_home() / "adopted"
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{folder}.lock", timeout=_LOCK_SECONDS):
            if place.exists():
                yield None
                return
            shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
            folder.mkdir()
            try:
                yield folder
                _check(folder, tag)
                place.parent.mkdir(parents=True, exist_ok=True)
                folder.rename(place)
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
        found = str(Model.from_path(folder).tag)
    except (BentoMLException, ValueError) as error:
        raise StoreError(
            f"the files of {tag} are no model of BentoML's store ({type(error).__name__}): publish another version"
        ) from error
    if found != tag:
        raise StoreError(f"the files of {tag} say that they are {found}: publish another version")
