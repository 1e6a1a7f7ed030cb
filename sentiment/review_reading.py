"""From the rows of the review tables to items and decisions; `review` changes what is in them."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from sentiment.review_items import Item, is_flood
from sentiment.review_tables import ITEMS, REPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

Decision = tuple[str, tuple[str, ...], str]  # the label, the annotators and the moment that settle an item
_COLUMNS = [column for column in ITEMS.c if column.name != "form"]


def read_items(connection: Connection, item_ids: list[str] | None = None) -> list[Item]:
    """Return items with their copies and notes, the most informative first."""
    query, reports = select(*_COLUMNS).order_by(ITEMS.c.priority.desc(), ITEMS.c.item_id), select(REPORTS)
    if item_ids is not None:
        query, reports = query.where(ITEMS.c.item_id.in_(item_ids)), reports.where(REPORTS.c.item_id.in_(item_ids))
    by_item: defaultdict[str, list[Any]] = defaultdict(list)
    for report in connection.execute(reports):
        by_item[report.item_id].append(report)
    floods = _flooding_sources(connection)
    return [_to_item(row, by_item[row.item_id], floods) for row in connection.execute(query)]


def _flooding_sources(connection: Connection) -> set[str]:
    moments: defaultdict[str, list[datetime]] = defaultdict(list)
    for source, moment in connection.execute(select(REPORTS.c.source, REPORTS.c.received_at).where(REPORTS.c.source.is_not(None))):
        moments[source].append(datetime.fromisoformat(moment))
    return {source for source, some in moments.items() if is_flood(some)}


def _to_item(row: Any, reports: list[Any], floods: set[str]) -> Item:
    labels = {report.feedback_label for report in reports if report.feedback_label}
    notes = {
        "copies": len(reports) > 1,
        "contradictory": len(labels) > 1,
        "flood": any(report.source in floods for report in reports),
    }
    values = {name: row._mapping[name] for name in ("item_id", "text", "predicted_label", "feedback_label", "score", "model")}
    return Item(
        **values,
        prediction_id=row.prediction_id,
        origin=row.origin,
        received_at=datetime.fromisoformat(row.received_at).astimezone(UTC),
        copies=len(reports),
        notes=tuple(name for name, applies in notes.items() if applies),
        priority=row.priority,
        needed=row.needed,
    )


def decide(row: Any, labels: Mapping[str, tuple[str, str]]) -> Decision | None:
    """Return what settles an item; None while it is open."""
    if row.adjudicated_label is not None:
        return row.adjudicated_label, tuple(sorted({*labels, row.adjudicator})), row.adjudicated_at
    said = {label for label, _ in labels.values()}
    if len(labels) >= row.needed and len(said) == 1:
        return said.pop(), tuple(sorted(labels)), max(moment for _, moment in labels.values())
    return None


def is_disputed(row: Any, labels: Mapping[str, tuple[str, str]], decision: Decision | None) -> bool:
    """Return whether enough annotators judged an item without agreeing."""
    return decision is None and len(labels) >= row.needed and len({label for label, _ in labels.values()}) > 1
