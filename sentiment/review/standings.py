"""Reading the review tables: items, the standing of each, and the settled ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from sentiment.review.audit import read_draws
from sentiment.review.items import SKIPPED, Item, Settled
from sentiment.review.tables import ADJUDICATOR, HOLDS, ITEMS, JUDGEMENTS, REPORTS

if TYPE_CHECKING:
    from sqlalchemy import Connection

_COLUMNS = [column for column in ITEMS.c if column.name != "form"]


class Decision(NamedTuple):
    """What settles an item: the label, the people who gave it, and the time."""

    label: str
    annotators: tuple[str, ...]
    moment: datetime


@dataclass(frozen=True)
class Standing:
    """The state of an item: labels with their times, by annotator and by adjudicator."""

    item_id: str
    needed: int
    judged: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    adjudicated: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        """The label of each annotator."""
        return {annotator: label for annotator, (label, _) in self.judged.items()}

    @property
    def decision(self) -> Decision | None:
        """The decision of an adjudicator or of annotators who agree; None if there is none."""
        for adjudicator, (label, moment) in self.adjudicated.items():
            return Decision(label, tuple(sorted({*self.judged, adjudicator})), moment)
        if len(self.judged) < self.needed or len(set(self.labels.values())) > 1:
            return None
        label, moment = max(self.judged.values(), key=lambda judgement: judgement[1])
        return Decision(label, tuple(sorted(self.judged)), moment)

    @property
    def is_disputed(self) -> bool:
        """Whether enough annotators judged the item without agreeing."""
        return self.decision is None and len(self.judged) >= self.needed

    @property
    def is_waiting(self) -> bool:
        """Whether the item still needs an annotator."""
        return self.decision is None and not self.is_disputed


def read_standings(connection: Connection, item_id: str | None = None) -> list[Standing]:
    """Return the standings of all items, or of one."""
    items = select(ITEMS.c.item_id, ITEMS.c.needed)
    judgements = select(JUDGEMENTS).where(HOLDS, JUDGEMENTS.c.label != SKIPPED)
    if item_id is not None:
        items = items.where(ITEMS.c.item_id == item_id)
        judgements = judgements.where(JUDGEMENTS.c.item_id == item_id)
    # Judgements first: so the item of each is among the items.
    rows = connection.execute(judgements.order_by(JUDGEMENTS.c.number)).all()
    standings = {row.item_id: Standing(row.item_id, row.needed) for row in connection.execute(items)}
    for row in rows:
        standing = standings[row.item_id]
        by_name = standing.adjudicated if row.role == ADJUDICATOR else standing.judged
        by_name[row.annotator] = (row.label, datetime.fromisoformat(row.judged_at))
    return list(standings.values())


def read_settled(connection: Connection) -> list[Settled]:
    """Return the items with a decision, oldest first, with their sources and draws."""
    items = {item.item_id: item for item in read_items(connection)}
    draws, probabilities = read_draws(connection), _read_probabilities(connection)
    sources: defaultdict[str, set[str]] = defaultdict(set)
    with_source = select(REPORTS.c.item_id, REPORTS.c.source).where(REPORTS.c.source.is_not(None))
    for report in connection.execute(with_source):
        sources[report.item_id].add(report.source)
    settled = [
        Settled(
            items[standing.item_id],
            *standing.decision,
            tuple(sorted(sources[standing.item_id])),
            draws.get(standing.item_id, ()),
            probabilities.get(standing.item_id),
        )
        for standing in read_standings(connection)
        if standing.decision
    ]
    return sorted(settled, key=lambda each: (each.validated_at, each.item.item_id))


def _read_probabilities(connection: Connection) -> dict[str, float]:
    """Return the probability of the first report of each item that was drawn for its low score."""
    complained = select(REPORTS.c.item_id).where(REPORTS.c.drawn == "complaint")
    query = select(REPORTS.c.item_id, REPORTS.c.probability).where(
        REPORTS.c.feedback_id == REPORTS.c.item_id,
        REPORTS.c.drawn == "uncertain",
        REPORTS.c.item_id.not_in(complained),
    )
    return {row.item_id: row.probability for row in connection.execute(query)}


def read_items(connection: Connection, item_ids: list[str] | None = None) -> list[Item]:
    """Return items with their copies and notes, the highest priority first."""
    items, reports = select(*_COLUMNS).order_by(ITEMS.c.priority.desc(), ITEMS.c.item_id), select(REPORTS)
    if item_ids is not None:
        items = items.where(ITEMS.c.item_id.in_(item_ids))
        reports = reports.where(REPORTS.c.item_id.in_(item_ids))
    by_item: defaultdict[str, list[Any]] = defaultdict(list)
    for report in connection.execute(reports):
        by_item[report.item_id].append(report)
    return [_to_item(row, by_item[row.item_id]) for row in connection.execute(items)]


def _to_item(row: Any, reports: list[Any]) -> Item:
    labels = {report.feedback_label for report in reports if report.feedback_label}
    notes = {
        "copies": len(reports) > 1,
        "contradictory": len(labels) > 1,
        "flood": any(report.is_flood for report in reports),
    }
    names = ("item_id", "text", "predicted_label", "feedback_label", "score", "model", "prediction_id")
    return Item(
        **{name: row._mapping[name] for name in names},
        origin=row.origin,
        received_at=datetime.fromisoformat(row.received_at).astimezone(UTC),
        copies=len(reports),
        notes=tuple(name for name, applies in notes.items() if applies),
        priority=row.priority,
        needed=row.needed,
        audit_order=row.audit_order,
    )
