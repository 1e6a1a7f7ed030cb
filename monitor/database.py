"""The DuckDB file of the telemetry: opened by one process, locked down, with every table in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb

from monitor.tables import TABLES
from sentiment.errors import SentiloopError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

MEMORY = "256MB"  # what DuckDB may hold in memory; it puts what is more on the disk, below the same folder
_SPILL = "4GB"  # what it may put there; the feedback inbox is on the same disk
_WAL_LIMIT = "64MB"  # how much is written before it moves from the log into the file
MOST_ROWS = 5_000_000  # of KQL's `range`
_MOST_REPEATS = 1024  # of KQL's `strrep`, Azure's own limit
_LONGEST_PATTERN = 4000  # characters of a regular expression; one per row may be read in each row
# DuckDB makes the list of a range, and a repeated text, in one piece, outside its memory limit and
# deaf to an interrupt; so it reads the regular expressions of 2,048 rows. These macros take the
# place of its functions and call them within limits.
_TOO_MANY = f"error('a range may have {MOST_ROWS} rows here')"
# It is no `error(…)`, for DuckDB reads a pattern that is the same in all rows only once if that has
# no effects. DuckDB refuses it, and shows it, for its bracket is not closed.
_PATTERN = f"""CASE WHEN length(pattern) > {_LONGEST_PATTERN}
    THEN '(a regular expression may have {_LONGEST_PATTERN} characters here' ELSE pattern END"""
_EXPRESSIONS = {
    "regexp_matches": ("", ", a"),
    "regexp_extract": ("", ", a", ", a, b"),
    "regexp_extract_all": ("", ", a", ", a, b"),
    "regexp_replace": (", a", ", a, b"),
}


def _with_short_pattern(function: str, others: Sequence[str]) -> str:
    """Return a function's macro: of a text, a pattern, and each number of other values."""
    forms = (f"(text, pattern{more}) AS system.main.{function}(text, {_PATTERN}{more})" for more in others)
    return f"CREATE OR REPLACE MACRO {function} {', '.join(forms)}"


_WITHIN_LIMITS = (
    f"""
    CREATE OR REPLACE MACRO generate_series(a BIGINT, b BIGINT, step BIGINT) AS system.main.generate_series(
        a, CASE WHEN (b::DOUBLE - a::DOUBLE) / step > {MOST_ROWS} THEN {_TOO_MANY} ELSE b END, step),
    (a TIMESTAMP, b TIMESTAMP, step INTERVAL) AS system.main.generate_series(
        a, CASE WHEN (epoch(b) - epoch(a)) / epoch(step) > {MOST_ROWS} THEN {_TOO_MANY} ELSE b END, step),
    (a BIGINT, b BIGINT) AS system.main.generate_series(a, b)
    """,
    f"""
    CREATE OR REPLACE MACRO repeat(text VARCHAR, times BIGINT) AS
        system.main.repeat(text, least(times, {_MOST_REPEATS}))
    """,
    *(_with_short_pattern(function, others) for function, others in _EXPRESSIONS.items()),
)


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
        self._memory = memory
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = _connect(path, memory)
        except duckdb.Error as error:
            raise _explained(path, error) from error
        except OSError as error:
            raise MonitorError(
                f"{path.parent} cannot be written ({error.strerror}): set SENTIMENT_HOME to a folder that can"
            ) from error

    def reopen(self, end_queries: Callable[[], None]) -> None:
        """Open the file anew, once every cursor is closed; from now on there is no new one.

        Raises:
            duckdb.Error: It cannot be opened, or a cursor is still open: try again later.
        """
        self._connection.close()
        end_queries()
        self._connection = _connect(self.path, self._memory)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a new connection to the same file, for one thread."""
        return self._connection.cursor()

    def close(self) -> None:
        """Move what is written into the file and close it."""
        self._connection.close()


def _connect(path: Path, memory: str) -> duckdb.DuckDBPyConnection:
    """Connect so that queries can reach nothing outside the file and cannot change that."""
    connection = duckdb.connect(
        str(path),
        config={
            "memory_limit": memory,
            "temp_directory": str(path.parent / "spill"),
            "max_temp_directory_size": _SPILL,
            "checkpoint_threshold": _WAL_LIMIT,
            "allocator_background_threads": "true",  # what is free goes back to the system in a second
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    for table in TABLES.values():
        connection.execute(table.definition)
    for macro in _WITHIN_LIMITS:
        connection.execute(macro)
    return connection


def _explained(path: Path, error: duckdb.Error) -> MonitorError:
    if "lock" in str(error).lower():
        holder = re.search(r"PID (\d+)", str(error))
        who = f"process {holder[1]}" if holder else "another process"
        return MonitorError(
            f"{who} has the telemetry in {path} open: stop that monitor, or set SENTIMENT_HOME "
            f"to another folder"
        )
    reason = str(error).splitlines()[0][:200]
    return MonitorError(
        f"the telemetry in {path} cannot be read ({reason}): nothing was deleted; "
        f"move {path.name} and {path.name}.wal away to begin anew, or put a backup in their place"
    )
