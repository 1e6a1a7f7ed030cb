"""Runs KQL on the telemetry, read-only and within a time limit, as JSON or as a data frame."""

from __future__ import annotations

import logging
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from monitor import memory
from monitor.answers import Answer, QueryRefusal, TableBody
from monitor.kql import Translation, translate
from monitor.tables import TABLES
from monitor.timespan import Window
from sentiment.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from monitor.database import Database

_LOG = logging.getLogger(__name__)
_MISSING = re.compile(
    r'[Cc]olumn (?:named )?"([^"]+)"(?: not found| in EXCLUDE list not found| referenced that '
    r"exists in the SELECT clause|$)"
    r'|Alias with name ""?([^"]+)""? exists',
    re.MULTILINE,
)
_TICK = timedelta(microseconds=1)
_FEWEST, _MOST = 16, 5000  # rows that are fetched at once
_FETCHED = 4_000_000  # bytes
_ROOM_SECONDS = 2.0  # how long queries get to end when their memory is needed

_TOO_LARGE = "it needs more memory than the monitor allows itself: narrow it or its time span"
_NO_ROOM = "telemetry needed the memory that the query had: ask again later"


@dataclass(frozen=True)
class Limits:
    """How large an answer gets: Azure's own figures."""

    max_rows: int = 500_000
    max_bytes: int = 100_000_000
    default_seconds: float = 180
    max_seconds: float = 600


@dataclass(frozen=True)
class Wishes:
    """The options of the `Prefer` header, and how many answers the caller gets at once."""

    seconds: float = 180
    statistics: bool = False
    render: bool = False
    answers: int = 1  # in one body, which share the most bytes of an answer


class QueryEngine:
    """Answers queries from any number of threads, each on a connection of its own."""

    def __init__(self, database: Database, limits: Limits | None = None) -> None:
        self._database = database
        self.limits = limits or Limits()
        self._running: set[duckdb.DuckDBPyConnection] = set()
        self._ended: set[duckdb.DuckDBPyConnection] = set()  # of the running ones, to make room
        self._lock = threading.Lock()

    def answer(self, query: str, window: Window, wishes: Wishes | None = None) -> Answer:
        """Return a query's answer over a window as the API gives it.

        Too large a one is cut off and has a `PartialError`.

        Raises:
            QueryRefusal: The query cannot be answered.
        """
        wishes = wishes or Wishes()
        most, max_bytes = self.limits.max_rows, self.limits.max_bytes // wishes.answers
        started = time.perf_counter()
        translation = translate(query)
        with self._execution(translation, window, wishes.seconds, limit=most + 1) as result:
            body = TableBody([(column[0], column[1]) for column in result.description or ()], max_bytes)
            reason = _fill(body, result, most, max_bytes)
            others: dict[str, Any] = {"error": _partial(reason) if reason else None}
            if wishes.render:
                others["render"] = translation.render
            if wishes.statistics:
                others["statistics"] = _statistics(body.rows, time.perf_counter() - started)
            return Answer(200, body.finish(**others))

    def frame(self, query: str, start: datetime, end: datetime) -> pd.DataFrame:
        """Return a query's rows over start < TimeGenerated <= end, as an alert rule sees them.

        Its moments are UTC.

        Raises:
            QueryError: The query cannot be answered.
        """
        import pandas as pd

        try:
            window = Window(start.astimezone(UTC) + _TICK, end.astimezone(UTC) + _TICK)
            with self._execution(translate(query), window, self.limits.default_seconds) as result:
                frame: pd.DataFrame = result.df()
        except QueryRefusal as error:
            raise QueryError(f"the query cannot be answered: {_innermost(error.error)}", "query") from error
        for name, kind in frame.dtypes.items():
            if isinstance(kind, pd.DatetimeTZDtype):
                frame[name] = frame[name].dt.tz_convert("UTC")
            elif pd.api.types.is_datetime64_dtype(kind):
                frame[name] = frame[name].dt.tz_localize("UTC")
        return frame

    def warm(self) -> None:
        """Run a first query, so that the first real one is as fast as the later ones."""
        try:
            self.answer(
                'AppTraces | where Message == "" | summarize count() by bin(TimeGenerated, 1m)', Window()
            )
        except QueryRefusal as error:
            _LOG.debug("the first query was not answered: %s", error)

    def make_room(self) -> None:
        """End all running queries, for telemetry needs their memory, and give that back."""
        until = time.monotonic() + _ROOM_SECONDS
        with self._lock:
            self._ended |= self._running
        while self._ended and time.monotonic() < until:
            with self._lock:
                for connection in self._ended & self._running:
                    connection.interrupt()  # one that has not quite begun forgets it
            time.sleep(0.02)
        memory.give_back()

    def close(self) -> None:
        """Interrupt all running queries."""
        with self._lock:
            for connection in self._running:
                connection.interrupt()

    @contextmanager
    def _execution(
        self, translation: Translation, window: Window, seconds: float, *, limit: int | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Run a translated query, read-only; translate errors until its last row is read."""
        sql = _with_window(translation, window) + (f" LIMIT {limit}" if limit is not None else "")
        connection = self._database.cursor()
        timer = threading.Timer(seconds, connection.interrupt)
        timer.daemon = True
        with memory.reserve():
            timer.start()
        with self._lock:
            self._running.add(connection)
        try:
            connection.execute("BEGIN TRANSACTION READ ONLY")
            yield connection.execute(sql, dict(translation.parameters) or None)
        except duckdb.InterruptException as error:
            if connection in self._ended:
                raise QueryRefusal(503, "ServiceUnavailable", _NO_ROOM, retry_after=5) from error
            message = (
                f"the query took longer than {seconds:g} s: narrow it, or allow more with 'Prefer: wait=N'"
            )
            raise QueryRefusal(504, "GatewayTimeout", message) from error
        except duckdb.Error as error:
            raise _refusal(error, translation) from error
        # What DuckDB's client says of values that it cannot pass on.
        except (ValueError, OverflowError, RuntimeError, MemoryError) as error:
            reason = f"one of its values cannot be passed on ({error})"
            raise QueryRefusal.local(_TOO_LARGE if memory.is_short(error) else reason) from error
        finally:
            timer.cancel()
            with self._lock:
                self._running.discard(connection)
            connection.close()
            self._ended.discard(connection)


def _with_window(translation: Translation, window: Window) -> str:
    """Return SQL in which every table holds only the window's rows."""
    conditions = [f'"TimeGenerated" >= {_literal(window.start)}'] if window.start else []
    conditions += [f'"TimeGenerated" < {_literal(window.end)}'] if window.end else []
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    views = ", ".join(_view(name, where) for name in sorted(translation.tables))
    return (f"WITH {views} " if views else "") + f"SELECT * FROM ({translation.sql})"  # noqa: S608 - the names and moments are our own


def _view(table: str, where: str) -> str:
    return f'"{table}" AS NOT MATERIALIZED ({TABLES[table].selection}{where})'


def _literal(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}'"


def _fill(body: TableBody, result: duckdb.DuckDBPyConnection, most: int, max_bytes: int) -> str | None:
    """Fetch rows until there are no more; return the limit that ended it earlier, if one did.

    The first fetch is of few rows, each other of as many as should have some `_FETCHED` bytes.
    """
    count = _FEWEST
    while rows := result.fetchmany(count):
        room, before = most - body.rows, body.size
        if not body.add(rows[:room]):
            return f"{max_bytes // 1_000_000} MB"
        if len(rows) > room:
            return f"{most} records"
        count = max(1, min(_FETCHED * len(rows) // (body.size - before), count * 4, _MOST))
    return None


def _statistics(rows: int, seconds: float) -> dict[str, Any]:
    return {"query": {"executionTime": seconds, "datasetStatistics": [{"tableRowCount": rows}]}}


def _partial(limit: str) -> dict[str, Any]:
    message = (
        f"The results of this query exceed the set limit of {limit}, so not all records were returned "
        "(E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003). See https://aka.ms/kustoquerylimits for "
        "more information and possible solutions."
    )
    inner = {"code": "-2133196797", "message": message, "severity": 2, "severityName": "Error"}
    detail = {
        "code": "EngineError",
        "message": "Something went wrong processing your query on the server.",
        "innererror": inner,
    }
    return {
        "code": "PartialError",
        "message": "There were some errors when processing your query.",
        "details": [detail],
    }


def _refusal(error: duckdb.Error, translation: Translation) -> QueryRefusal:
    """Return Azure's error for a query that DuckDB cannot run."""
    if memory.is_short(error):
        return QueryRefusal.local(_TOO_LARGE)
    reason = str(error).splitlines()[0].removeprefix("Invalid Input Error: ")[:300]
    if isinstance(error, duckdb.FatalException | duckdb.InternalException | duckdb.ConnectionException):
        _LOG.error("a query failed inside DuckDB: %s", reason)
        return QueryRefusal(
            503, "ServiceUnavailable", "the telemetry cannot be read at the moment", retry_after=5
        )
    missing = _MISSING.search(str(error))
    if isinstance(error, duckdb.BinderException) and missing:
        name = missing[1] or missing[2]
        return QueryRefusal.column(name, translation.operators.get(name, "project"))
    return QueryRefusal.local(reason)


def _innermost(error: dict[str, Any]) -> str:
    while "innererror" in error:
        error = error["innererror"]
    return str(error["message"])
