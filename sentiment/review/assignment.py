"""Which item an annotator gets next, and the lease that keeps others from it meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from sentiment.review.audit import is_audit_turn
from sentiment.review.items import SKIPPED, to_text
from sentiment.review.judging import ADJUDICATED
from sentiment.review.tables import ANNOTATOR, HOLDS, ITEMS, JUDGEMENTS, LEASES, replace_row

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

LEASE = timedelta(minutes=10)


def next_item_id(connection: Connection, annotator: str, now: datetime, *, audit_share: float) -> str | None:
    """Return the open item that an annotator gets next, or None.

    The given share of an annotator's items is of the audit, in its random order; the others have
    the highest priority. Where one kind has none left, the other gives way. What the annotator
    skipped comes last. An item that others lease or have judged is given to no more annotators than
    it needs.
    """
    judged = select(JUDGEMENTS).where(HOLDS, JUDGEMENTS.c.role == ANNOTATOR)
    own = judged.where(JUDGEMENTS.c.annotator == annotator).subquery()
    number = connection.scalar(select(func.count()).select_from(own)) or 0
    is_others_turn = not is_audit_turn(number, audit_share)
    others = _count_by_item(
        judged.where(JUDGEMENTS.c.annotator != annotator, JUDGEMENTS.c.label != SKIPPED).subquery()
    )
    leased = _count_by_item(
        select(LEASES).where(LEASES.c.annotator != annotator, LEASES.c.until > to_text(now)).subquery()
    )
    taken = func.coalesce(others.c.number, 0) + func.coalesce(leased.c.number, 0)
    query = (
        select(ITEMS.c.item_id)
        .outerjoin(own, own.c.item_id == ITEMS.c.item_id)
        .outerjoin(others, others.c.item_id == ITEMS.c.item_id)
        .outerjoin(leased, leased.c.item_id == ITEMS.c.item_id)
        .where(ITEMS.c.exported_at.is_(None), ITEMS.c.item_id.not_in(ADJUDICATED), taken < ITEMS.c.needed)
        .where(own.c.label.is_(None) | (own.c.label == SKIPPED))
        .order_by(
            own.c.label.is_not(None),
            own.c.number,
            ITEMS.c.audit_order.is_not(None) if is_others_turn else ITEMS.c.audit_order.is_(None),
            ITEMS.c.audit_order,
            ITEMS.c.priority.desc(),
            ITEMS.c.item_id,
        )
    )
    item_id: str | None = connection.scalar(query.limit(1))
    return item_id


def lease(connection: Connection, item_id: str, annotator: str, now: datetime) -> None:
    """Lease an item to an annotator for ten minutes, so that nobody else is given it."""
    key = {"item_id": item_id, "annotator": annotator}
    replace_row(connection, LEASES, key, {"until": to_text(now + LEASE)})


def _count_by_item(rows: Any) -> Any:
    return select(rows.c.item_id, func.count().label("number")).group_by(rows.c.item_id).subquery()
