"""The review database: any that SQLAlchemy supports."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateColumn

from sentiment.errors import ReviewError
from sentiment.review.backfill import fill_positions
from sentiment.review.tables import METADATA, WATERMARKS, replace_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

_AS_CLOUDS_WRITE_IT = ("postgres", "postgresql")
_TURN = 7_364_151_923  # the advisory lock of writers on PostgreSQL; any number that is ours
_BUSY_SECONDS = 30


class Database:
    """A review database; it creates its tables at first use, and its errors show no password."""

    def __init__(self, url: str) -> None:
        try:
            self._engine = _make_engine(url)
        except (SQLAlchemyError, ImportError) as error:
            raise ReviewError(
                f"the review queue's address cannot be used ({type(error).__name__}): "
                "correct SENTIMENT_REVIEW_URL or install its driver"
            ) from error
        self._is_made = False
        self._writing = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction, committed as a whole or rolled back; other writers wait for its end.

        Raises:
            ReviewError: The database cannot be reached or refuses.
        """
        # Threads wait here, so that many of them hold no connections of the pool.
        with self._writing, self._begin(self._engine) as connection:
            _take_turn(connection)
            yield connection

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a connection for reading, which waits for no writer.

        Raises:
            ReviewError: As for `transaction`.
        """
        return self._begin(self._engine.execution_options(is_reading=True))

    @contextmanager
    def _begin(self, engine: Engine) -> Iterator[Connection]:
        try:
            if not self._is_made:
                with self._engine.begin() as connection:
                    if connection.dialect.name == "postgresql":
                        _take_turn(connection)
                    _add_missing_columns(connection)
                    METADATA.create_all(connection)
                    _add_missing_indexes(connection)
                    fill_positions(connection)
                self._is_made = True
            with engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            address = self._engine.url.render_as_string(hide_password=True)
            raise ReviewError(
                f"the review queue at {address} cannot be used ({type(error).__name__}): "
                "check SENTIMENT_REVIEW_URL and that it answers"
            ) from error

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _take_turn(connection: Connection) -> None:
    """Let writers wait for each other until the end of their transactions."""
    # On SQLite, BEGIN IMMEDIATE does it; elsewhere, a row that all write first.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
    elif connection.dialect.name != "sqlite":
        replace_row(connection, WATERMARKS, {"name": "turn"}, {"moment": ""})


def _add_missing_indexes(connection: Connection) -> None:
    """Add the indexes that tables of an earlier version lack."""
    known = inspect(connection)
    for table in METADATA.sorted_tables:
        found = {index["name"] for index in known.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in found:
                index.create(connection)


def _add_missing_columns(connection: Connection) -> None:
    """Add the columns that tables of an earlier version lack."""
    known = inspect(connection)
    present = set(known.get_table_names())
    for table in (table for table in METADATA.sorted_tables if table.name in present):
        found = {column["name"] for column in known.get_columns(table.name)}
        for column in table.columns:
            if column.name not in found:
                made = CreateColumn(column).compile(dialect=connection.dialect)
                # Two programs may come at once. SQLite lets them take turns; on PostgreSQL, the
                # second finds the column there.
                guard = "IF NOT EXISTS " if connection.dialect.name == "postgresql" else ""
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {guard}{made}")


def _make_engine(url: str) -> Engine:
    address = make_url(url)
    if address.drivername in _AS_CLOUDS_WRITE_IT:
        address = address.set(drivername="postgresql+psycopg")  # the driver that is installed
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True)
    engine = create_engine(address, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # else the driver begins transactions of its own, too late for a lock
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # what is acknowledged survives a power cut


def _begin_sqlite(connection: Connection) -> None:
    """Begin a writing transaction with the write lock, so that writers wait instead of failing."""
    connection.exec_driver_sql(
        "BEGIN" if connection.get_execution_options().get("is_reading") else "BEGIN IMMEDIATE"
    )
