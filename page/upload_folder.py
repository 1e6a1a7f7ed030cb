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
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=home) as name:
        held = os.open(name, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)  # as long as the process lives, however it ends
            yield Path(name)
        finally:
            os.close(held)


def _remove_left_over(home: Path) -> None:
    for folder in home.glob(f"{_PREFIX}*/"):
        try:
            held = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:  # another page that starts was faster
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # its page runs
            continue
        finally:
            os.close(held)
