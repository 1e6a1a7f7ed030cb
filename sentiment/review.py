"""The review queue: reports come in and collapse into items, annotators judge them blind, disagreements are adjudicated.

Durable and safe for several processes at once: every call is one transaction. Nothing is ever deleted; a judgement that is replaced or
taken back stays in the history.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import func, insert, select, update

from models import LABELS
from sentiment.agreement import Agreement, agree
from sentiment.duplicates import NearDuplicates, canonical_form
from sentiment.errors import ReviewError
from sentiment.review_items import (
    SKIPPED,
    UNCLEAR,
    Added,
    Item,
    Progress,
    Report,
    Settled,
    annotators_needed,
    priority,
    to_text,
)
from sentiment.review_reading import Decision, decide, is_disputed, read_items
from sentiment.review_tables import ITEMS, JUDGEMENTS, LEASES, REPORTS, WATERMARKS, Database, replace_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from sqlalchemy import Connection

    from sentiment.config import Settings

LEASE = timedelta(minutes=10)
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
        """Take in reports and move the watermarks, all at once or not at all. A feedback id that is known already changes nothing.

        A near-identical copy of an item joins it, whoever sent it: a thousand copies are one judgement.
        """
        with self._database.transaction() as connection:
            known = set(connection.scalars(select(REPORTS.c.feedback_id)))
            items = connection.execute(select(ITEMS.c.item_id, ITEMS.c.form)).all()
            index, ids, words = NearDuplicates(), [row.item_id for row in items], {word for row in items for word in row.form.split()}
            for row in items:
                index.add(row.form)
            counts: Counter[str] = Counter()
            for report in reports:
                if report.feedback_id in known:
                    counts["known"] += 1
                    continue
                known.add(report.feedback_id)
                form = canonical_form(report.text)
                number = index.find(form)
                if number is None:
                    number = len(ids)
                    index.add(form)
                    ids.append(report.feedback_id)
                    connection.execute(insert(ITEMS).values(**self._new_item(report, form, priority(report, form, words))))
                    words.update(form.split())
                    counts["new"] += 1
                else:
                    counts["collapsed"] += 1
                values = {name: getattr(report, name) for name in ("feedback_id", "feedback_label", "source")}
                values |= {"item_id": ids[number], "received_at": to_text(report.received_at)}
                connection.execute(insert(REPORTS).values(**values))
            for name, moment in (watermarks or {}).items():
                replace_row(connection, WATERMARKS, {"name": name}, {"moment": to_text(moment)})
        return Added(counts["new"], counts["collapsed"], counts["known"])

    def next_item(self, annotator: str, *, now: datetime) -> Item | None:
        """Return the most informative item that waits for this annotator, None if there is none, and hold it for ten minutes.

        An item that others hold or have judged is not given out to more annotators than it needs. What the annotator skipped comes last.
        """
        name, moment = _name(annotator), to_text(now)
        judged = select(JUDGEMENTS).where(JUDGEMENTS.c.holds)
        mine = judged.where(JUDGEMENTS.c.annotator == name).subquery()
        others = _count(judged.where(JUDGEMENTS.c.annotator != name, JUDGEMENTS.c.label != SKIPPED).subquery())
        held = _count(select(LEASES).where(LEASES.c.annotator != name, LEASES.c.until > moment).subquery())
        taken = func.coalesce(others.c.number, 0) + func.coalesce(held.c.number, 0)
        query = (
            select(ITEMS.c.item_id)
            .outerjoin(mine, mine.c.item_id == ITEMS.c.item_id)
            .outerjoin(others, others.c.item_id == ITEMS.c.item_id)
            .outerjoin(held, held.c.item_id == ITEMS.c.item_id)
            .where(ITEMS.c.exported_at.is_(None), ITEMS.c.adjudicated_label.is_(None), taken < ITEMS.c.needed)
            .where(mine.c.label.is_(None) | (mine.c.label == SKIPPED))
            .order_by(mine.c.label.is_not(None), mine.c.number, ITEMS.c.priority.desc(), ITEMS.c.item_id)
        )
        with self._database.transaction() as connection:
            item_id = connection.scalar(query.limit(1))
            if item_id is None:
                return None
            replace_row(connection, LEASES, {"item_id": item_id, "annotator": name}, {"until": to_text(now + LEASE)})
            return read_items(connection, [item_id])[0]

    def judge(self, item_id: str, annotator: str, label: str, *, now: datetime) -> None:
        """Keep an annotator's label of an item, one of LABELS or `unclear`; it replaces the one that they gave before.

        Raises:
            ReviewError: The item or the label is unknown, the name is blank, or the item is in the dataset already.
        """
        _check_label(label)
        self._judge(item_id, annotator, label, now)

    def skip(self, item_id: str, annotator: str, *, now: datetime) -> None:
        """Let an item come again for this annotator, after all others.

        Raises:
            ReviewError: As for `judge`.
        """
        self._judge(item_id, annotator, SKIPPED, now)

    def undo(self, annotator: str, *, now: datetime) -> Item | None:
        """Take back the annotator's last judgement or skip and return its item; None if there is nothing to take back."""
        name = _name(annotator)
        with self._database.transaction() as connection:
            last = (
                select(JUDGEMENTS.c.number, JUDGEMENTS.c.item_id)
                .join(ITEMS, ITEMS.c.item_id == JUDGEMENTS.c.item_id)
                .where(JUDGEMENTS.c.annotator == name, JUDGEMENTS.c.holds, ITEMS.c.exported_at.is_(None))
                .order_by(JUDGEMENTS.c.number.desc())
            )
            row = connection.execute(last.limit(1)).first()
            if row is None:
                return None
            connection.execute(update(JUDGEMENTS).where(JUDGEMENTS.c.number == row.number).values(holds=False))
            replace_row(connection, LEASES, {"item_id": row.item_id, "annotator": name}, {"until": to_text(now + LEASE)})
            return read_items(connection, [row.item_id])[0]

    def adjudicate(self, item_id: str, adjudicator: str, label: str, *, now: datetime) -> None:
        """Settle an item that annotators disagree on.

        Raises:
            ReviewError: As for `judge`.
        """
        _check_label(label)
        values = {"adjudicated_label": label, "adjudicator": _name(adjudicator), "adjudicated_at": to_text(now)}
        with self._database.transaction() as connection:
            _check_open(connection, item_id)
            connection.execute(update(ITEMS).where(ITEMS.c.item_id == item_id).values(**values))

    def items(self) -> list[Item]:
        """Return all items, the most informative first."""
        with self._database.transaction() as connection:
            return read_items(connection)

    def judgements(self) -> list[dict[str, str]]:
        """Return the judgements that hold, oldest first: `item_id`, `annotator`, `label`, `judged_at`; skips are none."""
        columns = (JUDGEMENTS.c.item_id, JUDGEMENTS.c.annotator, JUDGEMENTS.c.label, JUDGEMENTS.c.judged_at)
        query = select(*columns).where(JUDGEMENTS.c.holds, JUDGEMENTS.c.label != SKIPPED).order_by(JUDGEMENTS.c.number)
        with self._database.transaction() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def agreement(self) -> Agreement:
        """Return how far the annotators agree on the items that several of them judged."""
        return agree((row["item_id"], row["annotator"], row["label"]) for row in self.judgements())

    def settled(self) -> list[Settled]:
        """Return what people agreed on or adjudicated, exported or not, in the order in which it was settled."""
        standings = self._standings()
        with self._database.transaction() as connection:
            items = {item.item_id: item for item in read_items(connection)}
            reports = connection.execute(select(REPORTS.c.item_id, REPORTS.c.source)).all()
        sources: defaultdict[str, set[str]] = defaultdict(set)
        for report in reports:
            if report.source:
                sources[report.item_id].add(report.source)
        found = []
        for row, _, decision in standings:
            if decision:
                label, annotators, moment = decision
                when, whose = datetime.fromisoformat(moment), tuple(sorted(sources[row.item_id]))
                found.append(Settled(items[row.item_id], label, annotators, when, whose, row.exported_at is not None))
        return sorted(found, key=lambda one: (one.validated_at, one.item.item_id))

    def disagreements(self) -> list[tuple[Item, dict[str, str]]]:
        """Return the items that enough annotators judged without agreeing, and each one's label; adjudicated ones are settled."""
        disputed = {row.item_id: labels for row, labels, decision in self._standings() if is_disputed(row, labels, decision)}
        with self._database.transaction() as connection:
            items = read_items(connection, list(disputed))
        return [(item, {annotator: label for annotator, (label, _) in disputed[item.item_id].items()}) for item in items]

    def progress(self, annotator: str | None = None) -> Progress:
        """Return how far the review is."""
        standings, name = self._standings(), _name(annotator) if annotator else None
        settled = [decision for _, _, decision in standings if decision]
        disputed = sum(is_disputed(*standing) for standing in standings)
        return Progress(
            items=len(standings),
            settled=len(settled),
            unclear=sum(label == UNCLEAR for label, _, _ in settled),
            disagreements=disputed,
            waiting=len(standings) - len(settled) - disputed,
            mine=sum(name in labels for _, labels, _ in standings),
        )

    def mark_exported(self, item_ids: Iterable[str], *, now: datetime) -> None:
        """Note that items are in the dataset: their judgements are final."""
        with self._database.transaction() as connection:
            for item_id in item_ids:
                connection.execute(update(ITEMS).where(ITEMS.c.item_id == item_id).values(exported_at=to_text(now)))

    def watermark(self, name: str) -> datetime | None:
        """Return up to when a stream was taken in; None before the first time."""
        with self._database.transaction() as connection:
            moment = connection.scalar(select(WATERMARKS.c.moment).where(WATERMARKS.c.name == name))
        return datetime.fromisoformat(moment) if moment else None

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _judge(self, item_id: str, annotator: str, label: str, now: datetime) -> None:
        name = _name(annotator)
        with self._database.transaction() as connection:
            _check_open(connection, item_id)
            mine = (JUDGEMENTS.c.item_id == item_id) & (JUDGEMENTS.c.annotator == name)
            connection.execute(update(JUDGEMENTS).where(mine, JUDGEMENTS.c.holds).values(holds=False))
            values = {"item_id": item_id, "annotator": name, "label": label, "judged_at": to_text(now), "holds": True}
            connection.execute(insert(JUDGEMENTS).values(**values))
            connection.execute(LEASES.delete().where(LEASES.c.item_id == item_id, LEASES.c.annotator == name))

    def _standings(self) -> list[tuple[Any, Mapping[str, tuple[str, str]], Decision | None]]:
        """Return the row of each item, the labels that its annotators gave it and when, and what these decide."""
        names = ("item_id", "needed", "exported_at", "adjudicated_label", "adjudicator", "adjudicated_at")
        by_item: defaultdict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        for judged in self.judgements():
            by_item[judged["item_id"]][judged["annotator"]] = (judged["label"], judged["judged_at"])
        with self._database.transaction() as connection:
            rows = connection.execute(select(*(ITEMS.c[name] for name in names))).all()
        return [(row, by_item[row.item_id], decide(row, by_item[row.item_id])) for row in rows]

    def _new_item(self, report: Report, form: str, informative: float) -> dict[str, Any]:
        values = {name: getattr(report, name) for name in ("text", "predicted_label", "feedback_label", "score", "model", "prediction_id")}
        values |= {"item_id": report.feedback_id, "form": form, "origin": report.origin, "received_at": to_text(report.received_at)}
        return values | {"needed": annotators_needed(report.feedback_id, self._overlap), "priority": informative}


def _name(annotator: str) -> str:
    name = " ".join(annotator.split()).casefold()
    if not name or len(name) > _LONGEST_NAME or ";" in name:
        raise ReviewError(
            f"the annotator's name {annotator[:40]!r} cannot be used: give 1 to {_LONGEST_NAME} characters without a semicolon"
        )
    return name


def _check_label(label: str) -> None:
    if label not in (*LABELS, UNCLEAR):
        raise ReviewError(f"label {label[:40]!r} is unknown: use {', '.join(LABELS)} or {UNCLEAR}")


def _check_open(connection: Connection, item_id: str) -> None:
    row = connection.execute(select(ITEMS.c.exported_at).where(ITEMS.c.item_id == item_id)).first()
    if row is None:
        raise ReviewError(f"no item {item_id[:64]!r} in the review queue: run 'python -m flows.collect', or check the id")
    if row.exported_at is not None:
        raise ReviewError(f"item {item_id} has been in the dataset since {row.exported_at[:10]}: its label is final")


def _count(judged: Any) -> Any:
    return select(judged.c.item_id, func.count().label("number")).group_by(judged.c.item_id).subquery()
