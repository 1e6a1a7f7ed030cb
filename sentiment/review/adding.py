"""How reports come into the review queue: in batches, each report into the item that it nearly repeats or into a new one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import insert, select, update

from sentiment.data.near_duplicates import NearDuplicates, canonical_form
from sentiment.review.items import HOUR, Added, Arrivals, annotators_needed, novelty, priority, to_text
from sentiment.review.tables import ITEMS, REPORTS, WATERMARKS, replace_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from sentiment.review.items import Report
    from sentiment.review.tables import Database

BATCH = 500  # reports in one transaction, which a click of an annotator may have to wait for

# Built once: building a statement takes longer than running it.
_NEW_ITEM, _NEW_REPORT = insert(ITEMS), insert(REPORTS)


class _Shelf:
    """Items by what they say."""

    def __init__(self, words: set[str], items: Iterable[tuple[str, str]]) -> None:
        self.words = words
        self.forms: dict[str, str] = {}
        self._ids: list[str] = []
        self._index = NearDuplicates()
        for item_id, form in items:
            self.put(item_id, form)

    def put(self, item_id: str, form: str) -> None:
        """Keep an item."""
        self.forms[item_id] = form
        self.words.update(form.split())
        self._ids.append(item_id)
        self._index.add(form)

    def find(self, form: str) -> str | None:
        """Return the earliest item that a form nearly repeats, None where it says something new."""
        number = self._index.find(form)
        return None if number is None else self._ids[number]


def add_reports(
    database: Database, reports: Sequence[Report], watermarks: Mapping[str, datetime], *, overlap: float
) -> Added:
    """Take in reports, and move the watermarks together with the last batch of them; what was taken in before changes nothing.

    Near-duplicates are looked for before a batch takes the lock; with the lock, only among what
    came in since.
    """
    with database.reading() as connection:
        known = _read_known(connection)
        shelf = _Shelf(set(), _read_forms(connection))
    news = [report for report in reports if _is_news(report, known.get(report.feedback_id))]
    counts = Counter(known=len(reports) - len(news))
    for start in range(0, max(1, len(news)), BATCH):
        forms = [(report, canonical_form(report.text)) for report in news[start : start + BATCH]]
        found = [(report, form, shelf.find(form)) for report, form in forms]
        with database.transaction() as connection:
            fresh = _Shelf(
                shelf.words, (item for item in _read_forms(connection) if item[0] not in shelf.forms)
            )
            batch = _Batch(connection, [report for report, _ in forms], fresh, overlap)
            counts.update([batch.take(*one) for one in found])
            for name, moment in watermarks.items() if start + BATCH >= len(news) else ():
                replace_row(connection, WATERMARKS, {"name": name}, {"moment": to_text(moment)})
        for item_id, form in fresh.forms.items():
            shelf.put(item_id, form)
    return Added(counts["new"], counts["collapsed"], counts["known"])


class _Batch:
    """Takes in reports one by one within a transaction; `fresh` are the items that came since the long search."""

    def __init__(
        self, connection: Connection, reports: Sequence[Report], fresh: _Shelf, overlap: float
    ) -> None:
        self._connection, self._fresh, self._overlap = connection, fresh, overlap
        self._known = _read_known(
            connection, REPORTS.c.feedback_id.in_([report.feedback_id for report in reports])
        )
        self._arrivals = _read_arrivals(connection, reports)

    def take(self, report: Report, form: str, found: str | None) -> Literal["new", "collapsed", "known"]:
        """Keep a report, and return what became of it."""
        earlier = self._known.get(report.feedback_id)
        if not _is_news(report, earlier):
            return "known"
        is_flood = report.sender is not None and self._arrivals.is_flood(report.sender, report.received_at)
        item_id = earlier[0] if earlier else found or self._fresh.find(form)
        if item_id is None:
            self._open_item(report, form, is_flood)
        elif report.origin == "feedback":
            self._raise_item(item_id, report, is_flood)
        self._keep_report(report, item_id or report.feedback_id, is_flood)
        return "collapsed" if item_id else "new"

    def _open_item(self, report: Report, form: str, is_flood: bool) -> None:
        new = novelty(form, self._fresh.words)
        names = ("text", "predicted_label", "feedback_label", "score", "model", "prediction_id", "origin")
        values = {name: getattr(report, name) for name in names} | {
            "item_id": report.feedback_id,
            "form": form,
            "novelty": new,
        }
        values |= {
            "received_at": to_text(report.received_at),
            "needed": annotators_needed(report.feedback_id, self._overlap),
        }
        self._connection.execute(_NEW_ITEM, values | {"priority": priority(report, new, is_flood=is_flood)})
        self._fresh.put(report.feedback_id, form)

    def _raise_item(self, item_id: str, report: Report, is_flood: bool) -> None:
        """Let an item gain by a complaint, whatever it was before: a sample, or the work of a flood."""
        is_it = ITEMS.c.item_id == item_id
        item = self._connection.execute(
            select(ITEMS.c.feedback_label, ITEMS.c.novelty, ITEMS.c.priority).where(is_it)
        ).one()
        values = {"origin": report.origin, "feedback_label": item.feedback_label or report.feedback_label}
        gained = max(item.priority, priority(report, item.novelty, is_flood=is_flood))
        self._connection.execute(update(ITEMS).where(is_it).values(**values, priority=gained))

    def _keep_report(self, report: Report, item_id: str, is_flood: bool) -> None:
        values = {
            "item_id": item_id,
            "source": report.sender,
            "received_at": to_text(report.received_at),
            "is_flood": is_flood,
        }
        values |= {"origin": report.origin, "feedback_label": report.feedback_label}
        if report.feedback_id in self._known:
            replace_row(self._connection, REPORTS, {"feedback_id": report.feedback_id}, values)
        else:
            self._connection.execute(_NEW_REPORT, values | {"feedback_id": report.feedback_id})
        self._known[report.feedback_id] = (item_id, report.origin)


def _is_news(report: Report, earlier: tuple[str, str] | None) -> bool:
    """Return whether a report is new; a complaint replaces the sample of its prediction, nothing else replaces anything."""
    return earlier is None or (report.origin == "feedback" and earlier[1] != "feedback")


def _read_known(connection: Connection, *where: Any) -> dict[str, tuple[str, str]]:
    """Return the item and the origin of the reports that meet a condition, by feedback id."""
    query = select(REPORTS.c.feedback_id, REPORTS.c.item_id, REPORTS.c.origin).where(*where)
    return {row.feedback_id: (row.item_id, row.origin) for row in connection.execute(query)}


def _read_forms(connection: Connection) -> list[tuple[str, str]]:
    return [(item_id, form) for item_id, form in connection.execute(select(ITEMS.c.item_id, ITEMS.c.form))]


def _read_arrivals(connection: Connection, reports: Sequence[Report]) -> Arrivals:
    """Return when the sources of a batch sent what is there already, as far back as it matters."""
    senders = {report.sender for report in reports if report.sender}
    since = min((to_text(report.received_at - HOUR) for report in reports), default="")
    query = select(REPORTS.c.source, REPORTS.c.received_at).where(
        REPORTS.c.source.in_(senders), REPORTS.c.received_at >= since
    )
    return Arrivals((source, moment) for source, moment in connection.execute(query))
