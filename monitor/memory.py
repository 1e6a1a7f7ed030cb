"""The monitor's memory: a limit that the kernel keeps, whatever a query does.

DuckDB counts tables, sorts and groups towards its own limit, but not the values that a query
computes: a text of 16 MB in each of two thousand rows. Beyond the kernel's limit an allocation
fails, which ends that query alone.
"""

from __future__ import annotations

import ctypes
import re
import resource
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOM = 768_000_000  # bytes that the monitor may take beyond what it has when it starts
RESERVE = 128_000_000  # and so many more, for telemetry when a query has taken the others
# Settings of glibc's allocator, by malloc.h: one arena for all threads, so that what one has freed
# serves the others; from 256 KB on, memory that goes back to the system when it is freed.
_ALLOCATOR = {-8: 1, -3: 256_000, -1: 1_000_000}
# DuckDB's client puts Arrow's MemoryError into words; a thread fails for want of a stack.
_SHORTAGES = re.compile(
    r"(Invalid Input Error: )?exporting a stream from the Arrow source failed: \w*MemoryError"
    r"|can't start new thread"
)
_STATUS = Path("/proc/self/status")


@dataclass
class _State:
    most: int | None = None  # bytes, without the reserve
    users: int = 0  # contexts that have it


_state, _lock = _State(), threading.Lock()


def limit() -> None:
    """Limit this process to `ROOM` bytes more than it has now; without /proc, do nothing."""
    if not _STATUS.exists():
        return
    lines = _STATUS.read_text().splitlines()
    held = next(int(line.split()[1]) for line in lines if line.startswith("VmData:")) * 1024
    allocator = ctypes.CDLL(None)
    if hasattr(allocator, "mallopt"):
        for parameter, value in _ALLOCATOR.items():
            allocator.mallopt(parameter, value)
    _state.most = held + ROOM
    _change(0)


def is_short(error: Exception) -> bool:
    """Return whether an error says that there was too little memory."""
    kinds = (MemoryError, duckdb.OutOfMemoryException)
    return isinstance(error, kinds) or bool(_SHORTAGES.match(str(error)))


@contextmanager
def reserve() -> Iterator[None]:
    """Allow `RESERVE` bytes more as long as the context lasts, in any thread, if there is a limit.

    A thread must be started in it: one without memory for its first step leaves its starter waiting
    for ever.
    """
    _change(1)
    try:
        yield
    finally:
        _change(-1)


def give_back() -> None:
    """Give what is free inside DuckDB's and Arrow's allocators back to the system."""
    duckdb.connect().close()  # each time that a database is closed, DuckDB's gives back everything
    pa.default_memory_pool().release_unused()


def _change(users: int) -> None:
    with _lock:
        _state.users += users
        if _state.most is not None:
            _allow(_state.most + (RESERVE if _state.users else 0))


def _allow(size: int) -> None:
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(
        resource.RLIMIT_DATA, (size if most == resource.RLIM_INFINITY else min(size, most), most)
    )
