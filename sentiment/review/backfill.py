"""Working out where the items stand that an earlier version of the queue wrote."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, update

from sentiment.review.positions import Counts, add_counts, place_of
from sentiment.review.tables import HOLDS, ITEMS, JUDGEMENTS, REPORTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_AT_ONCE = 1000
_UNPLACED = (
    select(ITEMS)
    .where(ITEMS.c.number.is_(None))
    .order_by(ITEMS.c.received_at, ITEMS.c.item_id)
    .limit(_AT_ONCE)
)


def fill_positions(connection: Connection) -> None:
    """Number the items that have no number yet, and work out where they stand.

    All in the caller's transaction: a crash leaves the queue as it was.
    """
    is_placed = connection.execute(_UNPLACED.limit(1)).first() is None
    if is_placed:
        return
    number = connection.scalar(select(func.max(ITEMS.c.number))) or 0
    counts: Counts = Counter()
    while rows := connection.execute(_UNPLACED).all():
        number = _fill(connection, rows, number, counts)
    add_counts(connection, counts)


def _fill(connection: Connection, rows: Sequence[Any], number: int, counts: Counts) -> int:
    ids = [row.item_id for row in rows]
    judgements: defaultdict[str, list[Any]] = defaultdict(list)
    held = select(JUDGEMENTS).where(HOLDS, JUDGEMENTS.c.item_id.in_(ids)).order_by(JUDGEMENTS.c.number)
    for row in connection.execute(held):
        judgements[row.item_id].append(row)
    is_audit = (REPORTS.c.drawn == "audit", REPORTS.c.item_id.in_(ids))
    drawn = select(REPORTS.c.item_id, func.count().label("number")).where(*is_audit)
    draws = {row.item_id: row.number for row in connection.execute(drawn.group_by(REPORTS.c.item_id))}
    values = []
    for offset, row in enumerate(rows, 1):
        with_draws = _WithDraws(row, draws.get(row.item_id, 0))
        position, its_counts = place_of(with_draws, judgements[row.item_id])
        counts.update(its_counts)
        values.append(
            {
                **position._asdict(),
                "its_id": row.item_id,
                "draws": with_draws.draws,
                "number": number + offset,
            }
        )
    connection.execute(update(ITEMS).where(ITEMS.c.item_id == bindparam("its_id")), values)
    return number + len(rows)


class _WithDraws:
    """The row of an item, with its draws."""

    def __init__(self, row: Any, draws: int) -> None:
        self._row, self.draws = row, draws

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)
