"""The tables of the review queue."""

from __future__ import annotations

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
    insert,
    text,
    update,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

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
    # What follows is worked out from the other columns and tables at every change (`positions.py`),
    # so that no question needs to look at all items; None in items from before 0.2.0.
    Column("number", Integer, index=True),  # the order in which items were added, from 1
    Column("state", String(16)),  # waiting, disputed, settled or unclear
    Column("draws", Integer),  # the audit's predictions that are reports of it
    Column("lane", String(8)),  # audit or other while annotators may get it, else empty
    Column("judge", String(100)),  # of an item that waits for its second annotator, the first
    Column("place", Float),  # in its lane: the lowest is given first
    Column("unseen", Float),  # its audit_order until anybody judges or skips it
    Index("items_to_give", "lane", "judge", "place", "item_id"),
    Index("items_by_state", "state", "exported_at"),
    Index("items_by_priority", "state", text("priority DESC"), "item_id"),
    Index("items_unseen", "unseen"),
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
    Index("judgements_of_a_person", "annotator", "retired", "number"),
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
COUNTS = Table(  # of items, by what `positions.py` counts
    "review_counts",
    METADATA,
    Column("kind", String(16), primary_key=True),
    Column("name", String(260), primary_key=True),
    Column("number", Integer, nullable=False),
)
INBOX_PARTS = Table(  # the parts of the feedback inbox of which every complaint is in the queue
    "review_inbox_parts",
    METADATA,
    Column("name", String(200), primary_key=True),
)


def replace_row(
    connection: Connection, table: Any, key: Mapping[str, str], values: Mapping[str, Any]
) -> None:
    """Update the row with a key, or insert it."""
    matches = [table.c[name] == value for name, value in key.items()]
    if not connection.execute(update(table).where(*matches).values(**values)).rowcount:
        connection.execute(insert(table).values({**key, **values}))
