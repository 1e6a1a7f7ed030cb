"""Writing judgements: who may judge which item with which label, and how one replaces another."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, func, insert, select, update

from models import LABELS
from sentiment.errors import ReviewError
from sentiment.review.items import UNCLEAR, ItemClosedError, to_text
from sentiment.review.positions import changing
from sentiment.review.standings import read_standings
from sentiment.review.tables import ADJUDICATOR, ANNOTATOR, HOLDS, ITEMS, JUDGEMENTS, LEASES

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_LONGEST_NAME = 100
_OTHERS = JUDGEMENTS.alias()
_IS_ADJUDICATED = (
    select(_OTHERS.c.number)
    .where(_OTHERS.c.item_id == ITEMS.c.item_id, _OTHERS.c.retired == 0, _OTHERS.c.role == ADJUDICATOR)
    .correlate(ITEMS)
    .exists()
)


class Seat(NamedTuple):
    """One person in one role on one item; at most one of its judgements holds."""

    item_id: str
    annotator: str
    role: str = ANNOTATOR

    @property
    def rows(self) -> Any:
        """The condition that all judgements of this seat meet."""
        return and_(*(JUDGEMENTS.c[name] == value for name, value in self._asdict().items()))


def normal_name(annotator: str) -> str:
    """Return a person's name in its one spelling: lower case, single spaces, composed accents.

    Raises:
        ReviewError: The name is blank, too long, or has a semicolon.
    """
    name = unicodedata.normalize("NFC", " ".join(annotator.split()).casefold())
    if not name or len(name) > _LONGEST_NAME or ";" in name:
        raise ReviewError(
            f"the annotator's name {annotator[:40]!r} cannot be used: "
            f"give 1 to {_LONGEST_NAME} characters without a semicolon"
        )
    return name


def check_label(label: str) -> None:
    """Refuse every label but LABELS and `unclear`.

    Raises:
        ReviewError: The label is another.
    """
    if label not in (*LABELS, UNCLEAR):
        raise ReviewError(f"label {label[:40]!r} is unknown: use {', '.join(LABELS)} or {UNCLEAR}")


def check_open(connection: Connection, item_id: str) -> None:
    """Refuse an item that is unknown or takes no more judgements.

    Raises:
        ItemClosedError: The item is in the dataset already, or a person adjudicated it.
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
    for who, (label, _) in read_standings(connection, ITEMS.c.item_id == item_id)[0].adjudicated.items():
        raise ItemClosedError(
            f"item {item_id} was settled by {who} meanwhile: it is {label} unless {who} takes that back"
        )


def write_judgement(connection: Connection, seat: Seat, label: str, moment: datetime) -> None:
    """Write a judgement, which replaces the seat's earlier one and ends its lease."""
    with changing(connection, seat.item_id):
        _retire(connection, seat.rows)
        connection.execute(
            insert(JUDGEMENTS).values(**seat._asdict(), label=label, judged_at=to_text(moment), retired=0)
        )
    connection.execute(
        LEASES.delete().where(LEASES.c.item_id == seat.item_id, LEASES.c.annotator == seat.annotator)
    )


def import_judgement(connection: Connection, seat: Seat, label: str, judged_at: datetime) -> bool:
    """Write a judgement made elsewhere; return False if the seat has the same label already.

    Raises:
        ItemClosedError: As for `check_open`.
        ReviewError: As for `check_open`, or the seat's own last judgement is no older.
    """
    if connection.scalar(select(JUDGEMENTS.c.label).where(HOLDS, seat.rows)) == label:
        return False
    check_open(connection, seat.item_id)
    newest = connection.scalar(select(func.max(JUDGEMENTS.c.judged_at)).where(seat.rows))
    if newest and newest >= to_text(judged_at):
        raise ReviewError(
            f"item {seat.item_id}: what {seat.annotator} did here on {newest[:16]} "
            "is no older than the file: judge it again here"
        )
    write_judgement(connection, seat, label, judged_at)
    return True


def take_back(connection: Connection, annotator: str) -> tuple[str, str] | None:
    """Let a person's last judgement hold no longer; return its item and role, None without any.

    What is in the dataset, and what another person adjudicated, stays.
    """
    query = (
        select(JUDGEMENTS.c.number, JUDGEMENTS.c.item_id, JUDGEMENTS.c.role)
        .join(ITEMS, ITEMS.c.item_id == JUDGEMENTS.c.item_id)
        .where(JUDGEMENTS.c.annotator == annotator, HOLDS, ITEMS.c.exported_at.is_(None))
        .where((JUDGEMENTS.c.role == ADJUDICATOR) | ~_IS_ADJUDICATED)
        .order_by(JUDGEMENTS.c.number.desc())
    )
    row = connection.execute(query.limit(1)).first()
    if row is None:
        return None
    with changing(connection, row.item_id):
        _retire(connection, JUDGEMENTS.c.number == row.number)
    return row.item_id, row.role


def _retire(connection: Connection, which: Any) -> None:
    """Let the judgements that meet a condition hold no longer; they stay in the history."""
    connection.execute(update(JUDGEMENTS).where(HOLDS, which).values(retired=JUDGEMENTS.c.number))
