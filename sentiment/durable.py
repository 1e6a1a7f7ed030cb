"""Small files that survive a crash: each one appears whole or not at all.

What is in them is the caller's business.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARTIAL = ".partial"
LOCK = ".create.lock"
# What a file system answers to a call that it does not have.
UNKNOWN_CALL = frozenset((errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK))


def create_once(path: Path, content: bytes) -> bool:
    """Create a file atomically; return False, and change nothing, if one of this name exists.

    Of any number of processes that try at once, one wins. When the call returns, the file is on the
    disk. A hard link publishes it, or a rename where the file system has no hard links (FAT, SMB);
    so a crash leaves at most a `.partial` file. The mode is 0600.

    Raises:
        OSError: The folder cannot be written, the disk is full, or the file system has neither hard
            links nor locks.
    """
    _make_folder(path.parent)
    partial = _write_partial(path, content)
    try:
        is_new = _publish(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    _sync(path.parent)
    return is_new


def _publish(partial: Path, path: Path) -> bool:
    """Give a file its name; return False if another has it."""
    try:
        os.link(partial, path)
    except FileExistsError:
        return False
    except OSError:  # each file system without hard links has an errno of its own
        return _rename_alone(partial, path)
    return True


def _rename_alone(partial: Path, path: Path) -> bool:
    """Rename a file unless its new name exists; a lock keeps others out between look and rename."""
    with (path.parent / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a crash frees it
        if path.exists():
            return False
        partial.rename(path)
        return True


def check_folder(folder: Path) -> None:
    """Try whether `create_once` works in a folder: the name of its file is taken away again.

    Raises:
        OSError: As `create_once`; with an `errno` of UNKNOWN_CALL the file system is not good for
            it.
    """
    tried = folder / f".{secrets.token_hex(8)}.tried"
    try:
        create_once(tried, b"")
    finally:
        tried.unlink(missing_ok=True)


def replace(path: Path, content: bytes | Iterator[bytes]) -> None:
    """Write a file in one step: whoever reads it sees the old content or the new.

    The content may come in pieces, also of the file that is replaced.

    Raises:
        OSError: The folder cannot be written, or the disk is full.
    """
    _make_folder(path.parent)
    partial = _write_partial(path, content)
    try:
        partial.replace(path)
    except OSError:
        partial.unlink()
        raise
    _sync(path.parent)


def sync_tree(folder: Path, *, below: Path) -> None:
    """Put a folder on the disk with all that is in it, and its name in each folder up to `below`.

    Raises:
        OSError: The disk is full or fails.
    """
    for path in (*folder.rglob("*"), folder, *folder.parents):
        _sync(path)
        if path == below:
            return


def _make_folder(folder: Path) -> None:
    """Make a folder and its parents, each one durable in its own parent."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)


def _write_partial(path: Path, content: bytes | Iterator[bytes]) -> Path:
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}{PARTIAL}")
    descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    return partial


def _sync(path: Path) -> None:
    """Put a file on the disk, and a folder where its file system has an fsync of folders."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in UNKNOWN_CALL or not path.is_dir():
            raise
    finally:
        os.close(descriptor)
