"""From the rows of the review tables to items, and to where each stands; `review` changes what is in them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from sentiment.review.items import SKIPPED, Item
from sentiment.review.tables import ADJUDICATOR, HOLDS, ITEMS, JUDGEMENTS, REPORTS

if TYPE_CHECKING:
    from sqlalchemy import Connection

_COLUMNS = [column for column in ITEMS.c if column.name != "form"]


class Decision(NamedTuple):
    """What settles an item: the label, whose it is, and since when."""

    label: str
    annotators: tuple[str, ...]
    moment: datetime


@dataclass(frozen=True)
class Standing:
    """Where an item stands: what its annotators say, by name, and what an adjudicator decided; both with their moments."""

    item_id: str
    needed: int
    said: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    settled: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        """The label that each annotator gave it."""
        return {annotator: label for annotator, (label, _) in self.said.items()}

    @property
    def decision(self) -> Decision | None:
        """What settles it; None while it is open."""
        for adjudicator, (label, moment) in self.settled.items():
            return Decision(label, tuple(sorted({*self.said, adjudicator})), moment)
        if len(self.said) < self.needed or len(set(self.labels.values())) > 1:
            return None
        label, moment = max(self.said.values(), key=lambda word: word[1])
        return Decision(label, tuple(sorted(self.said)), moment)

    @property
    def is_disputed(self) -> bool:
        """Whether enough annotators judged it without agreeing."""
        return self.decision is None and len(self.said) >= self.needed

    @property
    def is_waiting(self) -> bool:
        """Whether it still waits for an annotator."""
        return self.decision is None and not self.is_disputed


def read_standings(connection: Connection, item_id: str | None = None) -> list[Standing]:
    """Return where all items stand, or one of them."""
    items = select(ITEMS.c.item_id, ITEMS.c.needed)
    words = select(JUDGEMENTS).where(HOLDS, JUDGEMENTS.c.label != SKIPPED).order_by(JUDGEMENTS.c.number)
    if item_id is not None:
        items, words = items.where(ITEMS.c.item_id == item_id), words.where(JUDGEMENTS.c.item_id == item_id)
    said = connection.execute(words).all()  # first, so that each word's item is among the items
    found = {row.item_id: Standing(row.item_id, row.needed) for row in connection.execute(items)}
    for word in said:
        standing = found[word.item_id]
        by_name = standing.settled if word.role == ADJUDICATOR else standing.said
        by_name[word.annotator] = (word.label, datetime.fromisoformat(word.judged_at))
    return list(found.values())


def read_items(connection: Connection, item_ids: list[str] | None = None) -> list[Item]:
    """Return items with their copies and notes, the most informative first."""
    query, reports = select(*_COLUMNS).order_by(ITEMS.c.priority.desc(), ITEMS.c.item_id), select(REPORTS)
    if item_ids is not None:
        query, reports = (
            query.where(ITEMS.c.item_id.in_(item_ids)),
            reports.where(REPORTS.c.item_id.in_(item_ids)),
        )
    by_item: defaultdict[str, list[Any]] = defaultdict(list)
    for report in connection.execute(reports):
        by_item[report.item_id].append(report)
    return [_to_item(row, by_item[row.item_id]) for row in connection.execute(query)]


def _to_item(row: Any, reports: list[Any]) -> Item:
    labels = {report.feedback_label for report in reports if report.feedback_label}
    notes = {
        "copies": len(reports) > 1,
        "contradictory": len(labels) > 1,
        "flood": any(report.is_flood for report in reports),
    }
    values = {
        name: row._mapping[name]
        for name in ("item_id", "text", "predicted_label", "feedback_label", "score", "model")
    }
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
