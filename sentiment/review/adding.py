"""Adding reports to the review queue: in batches, near-duplicates of an item as copies of it."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sqlalchemy import bindparam, func, insert, select, update

from sentiment.data.near_duplicates import canonical_form
from sentiment.review.item_index import NewItems, open_index
from sentiment.review.items import FLOOD, HOUR, Added, annotators_needed, novelty, priority, to_text
from sentiment.review.positions import Counts, add_counts, changing, place_of
from sentiment.review.tables import ITEMS, REPORTS, WATERMARKS, replace_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from sentiment.review.database import Database
    from sentiment.review.item_index import ItemIndex
    from sentiment.review.items import Report

BATCH = 500  # reports in one transaction, which a click of an annotator may have to wait for

Outcome = Literal["new", "collapsed", "known"]

# Built once: building a statement takes longer than running it.
_NEW_ITEM, _NEW_REPORT = insert(ITEMS), insert(REPORTS)
_EARLIER = (
    select(REPORTS.c.received_at)
    .where(
        REPORTS.c.source == bindparam("sender"),
        REPORTS.c.received_at.between(bindparam("since"), bindparam("until")),
    )
    .limit(FLOOD)
)


class _Known(NamedTuple):
    """What the queue knows of a report: its item, where it came from, and how it was drawn."""

    item_id: str
    origin: str
    drawn: str
    probability: float | None


def add_reports(
    database: Database,
    reports: Iterable[Report],
    watermarks: Mapping[str, datetime],
    *,
    overlap: float,
    folder: Path | None = None,
) -> Added:
    """Add new reports in batches, and set the watermarks in the transaction of the last batch.

    The index of near-duplicates is kept in `folder`, so that it need not be made again.
    """
    counts: Counter[Outcome] = Counter()
    with open_index(database, folder) as index:
        for batch, is_last in _batches(reports):
            due = watermarks if is_last else {}
            counts.update(_add_batch(database, index, batch, due, overlap=overlap))
    return Added(counts["new"], counts["collapsed"], counts["known"])


def _batches(reports: Iterable[Report]) -> Iterator[tuple[list[Report], bool]]:
    """Yield batches, at least one, and whether each is the last."""
    stream = iter(reports)
    batch = list(islice(stream, BATCH))
    while True:
        following = list(islice(stream, BATCH))
        yield batch, not following
        if not following:
            return
        batch = following


def _add_batch(
    database: Database,
    index: ItemIndex,
    reports: Sequence[Report],
    watermarks: Mapping[str, datetime],
    *,
    overlap: float,
) -> list[Outcome]:
    """Add a batch and its watermarks in one transaction, and its items to the index.

    The long search for near-duplicates goes before the lock; with the lock, only items that other
    processes added meanwhile are searched.
    """
    with database.reading() as connection:
        known = _read_known(connection, REPORTS.c.feedback_id.in_([each.feedback_id for each in reports]))
        new = [report for report in reports if _is_new(report, known.get(report.feedback_id))]
        forms = [canonical_form(report.text) for report in new]
        matches = index.find(connection, forms)
    outcomes: list[Outcome] = ["known"] * (len(reports) - len(new))
    if not new and not watermarks:
        return outcomes
    words = index.known_words(forms)
    with database.transaction() as connection:
        added = NewItems(index.read_newer(connection), words)
        batch = _Batch(connection, new, added, overlap)
        outcomes += [batch.add(*each) for each in zip(new, forms, matches, strict=True)]
        add_counts(connection, batch.counts)
        for name, moment in watermarks.items():
            replace_row(connection, WATERMARKS, {"name": name}, {"moment": to_text(moment)})
    index.take(added)
    return outcomes


class _Batch:
    """Adds reports within a transaction; `added` are the items that the long search did not see."""

    def __init__(
        self, connection: Connection, reports: Sequence[Report], added: NewItems, overlap: float
    ) -> None:
        self._connection, self._added, self._overlap = connection, added, overlap
        self._known = _read_known(
            connection, REPORTS.c.feedback_id.in_([report.feedback_id for report in reports])
        )
        self._number = connection.scalar(select(func.max(ITEMS.c.number))) or 0
        self.counts: Counts = Counter()

    def add(self, report: Report, form: str, match: str | None) -> Outcome:
        """Add a report to its earlier item, to the item that it matches, or to a new item."""
        earlier = self._known.get(report.feedback_id)
        if not _is_new(report, earlier):
            return "known"
        is_flood = self._is_flood(report)
        item_id = earlier.item_id if earlier else match or self._added.find(form)
        if item_id is None:
            self._insert_item(report, form, is_flood)
            self._write_report(report, report.feedback_id, is_flood)
            return "new"
        if report.origin != "feedback" and report.audit_order is None:
            self._write_report(report, item_id, is_flood)
            return "collapsed"
        with changing(self._connection, item_id):
            if report.origin == "feedback":
                self._raise_priority(item_id, report, is_flood)
            if report.audit_order is not None:
                self._move_up(
                    item_id, report.audit_order, is_draw=earlier is None or earlier.drawn != "audit"
                )
            self._write_report(report, item_id, is_flood)
        return "collapsed"

    def _is_flood(self, report: Report) -> bool:
        """Return whether FLOOD others of its sender arrived in the hour before."""
        if report.sender is None:
            return False
        since, until = to_text(report.received_at - HOUR), to_text(report.received_at)
        given = {"sender": report.sender, "since": since, "until": until}
        return len(self._connection.execute(_EARLIER, given).all()) >= FLOOD

    def _insert_item(self, report: Report, form: str, is_flood: bool) -> None:
        new = novelty(form, self._added.words)
        names = ("text", "predicted_label", "feedback_label", "score", "model", "prediction_id", "origin")
        values = {name: getattr(report, name) for name in names} | {
            "item_id": report.feedback_id,
            "form": form,
            "novelty": new,
            "received_at": to_text(report.received_at),
            "needed": annotators_needed(report.feedback_id, self._overlap),
            "priority": priority(report, new, is_flood=is_flood),
            "audit_order": report.audit_order,
            "draws": int(report.audit_order is not None),
            "number": self._number + 1,
            "exported_at": None,
        }
        position, counts = place_of(SimpleNamespace(**values), ())
        self._connection.execute(_NEW_ITEM, values | position._asdict())
        self._number += 1
        self.counts.update(counts)
        self._added.add(self._number, report.feedback_id, form)

    def _raise_priority(self, item_id: str, report: Report, is_flood: bool) -> None:
        """Give an item the priority of a complaint, be it so far a sample or part of a flood."""
        is_it = ITEMS.c.item_id == item_id
        columns = (ITEMS.c.feedback_label, ITEMS.c.novelty, ITEMS.c.priority)
        item = self._connection.execute(select(*columns).where(is_it)).one()
        values = {
            "origin": report.origin,
            "feedback_label": item.feedback_label or report.feedback_label,
            "priority": max(item.priority, priority(report, item.novelty, is_flood=is_flood)),
        }
        self._connection.execute(update(ITEMS).where(is_it).values(**values))

    def _move_up(self, item_id: str, order: float, *, is_draw: bool) -> None:
        """Give an item of the audit the earliest place that one of its reports has in its order."""
        if is_draw:
            one_more = update(ITEMS).where(ITEMS.c.item_id == item_id).values(draws=ITEMS.c.draws + 1)
            self._connection.execute(one_more)
        is_later = ITEMS.c.audit_order.is_(None) | (ITEMS.c.audit_order > order)
        self._connection.execute(
            update(ITEMS).where(ITEMS.c.item_id == item_id, is_later).values(audit_order=order)
        )

    def _write_report(self, report: Report, item_id: str, is_flood: bool) -> None:
        """Write a report; of a known one, only what is new: the complaint, or how it was drawn."""
        earlier = self._known.get(report.feedback_id)
        known = earlier or _Known(item_id, report.origin, report.drawn, report.probability)
        values: dict[str, Any] = {"item_id": item_id}
        if _is_better_drawn(report, earlier):
            names = ("drawn", "probability", "prediction_id", "predicted_label", "model")
            values |= {name: getattr(report, name) for name in names}
            known = known._replace(drawn=report.drawn, probability=report.probability)
        if earlier is None or report.origin == "feedback" or earlier.origin != "feedback":
            values |= {
                "source": report.sender,
                "received_at": to_text(report.received_at),
                "is_flood": is_flood,
                "origin": report.origin,
                "feedback_label": report.feedback_label,
            }
            known = known._replace(origin=report.origin)
        if earlier:
            replace_row(self._connection, REPORTS, {"feedback_id": report.feedback_id}, values)
        else:
            self._connection.execute(_NEW_REPORT, values | {"feedback_id": report.feedback_id})
        self._known[report.feedback_id] = known


def _is_new(report: Report, earlier: _Known | None) -> bool:
    """Return whether a report is unknown, complains of a known sample, or is drawn better."""
    is_complaint = report.origin == "feedback" and earlier is not None and earlier.origin != "feedback"
    return is_complaint or _is_better_drawn(report, earlier)


def _is_better_drawn(report: Report, earlier: _Known | None) -> bool:
    """Return whether a report's draw takes the place of what is known of its prediction.

    The audit is never left: it takes the place of everything else, and in it, the higher
    probability is the true one. A complaint takes the place of a draw for a low score.
    """
    if earlier is None or earlier.drawn != "audit":
        rank = {"complaint": 1, "audit": 2}
        return earlier is None or rank.get(report.drawn, 0) > rank.get(earlier.drawn, 0)
    return report.drawn == "audit" and (report.probability or 0) > (earlier.probability or 0)


def _read_known(connection: Connection, *where: Any) -> dict[str, _Known]:
    """Return what is known of the reports that meet a condition, by feedback id."""
    columns = (REPORTS.c.item_id, REPORTS.c.origin, REPORTS.c.drawn, REPORTS.c.probability)
    query = select(REPORTS.c.feedback_id, *columns).where(*where)
    return {row.feedback_id: _Known(*row[1:]) for row in connection.execute(query)}
