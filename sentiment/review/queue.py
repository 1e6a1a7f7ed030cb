"""The review queue: reports come in and collapse into items, annotators judge them blind, disagreements are adjudicated.

Durable and safe for several processes at once: every call but `add` is one transaction. Nothing is
ever deleted; a judgement that is replaced or taken back stays in the history.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import func, select, update

from models import LABELS
from sentiment.errors import ReviewError
from sentiment.review.adding import add_reports
from sentiment.review.agreement import Agreement, agree
from sentiment.review.items import (
    SKIPPED,
    UNCLEAR,
    Added,
    Item,
    ItemClosedError,
    Progress,
    Report,
    Settled,
    to_text,
)
from sentiment.review.judging import ADJUDICATED, Seat, check_open, hold, retire, write_judgement
from sentiment.review.standings import read_items, read_standings
from sentiment.review.tables import (
    ADJUDICATOR,
    ANNOTATOR,
    HOLDS,
    ITEMS,
    JUDGEMENTS,
    LEASES,
    REPORTS,
    WATERMARKS,
    Database,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from sqlalchemy import Connection

    from sentiment.config import Settings

_LONGEST_NAME = 100


class ReviewQueue:
    """Talks to one review database; safe to share between threads."""

    def __init__(self, url: str, *, overlap: float = 0.2) -> None:
        self._database = Database(url)
        self._overlap = overlap

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the queue that the settings name.

        Raises:
            ReviewError: Its address cannot be used.
        """
        return cls(settings.review_address, overlap=settings.review_overlap)

    def add(self, reports: Iterable[Report], *, watermarks: Mapping[str, datetime] | None = None) -> Added:
        """Take in reports, some hundreds at a time, and move the watermarks with the last of them; safe to repeat and to interrupt.

        A feedback id that is known already changes nothing, unless it was a sample that somebody
        now complains of. A near-identical copy of an item joins it, whoever sent it: a thousand
        copies are one judgement.
        """
        return add_reports(self._database, list(reports), watermarks or {}, overlap=self._overlap)

    def next_item(self, annotator: str, *, now: datetime) -> Item | None:
        """Return the most informative item that waits for this annotator, None if there is none, and hold it for ten minutes.

        An item that others hold or have judged is not given out to more annotators than it needs.
        What the annotator skipped comes last.
        """
        name, moment = _name(annotator), to_text(now)
        judged = select(JUDGEMENTS).where(HOLDS, JUDGEMENTS.c.role == ANNOTATOR)
        mine = judged.where(JUDGEMENTS.c.annotator == name).subquery()
        others = _count(
            judged.where(JUDGEMENTS.c.annotator != name, JUDGEMENTS.c.label != SKIPPED).subquery()
        )
        held = _count(select(LEASES).where(LEASES.c.annotator != name, LEASES.c.until > moment).subquery())
        taken = func.coalesce(others.c.number, 0) + func.coalesce(held.c.number, 0)
        query = (
            select(ITEMS.c.item_id)
            .outerjoin(mine, mine.c.item_id == ITEMS.c.item_id)
            .outerjoin(others, others.c.item_id == ITEMS.c.item_id)
            .outerjoin(held, held.c.item_id == ITEMS.c.item_id)
            .where(ITEMS.c.exported_at.is_(None), ITEMS.c.item_id.not_in(ADJUDICATED), taken < ITEMS.c.needed)
            .where(mine.c.label.is_(None) | (mine.c.label == SKIPPED))
            .order_by(mine.c.label.is_not(None), mine.c.number, ITEMS.c.priority.desc(), ITEMS.c.item_id)
        )
        with self._database.transaction() as connection:
            item_id = connection.scalar(query.limit(1))
            if item_id is None:
                return None
            hold(connection, item_id, name, now)
            return read_items(connection, [item_id])[0]

    def judge(self, item_id: str, annotator: str, label: str, *, now: datetime) -> None:
        """Keep an annotator's label of an item, one of LABELS or `unclear`; it replaces the one that they gave before.

        Raises:
            ItemClosedError: The item is in the dataset already, or a person settled it.
            ReviewError: The item or the label is unknown, or the name is blank.
        """
        _check_label(label)
        self._judge(item_id, annotator, label, now)

    def skip(self, item_id: str, annotator: str, *, now: datetime) -> None:
        """Let an item come again for this annotator, after all others.

        Raises:
            ReviewError: As for `judge`.
        """
        self._judge(item_id, annotator, SKIPPED, now)

    def keep(self, item_id: str, annotator: str, label: str, *, judged_at: datetime) -> bool:
        """Keep a judgement that was made elsewhere; False if the annotator's own word here says the same already.

        Raises:
            ReviewError: As for `judge`, or what the annotator did here on the item differs and is
                no older.
        """
        _check_label(label)
        seat = Seat(item_id, _name(annotator))
        with self._database.transaction() as connection:
            if connection.scalar(select(JUDGEMENTS.c.label).where(HOLDS, seat.rows)) == label:
                return False
            check_open(connection, item_id)
            newest = connection.scalar(select(func.max(JUDGEMENTS.c.judged_at)).where(seat.rows))
            if newest and newest >= to_text(judged_at):
                raise ReviewError(
                    f"item {item_id}: what {seat.annotator} did here on {newest[:16]} is no older than the file: judge it again here"
                )
            write_judgement(connection, seat, label, judged_at)
        return True

    def undo(self, annotator: str, *, now: datetime) -> Item | None:
        """Take back the last judgement, skip or adjudication of a person.

        Return the item that they have to judge again; None if there was nothing to take back, or it
        was an adjudication: the item is then among the disagreements again.
        """
        name = _name(annotator)
        last = (
            select(JUDGEMENTS.c.number, JUDGEMENTS.c.item_id, JUDGEMENTS.c.role)
            .join(ITEMS, ITEMS.c.item_id == JUDGEMENTS.c.item_id)
            .where(JUDGEMENTS.c.annotator == name, HOLDS, ITEMS.c.exported_at.is_(None))
            .where((JUDGEMENTS.c.role == ADJUDICATOR) | ITEMS.c.item_id.not_in(ADJUDICATED))
            .order_by(JUDGEMENTS.c.number.desc())
        )
        with self._database.transaction() as connection:
            row = connection.execute(last.limit(1)).first()
            if row is None:
                return None
            retire(connection, JUDGEMENTS.c.number == row.number)
            if row.role == ADJUDICATOR:
                return None
            hold(connection, row.item_id, name, now)
            return read_items(connection, [row.item_id])[0]

    def adjudicate(self, item_id: str, adjudicator: str, label: str, *, now: datetime) -> None:
        """Settle an item that annotators disagree on.

        Raises:
            ItemClosedError: As for `judge`, or nobody disagrees on it.
            ReviewError: As for `judge`.
        """
        _check_label(label)
        name = _name(adjudicator)
        with self._database.transaction() as connection:
            check_open(connection, item_id)
            if not read_standings(connection, item_id)[0].is_disputed:
                raise ItemClosedError(
                    f"nobody disagrees on item {item_id} now: there is nothing to settle, go on with the next"
                )
            write_judgement(connection, Seat(item_id, name, ADJUDICATOR), label, now)

    def items(self, *, waiting: bool = False) -> list[Item]:
        """Return all items, or those that wait for an annotator, the most informative first."""
        with self._database.reading() as connection:
            found = read_items(connection)
            if not waiting:
                return found
            open_ids = {standing.item_id for standing in read_standings(connection) if standing.is_waiting}
        return [item for item in found if item.item_id in open_ids]

    def judgements(self) -> list[dict[str, str]]:
        """Return the annotators' judgements that hold, oldest first: `item_id`, `annotator`, `label`, `judged_at`; skips are none."""
        columns = (JUDGEMENTS.c.item_id, JUDGEMENTS.c.annotator, JUDGEMENTS.c.label, JUDGEMENTS.c.judged_at)
        query = select(*columns).where(HOLDS, JUDGEMENTS.c.role == ANNOTATOR, JUDGEMENTS.c.label != SKIPPED)
        with self._database.reading() as connection:
            return [dict(row._mapping) for row in connection.execute(query.order_by(JUDGEMENTS.c.number))]

    def agreement(self) -> Agreement:
        """Return how far the annotators agree on the items that several of them judged."""
        return agree((row["item_id"], row["annotator"], row["label"]) for row in self.judgements())

    def settled(self) -> list[Settled]:
        """Return what people agreed on or adjudicated, closed or not, in the order in which it was settled."""
        with self._database.reading() as connection:
            return _read_settled(connection)

    def close_items(self, item_ids: Iterable[str], *, now: datetime) -> list[Settled]:
        """Let items take no more judgements, as they are about to join the dataset, and return what they are settled as.

        What is not settled any more, since somebody took a word back, stays open and is left out.
        """
        wanted = set(item_ids)
        with self._database.transaction() as connection:
            settled = [one for one in _read_settled(connection) if one.item.item_id in wanted]
            for one in settled:
                connection.execute(
                    update(ITEMS).where(ITEMS.c.item_id == one.item.item_id).values(exported_at=to_text(now))
                )
        return settled

    def disagreements(self) -> list[tuple[Item, dict[str, str]]]:
        """Return the items that enough annotators judged without agreeing, and each one's label; adjudicated ones are settled."""
        with self._database.reading() as connection:
            disputed = {
                standing.item_id: standing.labels
                for standing in read_standings(connection)
                if standing.is_disputed
            }
            return [(item, disputed[item.item_id]) for item in read_items(connection, list(disputed))]

    def progress(self, annotator: str | None = None) -> Progress:
        """Return how far the review is."""
        name = _name(annotator) if annotator else None
        with self._database.reading() as connection:
            standings = read_standings(connection)
        settled = [standing.decision.label for standing in standings if standing.decision]
        return Progress(
            items=len(standings),
            settled=len(settled),
            unclear=settled.count(UNCLEAR),
            disagreements=sum(standing.is_disputed for standing in standings),
            waiting=sum(standing.is_waiting for standing in standings),
            mine=sum(name in standing.said for standing in standings),
        )

    def watermark(self, name: str) -> datetime | None:
        """Return up to when a stream was taken in; None before the first time."""
        with self._database.reading() as connection:
            moment = connection.scalar(select(WATERMARKS.c.moment).where(WATERMARKS.c.name == name))
        return datetime.fromisoformat(moment) if moment else None

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
        name = _name(annotator)
        with self._database.transaction() as connection:
            check_open(connection, item_id)
            write_judgement(connection, Seat(item_id, name), label, now)


def _read_settled(connection: Connection) -> list[Settled]:
    items = {item.item_id: item for item in read_items(connection)}
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for report in connection.execute(
        select(REPORTS.c.item_id, REPORTS.c.source).where(REPORTS.c.source.is_not(None))
    ):
        sources[report.item_id].add(report.source)
    found = [
        Settled(items[one.item_id], *one.decision, tuple(sorted(sources[one.item_id])))
        for one in read_standings(connection)
        if one.decision
    ]
    return sorted(found, key=lambda one: (one.validated_at, one.item.item_id))


def _name(annotator: str) -> str:
    name = unicodedata.normalize("NFC", " ".join(annotator.split()).casefold())
    if not name or len(name) > _LONGEST_NAME or ";" in name:
        raise ReviewError(
            f"the annotator's name {annotator[:40]!r} cannot be used: give 1 to {_LONGEST_NAME} characters without a semicolon"
        )
    return name


def _check_label(label: str) -> None:
    if label not in (*LABELS, UNCLEAR):
        raise ReviewError(f"label {label[:40]!r} is unknown: use {', '.join(LABELS)} or {UNCLEAR}")


def _count(judged: Any) -> Any:
    return select(judged.c.item_id, func.count().label("number")).group_by(judged.c.item_id).subquery()
