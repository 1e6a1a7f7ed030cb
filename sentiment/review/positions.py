"""Where each item stands, worked out when it changes: its state, its place, and what is counted.

So no question needs to look at all items, however many there are.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update

from sentiment.review.items import SKIPPED, UNCLEAR
from sentiment.review.standings import Standing, to_standing
from sentiment.review.tables import ANNOTATOR, COUNTS, HOLDS, ITEMS, JUDGEMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

# The kinds of counts; a name has several words where it counts for several, joined by `;`.
ITEM, DRAW, JUDGED, GIVEN, PAIR, RATINGS = "item", "draw", "judged", "given", "pair", "ratings"
AUDIT_LANE, OTHER_LANE, NO_LANE = "audit", "other", ""
Counts = Counter[tuple[str, str]]

_COLUMNS = (ITEMS.c.item_id, ITEMS.c.needed, ITEMS.c.priority, ITEMS.c.exported_at, ITEMS.c.audit_order)
_ITEM = select(*_COLUMNS, ITEMS.c.draws).where(ITEMS.c.item_id == bindparam("sought"))
_JUDGEMENTS = select(JUDGEMENTS).where(HOLDS, JUDGEMENTS.c.item_id == bindparam("sought"))
_ADD = (
    update(COUNTS)
    .where(COUNTS.c.kind == bindparam("its_kind"), COUNTS.c.name == bindparam("its_name"))
    .values(number=COUNTS.c.number + bindparam("more"))
)
_NEW = insert(COUNTS)


class Position(NamedTuple):
    """The columns of an item that are worked out."""

    state: str
    lane: str
    judge: str
    place: float
    unseen: float | None


def half(lane: str) -> str:
    """Return the kind that counts items of a lane by their first of two annotators."""
    return f"half {lane}"


def place_of(item: Any, judgements: Sequence[Any]) -> tuple[Position, Counts]:
    """Return where an item stands, and what it adds to the counts.

    Args:
        item: Its row.
        judgements: The rows of its judgements that hold.
    """
    standing = to_standing(item, judgements)
    state = _state(standing)
    is_open = standing.is_waiting and item.exported_at is None
    is_audit = item.audit_order is not None
    lane = (AUDIT_LANE if is_audit else OTHER_LANE) if is_open else NO_LANE
    judge = min(standing.judged, default="") if lane else ""
    place = item.audit_order if is_audit else -item.priority
    is_unseen = is_audit and item.exported_at is None and not judgements
    position = Position(state, lane, judge, place, item.audit_order if is_unseen else None)
    return position, _count(item, standing, position, judgements)


def _state(standing: Standing) -> str:
    if standing.decision:
        return UNCLEAR if standing.decision.label == UNCLEAR else "settled"
    return "disputed" if standing.is_disputed else "waiting"


def _count(item: Any, standing: Standing, position: Position, judgements: Sequence[Any]) -> Counts:
    counts: Counts = Counter({(ITEM, position.state): 1})
    if item.draws:
        counts[DRAW, _state_of_draws(standing, position.state, judgements)] = item.draws
    counts.update((JUDGED, name) for name in standing.judged)
    counts.update((GIVEN, row.annotator) for row in judgements if row.role == ANNOTATOR)
    if position.judge:
        counts[half(position.lane), position.judge] = 1
    labels = standing.labels
    for first, second in combinations(sorted(labels), 2):
        counts[PAIR, ";".join((first, second, labels[first], labels[second]))] = 1
    if len(labels) > 1:
        counts[RATINGS, ";".join(sorted(labels.values()))] = 1
    return counts


def _state_of_draws(standing: Standing, state: str, judgements: Sequence[Any]) -> str:
    if state in ("settled", UNCLEAR):
        return state
    is_skipped = any(row.label == SKIPPED for row in judgements) and not standing.judged
    return "skipped" if is_skipped else "waiting"


@contextmanager
def changing(connection: Connection, item_id: str) -> Iterator[None]:
    """Let the caller change an item or its judgements; then renew its place and its counts."""
    _, before = _read(connection, item_id)
    yield
    position, after = _read(connection, item_id)
    if position:
        connection.execute(update(ITEMS).where(ITEMS.c.item_id == item_id).values(**position._asdict()))
        change = Counter(after)
        change.subtract(before)
        add_counts(connection, change)


def _read(connection: Connection, item_id: str) -> tuple[Position | None, Counts]:
    item = connection.execute(_ITEM, {"sought": item_id}).first()
    if item is None:
        return None, Counter()
    return place_of(item, connection.execute(_JUDGEMENTS, {"sought": item_id}).all())


def add_counts(connection: Connection, change: Counts) -> None:
    """Add changes, which may be negative, to the counts."""
    for (kind, name), more in sorted(change.items()):
        given = {"its_kind": kind, "its_name": name, "more": more}
        if more and not connection.execute(_ADD, given).rowcount:
            connection.execute(_NEW, {"kind": kind, "name": name, "number": more})


def read_counts(connection: Connection, kind: str, name: str | None = None) -> dict[str, int]:
    """Return the counts of a kind that are not 0, or the one of a name, by name."""
    query = select(COUNTS.c.name, COUNTS.c.number).where(COUNTS.c.kind == kind, COUNTS.c.number != 0)
    if name is not None:
        query = query.where(COUNTS.c.name == name)
    return {row.name: row.number for row in connection.execute(query)}
