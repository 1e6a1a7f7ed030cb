"""Deletes telemetry older than the retention setting, at the start and at intervals."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb

from monitor import memory
from monitor.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.writer import Writer

_LOG = logging.getLogger(__name__)
_EVERY = timedelta(minutes=10)


def forget(connection: duckdb.DuckDBPyConnection, before: datetime) -> int:
    """Delete all telemetry before a moment, free its space, and return the number of rows."""
    cut = before.astimezone(UTC).replace(tzinfo=None)
    deleted = 0
    for name in TABLES:
        counted = connection.execute(f'DELETE FROM "{name}" WHERE "TimeGenerated" < ?', [cut]).fetchone()  # noqa: S608 - our own names
        deleted += counted[0] if counted else 0
    if deleted:
        try:
            with memory.reserve():
                connection.execute("CHECKPOINT")
        except duckdb.TransactionException:
            _LOG.debug("a query is running: the space is given back later")
    return deleted


def start_retention(writer: Writer, days: float, every: timedelta = _EVERY) -> Callable[[], None]:
    """Delete what is older than `days`, now and at intervals; return a function that stops it."""
    stopped = threading.Event()

    def job(connection: duckdb.DuckDBPyConnection) -> None:
        deleted = forget(connection, datetime.now(UTC) - timedelta(days=days))
        if deleted:
            _LOG.info("deleted %d rows that were older than %g days", deleted, days)

    def run() -> None:
        while not stopped.is_set():
            writer.call(job).exception()
            stopped.wait(every.total_seconds())

    thread = threading.Thread(target=run, name="monitor-retention", daemon=True)
    thread.start()

    def stop() -> None:
        stopped.set()
        thread.join()

    return stop
