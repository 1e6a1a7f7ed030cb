"""The folder of people's uploads and results: it goes with the page, or with the next one."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "page-"


@contextmanager
def upload_folder(home: Path) -> Iterator[Path]:
    """Give a folder of this page's own below `home`; remove those of pages that were killed."""
    _remove_left_over(home)
    folder, held = _held_folder(home)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _held_folder(home: Path) -> tuple[Path, int]:
    """Return a new folder and its lock, which lasts as long as the process, however it ends."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home))
        try:
            held = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:  # a page that starts took it for left over
            continue
        fcntl.flock(held, fcntl.LOCK_EX)
        if folder.exists():
            return folder, held
        os.close(held)  # it was taken before the lock


def _remove_left_over(home: Path) -> None:
    for folder in home.glob(f"{_PREFIX}*/"):
        try:
            held = os.open(folder, os.O_RDONLY)
        except OSError:  # another page that starts was faster, or it is somebody else's
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # its page runs
            continue
        finally:
            os.close(held)
