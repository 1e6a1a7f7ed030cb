"""The one thread that writes: it commits all queued rows together and tells those who wait."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from monitor import memory
from monitor.envelopes import Row
from monitor.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from monitor.database import Database

    Job = Callable[[duckdb.DuckDBPyConnection], None]

_LOG = logging.getLogger(__name__)
# How long a busy writer lets more come in: a commit costs about the same for one row and for a
# hundred.
_GATHER_SECONDS = 0.002


@dataclass(frozen=True)
class _Order:
    """Rows to insert, or a job to run, and the future that waits for it."""

    rows: Sequence[Row] = ()
    job: Job | None = None
    done: Future[None] = field(default_factory=Future)


class Writer:
    """Commits rows in groups: all waiting posts share one write to the disk.

    DuckDB writes its log through to the disk (fsync) before a commit returns: what is done survives
    a power cut.
    """

    def __init__(
        self,
        database: Database,
        defaults: Mapping[str, Any],
        make_room: Callable[[], None] = memory.give_back,
    ) -> None:
        """Take the values of columns that rows lack, and what frees memory if there is too little.

        Nothing is written before `start`.
        """
        self._database = database
        self._connection = database.cursor()
        self._defaults = dict(defaults)
        self._make_room = make_room
        self._orders: list[_Order] = []
        self._is_closed = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="monitor-writer", daemon=True)

    def start(self) -> Writer:
        """Begin to write."""
        self._thread.start()
        return self

    def submit(self, rows: Sequence[Row]) -> Future[None]:
        """Return a future that is done once the rows are on the disk, and fails otherwise."""
        return self._add(_Order(rows=rows))

    def call(self, job: Job) -> Future[None]:
        """Run a job on the writer's connection, between two transactions."""
        return self._add(_Order(job=job))

    def make_room(self) -> Future[None]:
        """Free memory: telemetry goes before queries."""
        return self.call(lambda _: self._make_room())

    def try_out(self) -> Future[None]:
        """Return a future that fails if a row cannot be written; none is."""
        return self.call(lambda _: self._commit([_Order([Row(next(iter(TABLES)), {})])], keep=False))

    def close(self) -> None:
        """Commit what is queued, and stop."""
        with self._wake:
            self._is_closed = True
            self._wake.notify()
        self._thread.join()
        self._connection.close()

    def _add(self, order: _Order) -> Future[None]:
        with self._wake:
            if self._is_closed:
                order.done.set_exception(RuntimeError("the writer is closed"))
            else:
                self._orders.append(order)
                self._wake.notify()
        return order.done

    def _run(self) -> None:
        is_busy = False
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._orders or self._is_closed)
            if is_busy and not self._is_closed:
                time.sleep(_GATHER_SECONDS)
            with self._wake:
                orders, self._orders = self._orders, []
            is_busy = len(orders) > 1
            if not orders:
                return
            orders = [order for order in orders if order.done.set_running_or_notify_cancel()]
            self._insert([order for order in orders if order.job is None])
            for order in orders:
                if order.job is not None:
                    self._settle([order], order.job)

    def _insert(self, orders: list[_Order]) -> None:
        """Commit the rows of all orders together; if that fails, each order separately."""
        if not orders or self._settle(orders, lambda _: self._commit(orders), is_last=len(orders) == 1):
            return
        for order in orders:
            self._settle([order], lambda _, order=order: self._commit([order]))  # type: ignore[misc]

    def _settle(self, orders: list[_Order], job: Job, *, is_last: bool = True) -> bool:
        try:
            self._attempt(job)
        except Exception as error:  # the thread must live, and whoever waits must hear of it
            if isinstance(error, duckdb.FatalException | duckdb.ConnectionException):
                self._reopen()
            if is_last:
                # Its message may quote values.
                _LOG.error("telemetry could not be written: %s", type(error).__name__)
                for order in orders:
                    order.done.set_exception(error)
            return is_last
        for order in orders:
            order.done.set_result(None)
        return True

    def _attempt(self, job: Job) -> None:
        try:
            job(self._connection)
        except Exception as error:
            if not memory.is_short(error):
                raise
            with memory.reserve():
                self._make_room()
                job(self._connection)

    def _reopen(self) -> None:
        """Open the file anew: DuckDB refuses everything after a fatal error, as in a checkpoint."""
        _LOG.error("DuckDB has given the telemetry up: opening it again")
        self._connection.close()
        try:
            with memory.reserve():
                self._database.reopen(self._make_room)
                self._connection = self._database.cursor()
        except (duckdb.Error, MemoryError) as error:  # the next post tries again
            _LOG.error("the telemetry could not be opened: %s", error)

    def _commit(self, orders: Sequence[_Order], *, keep: bool = True) -> None:
        by_table: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for order in orders:
            for row in order.rows:
                by_table[row.table].append(row.values)
        try:
            self._connection.begin()
            for name, rows in by_table.items():
                self._connection.from_arrow(TABLES[name].arrow(rows, self._defaults)).insert_into(name)
            if keep:
                with memory.reserve():  # for a checkpoint that fails is a fatal error
                    self._connection.commit()
            else:
                self._connection.rollback()
        except BaseException:
            try:
                self._connection.rollback()
            except duckdb.Error:
                _LOG.debug("DuckDB had rolled back by itself")
            raise
