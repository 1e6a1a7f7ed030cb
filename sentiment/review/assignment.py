"""Which item an annotator gets next, and the lease that keeps others from it meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, bindparam, case, exists, func, select

from sentiment.review.audit import is_audit_turn
from sentiment.review.items import SKIPPED, to_text
from sentiment.review.positions import AUDIT_LANE, GIVEN, NO_LANE, OTHER_LANE, half, read_counts
from sentiment.review.tables import ANNOTATOR, COUNTS, ITEMS, JUDGEMENTS, LEASES, replace_row

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

LEASE = timedelta(minutes=10)
_FORGOTTEN = timedelta(hours=1)  # after its end, a lease is deleted: clocks may differ by less

# Built once: building a statement takes longer than running it.
_ME: BindParameter[str] = bindparam("me")
_MINE = JUDGEMENTS.alias()
_IS_MINE = (
    (_MINE.c.item_id == ITEMS.c.item_id)
    & (_MINE.c.annotator == _ME)
    & (_MINE.c.role == ANNOTATOR)
    & (_MINE.c.retired == 0)
)
_LEASED = (
    select(func.count())
    .select_from(LEASES)
    .where(LEASES.c.item_id == ITEMS.c.item_id, LEASES.c.annotator != _ME, LEASES.c.until > bindparam("now"))
    .correlate(ITEMS)
    .scalar_subquery()
)
_IS_FREE = case((ITEMS.c.judge == "", 0), else_=1) + _LEASED < ITEMS.c.needed
_NOT_MINE = ~exists().where(_IS_MINE).correlate(ITEMS)
_IN_ORDER = (ITEMS.c.place, ITEMS.c.item_id)


def _first_of(judge: Any) -> Any:
    """Return a query for a lane's first free item that this person alone has judged."""
    return (
        select(ITEMS.c.item_id)
        .where(ITEMS.c.lane == bindparam("lane"), ITEMS.c.judge == judge, _NOT_MINE, _IS_FREE)
        .order_by(*_IN_ORDER)
        .limit(1)
    )


_FIRST_OF_NOBODY = _first_of("")
# The first for each person who waits for a second: so nobody's own backlog is searched.
_FIRST_OF_EACH = select(_first_of(COUNTS.c.name).correlate(COUNTS).scalar_subquery()).where(
    COUNTS.c.kind == bindparam("kind"), COUNTS.c.number > 0, COUNTS.c.name != _ME
)
_SKIPPED = (
    select(ITEMS.c.item_id)
    .join(_MINE, _IS_MINE)
    .where(_MINE.c.label == SKIPPED, ITEMS.c.lane != NO_LANE, _IS_FREE)
    .order_by(_MINE.c.number)
    .limit(1)
)


def next_item_id(connection: Connection, annotator: str, now: datetime, *, audit_share: float) -> str | None:
    """Return the open item that an annotator gets next, or None.

    The given share of an annotator's items is of the audit, in its random order; the others have
    the highest priority. Where one kind has none left, the other gives way. What the annotator
    skipped comes last. An item that others lease or have judged is given to no more annotators than
    it needs.
    """
    given = {"me": annotator, "now": to_text(now)}
    number = read_counts(connection, GIVEN, annotator).get(annotator, 0)
    lanes = (AUDIT_LANE, OTHER_LANE) if is_audit_turn(number, audit_share) else (OTHER_LANE, AUDIT_LANE)
    for lane in lanes:
        in_lane = given | {"lane": lane}
        firsts = [connection.scalar(_FIRST_OF_NOBODY, in_lane)]
        firsts += connection.scalars(_FIRST_OF_EACH, in_lane | {"kind": half(lane)})
        ids = [item_id for item_id in firsts if item_id is not None]
        if len(ids) > 1:
            in_order = select(ITEMS.c.item_id).where(ITEMS.c.item_id.in_(ids)).order_by(*_IN_ORDER)
            ids = [str(connection.scalar(in_order.limit(1)))]
        if ids:
            return str(ids[0])
    skipped: str | None = connection.scalar(_SKIPPED, given)
    return skipped


def lease(connection: Connection, item_id: str, annotator: str, now: datetime) -> None:
    """Lease an item to an annotator for ten minutes, so that nobody else is given it."""
    connection.execute(LEASES.delete().where(LEASES.c.until < to_text(now - _FORGOTTEN)))
    key = {"item_id": item_id, "annotator": annotator}
    replace_row(connection, LEASES, key, {"until": to_text(now + LEASE)})
