"""Reading the review tables: items, the standing of each, and the settled ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import case, distinct, func, select

from sentiment.review.audit import read_draws
from sentiment.review.items import SKIPPED, UNCLEAR, Item, Settled
from sentiment.review.tables import ADJUDICATOR, HOLDS, ITEMS, JUDGEMENTS, REPORTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

_WORKED_OUT = ("form", "number", "state", "draws", "lane", "judge", "place", "unseen")
_COLUMNS = [column for column in ITEMS.c if column.name not in _WORKED_OUT]
_FEW = 500  # items that a query may name
_REPORTED = select(
    REPORTS.c.item_id,
    func.count().label("copies"),
    func.count(distinct(REPORTS.c.feedback_label)).label("labels"),
    func.max(case((REPORTS.c.is_flood, 1), else_=0)).label("is_flood"),
).group_by(REPORTS.c.item_id)


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


def to_standing(item: Any, judgements: Iterable[Any]) -> Standing:
    """Return the standing of an item from its row and its judgements that hold."""
    standing = Standing(item.item_id, item.needed)
    for row in judgements:
        if row.label != SKIPPED:
            by_name = standing.adjudicated if row.role == ADJUDICATOR else standing.judged
            by_name[row.annotator] = (row.label, datetime.fromisoformat(row.judged_at))
    return standing


def read_standings(connection: Connection, *where: Any) -> list[Standing]:
    """Return the standings of the items that meet conditions on ITEMS."""
    items = select(ITEMS.c.item_id, ITEMS.c.needed).where(*where)
    ids = select(ITEMS.c.item_id).where(*where)
    judgements = select(JUDGEMENTS).where(HOLDS, JUDGEMENTS.c.label != SKIPPED)
    if where:
        judgements = judgements.where(JUDGEMENTS.c.item_id.in_(ids))
    # Judgements first: so the item of each is among the items.
    by_item: defaultdict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(judgements.order_by(JUDGEMENTS.c.number)):
        by_item[row.item_id].append(row)
    return [to_standing(row, by_item[row.item_id]) for row in connection.execute(items)]


def read_settled(connection: Connection, *where: Any) -> list[Settled]:
    """Return the items with a decision that meet conditions on ITEMS, oldest first.

    Each has its sources and draws.
    """
    wanted = (ITEMS.c.state.in_(("settled", UNCLEAR)), *where)
    ids = select(ITEMS.c.item_id).where(*wanted)
    items = {item.item_id: item for item in read_items(connection, *wanted)}
    is_its = REPORTS.c.item_id.in_(ids)
    draws, probabilities = read_draws(connection, is_its), _read_probabilities(connection, is_its)
    sources: defaultdict[str, set[str]] = defaultdict(set)
    with_source = select(REPORTS.c.item_id, REPORTS.c.source).where(REPORTS.c.source.is_not(None), is_its)
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
        for standing in read_standings(connection, *wanted)
        if standing.decision
    ]
    return sorted(settled, key=lambda each: (each.validated_at, each.item.item_id))


def _read_probabilities(connection: Connection, is_its: Any) -> dict[str, float]:
    """Return the probability of the first report of each item that was drawn for its low score."""
    complained = select(REPORTS.c.item_id).where(REPORTS.c.drawn == "complaint")
    query = select(REPORTS.c.item_id, REPORTS.c.probability).where(
        is_its,
        REPORTS.c.feedback_id == REPORTS.c.item_id,
        REPORTS.c.drawn == "uncertain",
        REPORTS.c.item_id.not_in(complained),
    )
    return {row.item_id: row.probability for row in connection.execute(query)}


def read_items(connection: Connection, *where: Any, limit: int | None = None) -> list[Item]:
    """Return the items that meet conditions on ITEMS, the highest priority first."""
    chosen = select(*_COLUMNS).where(*where).order_by(ITEMS.c.priority.desc(), ITEMS.c.item_id).limit(limit)
    rows = connection.execute(chosen).all()
    its_reports = _REPORTED
    if where or limit:
        ids = [row.item_id for row in rows]
        few = len(ids) <= _FEW
        its_reports = _REPORTED.where(
            REPORTS.c.item_id.in_(ids if few else select(ITEMS.c.item_id).where(*where))
        )
    reports = {row.item_id: row for row in connection.execute(its_reports)}
    return [_to_item(row, reports[row.item_id]) for row in rows]


def _to_item(row: Any, reports: Any) -> Item:
    notes = {
        "copies": reports.copies > 1,
        "contradictory": reports.labels > 1,
        "flood": bool(reports.is_flood),
    }
    names = ("item_id", "text", "predicted_label", "feedback_label", "score", "model", "prediction_id")
    return Item(
        **{name: row._mapping[name] for name in names},
        origin=row.origin,
        received_at=datetime.fromisoformat(row.received_at).astimezone(UTC),
        copies=reports.copies,
        notes=tuple(name for name, applies in notes.items() if applies),
        priority=row.priority,
        needed=row.needed,
        audit_order=row.audit_order,
    )
