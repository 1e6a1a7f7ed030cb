"""The DuckDB file that telemetry is kept in: opened by one process, locked down, with every table in it. It writes and reads no row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb

from monitor.tables import TABLES
from sentiment.errors import SentiloopError

if TYPE_CHECKING:
    from pathlib import Path

MEMORY = "2GB"  # what DuckDB may hold in memory; it puts what is more on the disk, below the same folder
_WAL_LIMIT = "64MB"  # how much is written before it moves from the log into the file


class MonitorError(SentiloopError):
    """The telemetry file cannot be opened."""


class Database:
    """An open telemetry file; `cursor` gives each thread a connection of its own."""

    def __init__(self, path: Path, *, memory: str = MEMORY) -> None:
        """Open the file, or make it.

        Raises:
            MonitorError: Another process has it open, it is damaged, or the folder cannot be
                written.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connect(path, memory)
        except duckdb.Error as error:
            raise _explained(path, error) from error
        except OSError as error:
            raise MonitorError(
                f"{path.parent} cannot be written ({error.strerror}): set SENTIMENT_HOME to a folder that can"
            ) from error

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a new connection to the same file, for one thread."""
        return self._connection.cursor()

    def close(self) -> None:
        """Move what is written into the file and close it."""
        self._connection.close()


def _connect(path: Path, memory: str) -> duckdb.DuckDBPyConnection:
    """Connect so that nothing outside the file can be read or written, and nothing can change that."""
    connection = duckdb.connect(
        str(path),
        config={
            "memory_limit": memory,
            "temp_directory": str(path.parent / "spill"),
            "checkpoint_threshold": _WAL_LIMIT,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    for table in TABLES.values():
        connection.execute(table.definition)
    return connection


def _explained(path: Path, error: duckdb.Error) -> MonitorError:
    if "lock" in str(error).lower():
        holder = re.search(r"PID (\d+)", str(error))
        who = f"process {holder[1]}" if holder else "another process"
        return MonitorError(
            f"{who} has the telemetry in {path} open: stop that monitor, or set SENTIMENT_HOME to another folder"
        )
    reason = str(error).splitlines()[0][:200]
    return MonitorError(
        f"the telemetry in {path} cannot be read ({reason}): nothing was deleted; "
        f"move {path.name} and {path.name}.wal away to begin anew, or put a backup in their place"
    )
