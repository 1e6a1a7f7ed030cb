"""The review queue: annotators judge reported predictions, adjudicators settle disagreements.

It is durable and safe for several processes at once: every call but `add` is one transaction.
Nothing is ever deleted; a judgement that is replaced or undone stays in the history.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from sqlalchemy import select

from sentiment.review.adding import add_reports
from sentiment.review.assignment import lease, next_item_id
from sentiment.review.audit import in_turn, read_audit_states, read_frontier
from sentiment.review.closing import close_settled
from sentiment.review.database import Database
from sentiment.review.items import (
    SKIPPED,
    Added,
    Item,
    ItemClosedError,
    Progress,
    Report,
    Settled,
)
from sentiment.review.judging import (
    Seat,
    check_label,
    check_open,
    import_judgement,
    normal_name,
    take_back,
    write_judgement,
)
from sentiment.review.progress import read_agreement, read_progress
from sentiment.review.standings import read_items, read_settled, read_standings
from sentiment.review.tables import (
    ADJUDICATOR,
    ANNOTATOR,
    HOLDS,
    INBOX_PARTS,
    ITEMS,
    JUDGEMENTS,
    WATERMARKS,
    replace_row,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from sentiment.config import Settings
    from sentiment.data.audited import State
    from sentiment.review.agreement import Agreement
    from sentiment.review.items import AuditDraw

_CLOSED_AT_ONCE = 500


class ReviewQueue:
    """A queue in one review database; threads may share it."""

    def __init__(
        self, url: str, *, overlap: float = 0.2, audit_share: float = 0.5, index: Path | None = None
    ) -> None:
        """Take the queue at an address; the index for adding is kept in the folder `index`."""
        self._database, self._index = Database(url), index
        self._overlap, self._audit_share = overlap, audit_share

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the queue that the settings name.

        Raises:
            ReviewError: Its address cannot be used.
        """
        return cls(
            settings.review_address,
            overlap=settings.review_overlap,
            audit_share=settings.audit_share,
            index=settings.home / "review-index",
        )

    def add(self, reports: Iterable[Report], *, watermarks: Mapping[str, datetime] | None = None) -> Added:
        """Add reports in batches and set the watermarks with the last; safe to repeat or interrupt.

        A feedback id that is known already changes nothing, unless it was a sample that somebody
        now complains of, or is now known to be of the audit, which nothing takes it out of. A
        near-duplicate of an item becomes a copy of it, whoever sent it: a
        thousand copies are one judgement.
        """
        return add_reports(
            self._database, reports, watermarks or {}, overlap=self._overlap, folder=self._index
        )

    def next_item(self, annotator: str, *, now: datetime) -> Item | None:
        """Lease the next waiting item to an annotator and return it, None without any.

        The audit's share of an annotator's items comes in the audit's random order; the others are
        the most informative. An item that others lease or have judged is given to no more
        annotators than it needs. What the annotator skipped is given last.
        """
        name = normal_name(annotator)
        with self._database.transaction() as connection:
            item_id = next_item_id(connection, name, now, audit_share=self._audit_share)
            if item_id is None:
                return None
            lease(connection, item_id, name, now)
            return read_items(connection, ITEMS.c.item_id == item_id)[0]

    def judge(self, item_id: str, annotator: str, label: str, *, now: datetime) -> None:
        """Record an annotator's label, one of LABELS or `unclear`, in place of their earlier one.

        Raises:
            ItemClosedError: The item is in the dataset already, or a person adjudicated it.
            ReviewError: The item or the label is unknown, or the name is blank.
        """
        check_label(label)
        self._judge(item_id, annotator, label, now)

    def skip(self, item_id: str, annotator: str, *, now: datetime) -> None:
        """Postpone an item for this annotator until all others are judged.

        Raises:
            ReviewError: As for `judge`.
        """
        self._judge(item_id, annotator, SKIPPED, now)

    def keep(self, item_id: str, annotator: str, label: str, *, judged_at: datetime) -> bool:
        """Import a judgement made elsewhere; return False if the annotator's own has its label.

        Raises:
            ReviewError: As for `judge`, or the annotator's own judgement differs and is no older.
        """
        check_label(label)
        seat = Seat(item_id, normal_name(annotator))
        with self._database.transaction() as connection:
            return import_judgement(connection, seat, label, judged_at)

    def undo(self, annotator: str, *, now: datetime) -> Item | None:
        """Undo a person's last judgement, skip or adjudication; return the item to judge again.

        None if there was nothing to undo, or it was an adjudication: the item is then among the
        disagreements again.
        """
        name = normal_name(annotator)
        with self._database.transaction() as connection:
            taken_back = take_back(connection, name)
            if taken_back is None or taken_back[1] == ADJUDICATOR:
                return None
            item_id, _ = taken_back
            lease(connection, item_id, name, now)
            return read_items(connection, ITEMS.c.item_id == item_id)[0]

    def adjudicate(self, item_id: str, adjudicator: str, label: str, *, now: datetime) -> None:
        """Settle an item that annotators disagree on.

        Raises:
            ItemClosedError: As for `judge`, or nobody disagrees on it.
            ReviewError: As for `judge`.
        """
        check_label(label)
        name = normal_name(adjudicator)
        with self._database.transaction() as connection:
            check_open(connection, item_id)
            if connection.scalar(select(ITEMS.c.state).where(ITEMS.c.item_id == item_id)) != "disputed":
                raise ItemClosedError(
                    f"nobody disagrees on item {item_id} now: there is nothing to settle, go on with the next"
                )
            write_judgement(connection, Seat(item_id, name, ADJUDICATOR), label, now)

    def items(self, *, waiting: bool = False) -> list[Item]:
        """Return all items, the most informative first; or those that wait, in the order of review.

        That is the order in which a new annotator would get them.
        """
        with self._database.reading() as connection:
            items = read_items(connection, *([ITEMS.c.state == "waiting"] if waiting else ()))
        return in_turn(items, self._audit_share) if waiting else items

    def judgements(self) -> list[dict[str, str]]:
        """Return the judgements that hold, oldest first, without skips and adjudications.

        Each has `item_id`, `annotator`, `label` and `judged_at`.
        """
        columns = (JUDGEMENTS.c.item_id, JUDGEMENTS.c.annotator, JUDGEMENTS.c.label, JUDGEMENTS.c.judged_at)
        query = select(*columns).where(HOLDS, JUDGEMENTS.c.role == ANNOTATOR, JUDGEMENTS.c.label != SKIPPED)
        with self._database.reading() as connection:
            return [dict(row._mapping) for row in connection.execute(query.order_by(JUDGEMENTS.c.number))]

    def agreement(self) -> Agreement:
        """Return how far annotators agree on the items that several of them judged."""
        with self._database.reading() as connection:
            return read_agreement(connection)

    def settled(self) -> list[Settled]:
        """Return the items that annotators agreed on or that were adjudicated, the oldest first."""
        with self._database.reading() as connection:
            return read_settled(connection)

    def audit_states(self) -> list[tuple[AuditDraw, State, str | None]]:
        """Return each draw of the audit with its state, and its label where it has one."""
        with self._database.reading() as connection:
            return read_audit_states(connection, read_standings(connection, ITEMS.c.draws > 0))

    def audit_frontier(self) -> float:
        """Return the place in the audit's order up to which annotators have seen everything."""
        with self._database.reading() as connection:
            return read_frontier(connection)

    def close_items(self, item_ids: Iterable[str], *, now: datetime) -> list[Settled]:
        """Close settled items to further judgements, before they go into the dataset; return them.

        An item that is not settled any more, since somebody undid a judgement, stays open and is
        left out.
        """
        closed: list[Settled] = []
        wanted = sorted(set(item_ids))
        with self._database.transaction() as connection:
            for start in range(0, len(wanted), _CLOSED_AT_ONCE):
                ids = wanted[start : start + _CLOSED_AT_ONCE]
                closed += close_settled(connection, ids, now)
        return sorted(closed, key=lambda each: (each.validated_at, each.item.item_id))

    def disagreements(self, *, limit: int | None = None) -> list[tuple[Item, dict[str, str]]]:
        """Return the items that enough annotators judged without agreeing, with their labels.

        The most informative come first; `progress` counts them all.
        """
        with self._database.reading() as connection:
            items = read_items(connection, ITEMS.c.state == "disputed", limit=limit)
            ids = [item.item_id for item in items]
            is_it = ITEMS.c.item_id.in_(ids) if limit else ITEMS.c.state == "disputed"
            labels = {each.item_id: each.labels for each in read_standings(connection, is_it)}
            return [(item, labels[item.item_id]) for item in items]

    def progress(self, annotator: str | None = None) -> Progress:
        """Return the numbers of items by their state, and of those that an annotator judged."""
        name = normal_name(annotator) if annotator else None
        with self._database.reading() as connection:
            return read_progress(connection, name)

    def watermark(self, name: str) -> datetime | None:
        """Return the time up to which a stream of reports was added; None before the first."""
        with self._database.reading() as connection:
            moment = connection.scalar(select(WATERMARKS.c.moment).where(WATERMARKS.c.name == name))
        return datetime.fromisoformat(moment) if moment else None

    def inbox_parts(self) -> set[str]:
        """Return the names of the inbox's parts whose complaints were added."""
        with self._database.reading() as connection:
            return set(connection.scalars(select(INBOX_PARTS.c.name)))

    def note_inbox_parts(self, names: Iterable[str]) -> None:
        """Note that the complaints of parts of the inbox were added; safe to repeat."""
        with self._database.transaction() as connection:
            for name in names:
                replace_row(connection, INBOX_PARTS, {"name": name}, {"name": name})

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _judge(self, item_id: str, annotator: str, label: str, now: datetime) -> None:
        name = normal_name(annotator)
        with self._database.transaction() as connection:
            check_open(connection, item_id)
            write_judgement(connection, Seat(item_id, name), label, now)
