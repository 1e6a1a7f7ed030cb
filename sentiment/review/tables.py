"""The tables of the review queue, and its database: any that SQLAlchemy supports."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateColumn

from sentiment.errors import ReviewError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection, Engine

_AS_CLOUDS_WRITE_IT = ("postgres", "postgresql")
# Times are ISO 8601 in UTC with microseconds: every database sorts and compares them alike.
METADATA = MetaData()
ITEMS = Table(
    "review_items",
    METADATA,
    Column("item_id", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("predicted_label", String(16), nullable=False),
    Column("feedback_label", String(16)),
    Column("score", Float, nullable=False),
    Column("model", String(200), nullable=False),
    Column("prediction_id", Text, nullable=False),
    Column("origin", String(32), nullable=False),
    Column("received_at", String(40), nullable=False),
    Column("needed", Integer, nullable=False),
    Column("novelty", Float, nullable=False),
    Column("priority", Float, nullable=False, index=True),
    Column("exported_at", String(40)),
    Column("audit_order", Float),
)
REPORTS = Table(
    "review_reports",
    METADATA,
    Column("feedback_id", String(64), primary_key=True),
    Column("item_id", String(64), nullable=False, index=True),
    Column("origin", String(32), nullable=False),
    Column("feedback_label", String(16)),
    Column("source", String(64)),
    Column("received_at", String(40), nullable=False),
    Column("is_flood", Boolean, nullable=False),
    # Reports from before 0.2.0 have the default: nobody knows any more how they were drawn.
    Column("drawn", String(16), nullable=False, server_default="complaint"),
    Column("probability", Float),
    Column("prediction_id", Text),
    Column("predicted_label", String(16)),
    Column("model", String(200)),
    Index("reports_of_a_source", "source", "received_at"),
)
JUDGEMENTS = Table(
    "review_judgements",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("item_id", String(64), nullable=False, index=True),
    Column("annotator", String(100), nullable=False),
    Column("role", String(16), nullable=False),
    Column("label", String(16), nullable=False),
    Column("judged_at", String(40), nullable=False),
    # 0 while it holds, its own number once it is replaced or undone. So the history stays, and the
    # index ensures on every database alike that one judgement holds, whatever two browsers do at
    # once.
    Column("retired", Integer, nullable=False),
    Index("one_judgement_holds", "item_id", "annotator", "role", "retired", unique=True),
)
ANNOTATOR, ADJUDICATOR = "annotator", "adjudicator"  # the roles
HOLDS = JUDGEMENTS.c.retired == 0
LEASES = Table(
    "review_leases",
    METADATA,
    Column("item_id", String(64), primary_key=True),
    Column("annotator", String(100), primary_key=True),
    Column("until", String(40), nullable=False),
)
WATERMARKS = Table(
    "review_watermarks",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("moment", String(40), nullable=False),
)
INBOX_PARTS = Table(  # the parts of the feedback inbox of which every complaint is in the queue
    "review_inbox_parts",
    METADATA,
    Column("name", String(200), primary_key=True),
)
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

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction, committed as a whole or rolled back; other writers wait for its end.

        Raises:
            ReviewError: The database cannot be reached or refuses.
        """
        with self._begin(self._engine) as connection:
            # There, BEGIN IMMEDIATE lets writers take turns; elsewhere, a row that all write first.
            if connection.dialect.name != "sqlite":
                replace_row(connection, WATERMARKS, {"name": "turn"}, {"moment": ""})
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
                    METADATA.create_all(connection)
                    _add_missing_columns(connection)
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


def _add_missing_columns(connection: Connection) -> None:
    """Add the columns that tables of an earlier version lack."""
    known = inspect(connection)
    for table in METADATA.sorted_tables:
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


def replace_row(
    connection: Connection, table: Any, key: Mapping[str, str], values: Mapping[str, Any]
) -> None:
    """Update the row with a key, or insert it."""
    matches = [table.c[name] == value for name, value in key.items()]
    if not connection.execute(update(table).where(*matches).values(**values)).rowcount:
        connection.execute(insert(table).values({**key, **values}))
