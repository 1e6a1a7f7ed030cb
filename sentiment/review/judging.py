"""Judgements in the review tables: which items take one, how one replaces another, who holds an item. When is `review`'s to say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, insert, select, update

from sentiment.errors import ReviewError
from sentiment.review.items import ItemClosedError, to_text
from sentiment.review.standings import read_standings
from sentiment.review.tables import ADJUDICATOR, ANNOTATOR, HOLDS, ITEMS, JUDGEMENTS, LEASES, replace_row

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

LEASE = timedelta(minutes=10)
ADJUDICATED = select(JUDGEMENTS.c.item_id).where(HOLDS, JUDGEMENTS.c.role == ADJUDICATOR).correlate(None)


class Seat(NamedTuple):
    """Where one person's word on one item stands: one judgement at a time holds it."""

    item_id: str
    annotator: str
    role: str = ANNOTATOR

    @property
    def rows(self) -> Any:
        """The condition that all its judgements meet."""
        return and_(*(JUDGEMENTS.c[name] == value for name, value in self._asdict().items()))


def check_open(connection: Connection, item_id: str) -> None:
    """Return if an item takes judgements.

    Raises:
        ItemClosedError: The item is in the dataset already, or a person settled it.
        ReviewError: There is no such item.
    """
    row = connection.execute(select(ITEMS.c.exported_at).where(ITEMS.c.item_id == item_id)).first()
    if row is None:
        raise ReviewError(
            f"no item {item_id[:64]!r} in the review queue: run 'python -m flows.collect', or check the id"
        )
    if row.exported_at is not None:
        raise ItemClosedError(
            f"item {item_id} has been in the dataset since {row.exported_at[:10]}: its label is final"
        )
    for who, (label, _) in read_standings(connection, item_id)[0].settled.items():
        raise ItemClosedError(
            f"item {item_id} was settled by {who} meanwhile: it is {label} unless {who} takes that back"
        )


def write_judgement(connection: Connection, seat: Seat, label: str, moment: datetime) -> None:
    """Put a judgement in the place of the one that holds the seat."""
    retire(connection, seat.rows)
    connection.execute(
        insert(JUDGEMENTS).values(**seat._asdict(), label=label, judged_at=to_text(moment), retired=0)
    )
    connection.execute(
        LEASES.delete().where(LEASES.c.item_id == seat.item_id, LEASES.c.annotator == seat.annotator)
    )


def retire(connection: Connection, which: Any) -> None:
    """Let the judgements that meet a condition hold no more; they stay in the history."""
    connection.execute(update(JUDGEMENTS).where(HOLDS, which).values(retired=JUDGEMENTS.c.number))


def hold(connection: Connection, item_id: str, annotator: str, now: datetime) -> None:
    """Keep an item from others while an annotator looks at it."""
    replace_row(
        connection, LEASES, {"item_id": item_id, "annotator": annotator}, {"until": to_text(now + LEASE)}
    )
