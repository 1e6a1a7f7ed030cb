"""The audit within the queue: its draws, their progress, and how far the random order is reviewed.

Annotators get the audit in the order of `Report.audit_order`. What is reviewed up to a place in
that order is a random sample, whatever was reviewed out of turn; so only that joins the dataset.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import func, select

from sentiment.review.items import SKIPPED, UNCLEAR, AuditDraw
from sentiment.review.tables import HOLDS, ITEMS, JUDGEMENTS, REPORTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from sentiment.data.audited import State
    from sentiment.review.items import Item
    from sentiment.review.standings import Standing


def is_audit_turn(judged: int, share: float) -> bool:
    """Return whether an annotator who judged so many items gets one of the audit next.

    >>> [is_audit_turn(judged, 0.5) for judged in range(4)]
    [False, True, False, True]
    """
    return math.floor((judged + 1) * share) > math.floor(judged * share)


def in_turn(items: Sequence[Item], share: float) -> list[Item]:
    """Return items, given the most informative first, in the order that annotators get them."""
    audit = deque(sorted((item for item in items if item.audit_order is not None), key=_order))
    others = deque(item for item in items if item.audit_order is None)
    ordered: list[Item] = []
    while audit or others:
        is_audits = audit and (is_audit_turn(len(ordered), share) or not others)
        ordered.append((audit if is_audits else others).popleft())
    return ordered


def _order(item: Item) -> float:
    return item.audit_order or 0.0


def read_draws(connection: Connection, *where: Any) -> Mapping[str, tuple[AuditDraw, ...]]:
    """Return the audit's draws that meet conditions on REPORTS by item, in the audit's order."""
    rows = connection.execute(select(REPORTS).where(REPORTS.c.drawn == "audit", *where))
    by_item: defaultdict[str, list[AuditDraw]] = defaultdict(list)
    for row in rows:
        names = ("feedback_id", "prediction_id", "predicted_label", "model", "probability")
        by_item[row.item_id].append(AuditDraw(*(row._mapping[name] for name in names)))
    in_order = {item_id: sorted(draws, key=lambda draw: draw.order) for item_id, draws in by_item.items()}
    return {item_id: tuple(draws) for item_id, draws in in_order.items()}


def read_frontier(connection: Connection) -> float:
    """Return the place in the audit's order before which annotators have seen everything.

    That is the place of the first item that nobody judged or skipped; infinite where there is none.
    """
    first: float | None = connection.scalar(select(func.min(ITEMS.c.unseen)))
    return math.inf if first is None else first


def _state(standing: Standing, skipped: set[str]) -> str:
    if standing.decision:
        return "unclear" if standing.decision.label == UNCLEAR else "settled"
    return "skipped" if standing.item_id in skipped and not standing.judged else "waiting"


def read_audit_states(
    connection: Connection, standings: Iterable[Standing]
) -> list[tuple[AuditDraw, State, str | None]]:
    """Return each draw of the audit with its state, and its label where it has one.

    What was judged out of turn counts as waiting: people chose it, not chance.
    """
    draws, frontier, skipped = read_draws(connection), read_frontier(connection), _read_skipped(connection)
    return [
        (draw, *(_outcome(standing, skipped) if draw.order < frontier else ("waiting", None)))
        for standing in standings
        for draw in draws.get(standing.item_id, ())
    ]


def _outcome(standing: Standing, skipped: set[str]) -> tuple[State, str | None]:
    if standing.is_disputed:
        return "disputed", None
    state = _state(standing, skipped)
    if state == "settled" and standing.decision:
        return "labelled", standing.decision.label
    return cast("State", state), None


def _read_skipped(connection: Connection) -> set[str]:
    return set(connection.scalars(select(JUDGEMENTS.c.item_id).where(HOLDS, JUDGEMENTS.c.label == SKIPPED)))
