"""A review queue of any size, made in the database itself, and the time of a click in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, text

from sentiment.feedback.feedback import feedback_id_of
from sentiment.review.items import Report
from sentiment.review.queue import ReviewQueue

_CLICKS, _ADDED = 60, 2
_NEW = 1000
_NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
_SERIES = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
_TIME = "'2026-11-01T00:00:00.000000+00:00'"
# Of ten items five are settled, one waits for its second annotator, one is disputed, three are new.
# A third is of the audit. Fifty people judge.
_FILL = """
INSERT INTO review_items (item_id, text, form, predicted_label, score, model, prediction_id, origin,
    received_at, needed, novelty, priority, audit_order, number, state, draws, lane, judge, place, unseen)
{series} SELECT 'item' || i, 'a tweet with the number ' || i, 'tweet with number w' || i || ' x' || i,
    'neutral', 0.5, 'm', 'p' || i, 'feedback', {time}, CASE WHEN i % 10 IN (5, 6) THEN 2 ELSE 1 END, 0.5,
    {share}, CASE WHEN i % 3 = 0 THEN {share} END, i,
    CASE WHEN i % 10 < 5 THEN 'settled' WHEN i % 10 = 6 THEN 'disputed' ELSE 'waiting' END,
    CASE WHEN i % 3 = 0 THEN 1 ELSE 0 END,
    CASE WHEN i % 10 < 5 OR i % 10 = 6 THEN '' WHEN i % 3 = 0 THEN 'audit' ELSE 'other' END,
    CASE WHEN i % 10 = 5 THEN 'person ' || (i % 50) ELSE '' END,
    CASE WHEN i % 3 = 0 THEN {share} ELSE -{share} END,
    CASE WHEN i % 3 = 0 AND i % 10 > 6 THEN {share} END FROM n;

INSERT INTO review_reports (feedback_id, item_id, origin, source, received_at, is_flood, drawn, probability,
    prediction_id, predicted_label, model)
{series} SELECT 'item' || i, 'item' || i, 'feedback', 's' || (i % 1000), {time}, {no},
    CASE WHEN i % 3 = 0 THEN 'audit' ELSE 'complaint' END, CASE WHEN i % 3 = 0 THEN 1.0 END, 'p' || i,
    'neutral', 'm' FROM n;

INSERT INTO review_judgements (item_id, annotator, role, label, judged_at, retired)
{series} SELECT 'item' || i, 'person ' || (i % 50), 'annotator', 'neutral', {time}, 0 FROM n
    WHERE i % 10 < 7;

INSERT INTO review_judgements (item_id, annotator, role, label, judged_at, retired)
{series} SELECT 'item' || i, 'person ' || ((i + 1) % 50), 'annotator', 'positive', {time}, 0 FROM n
    WHERE i % 10 = 6;

INSERT INTO review_counts SELECT 'item', state, count(*) FROM review_items GROUP BY state;

INSERT INTO review_counts SELECT 'draw', drawn, count(*)
    FROM (SELECT CASE WHEN state = 'settled' THEN state ELSE 'waiting' END AS drawn FROM review_items
        WHERE draws = 1) AS audit GROUP BY drawn;

INSERT INTO review_counts SELECT kind, annotator, count(*) FROM review_judgements
    CROSS JOIN (SELECT 'judged' AS kind UNION ALL SELECT 'given') AS kinds GROUP BY kind, annotator;

INSERT INTO review_counts SELECT 'half ' || lane, judge, count(*) FROM review_items
    WHERE judge <> '' GROUP BY lane, judge;

INSERT INTO review_counts SELECT 'pair', name, count(*)
    FROM (SELECT CASE WHEN a.annotator < b.annotator
            THEN a.annotator || ';' || b.annotator || ';neutral;positive'
            ELSE b.annotator || ';' || a.annotator || ';positive;neutral' END AS name
        FROM review_judgements a JOIN review_judgements b ON a.item_id = b.item_id
        WHERE a.label = 'neutral' AND b.label = 'positive') AS pairs GROUP BY name;

INSERT INTO review_counts SELECT 'ratings', 'neutral;positive', count(*) FROM review_items
    WHERE state = 'disputed'
"""


def fill(url: str, rows: int) -> None:
    """Make a queue of so many items in an empty database."""
    with ReviewQueue(url) as queue:
        queue.progress()  # makes the tables
    engine = create_engine(url)
    given = {
        "time": _TIME,
        "series": _SERIES.format(rows=rows),
        "share": f"((i * 7919) % {rows}) / {float(rows)}",
        "no": "FALSE" if engine.dialect.name == "postgresql" else "0",
    }
    with engine.begin() as connection:
        for statement in _FILL.split(";\n\n"):
            connection.execute(text(statement.format(**given)))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


class _Clicks:
    """What people do in a queue, each act timed."""

    def __init__(self, queue: ReviewQueue) -> None:
        self._queue, self._item = queue, ""
        self.times: dict[str, list[float]] = {}

    def do(self, number: int) -> None:
        """Do everything once, as one of fifty people."""
        name, now = f"person {number % 50}", _NOW + timedelta(seconds=number)
        self._timed("next item", lambda: self._take(name, now))
        self._timed("judge", lambda: self._queue.judge(self._item, name, "neutral", now=now))
        self._timed("progress", lambda: self._queue.progress(name))
        self._timed("agreement", self._queue.agreement)
        disputed = self._queue.disagreements(limit=1)[0][0].item_id
        self._timed("settle", lambda: self._queue.adjudicate(disputed, "judge", "neutral", now=now))

    def add(self, number: int) -> None:
        """Add 1,000 reports."""
        reports = [_report(number * _NEW + each) for each in range(_NEW)]
        self._timed("add 1,000", lambda: self._queue.add(reports))

    def _take(self, name: str, now: datetime) -> None:
        item = self._queue.next_item(name, now=now)
        self._item = item.item_id if item else ""

    def _timed(self, name: str, act: Callable[[], object]) -> None:
        began = time.perf_counter()
        act()
        self.times.setdefault(name, []).append(1000 * (time.perf_counter() - began))


def measure_clicks(url: str, index: Path) -> dict[str, float]:
    """Return the milliseconds of each act in a queue: the median, and the best of sixty.

    On a machine that does other things besides, the best is nearer to what the act itself takes.
    """
    with ReviewQueue(url, index=index) as queue:
        queue.add([])  # the index is made, once for all later runs
        clicks = _Clicks(queue)
        for number in range(_CLICKS):
            clicks.do(number)
        for number in range(_ADDED):
            clicks.add(number)
    medians = {f"{name}, median": sorted(each)[len(each) // 2] for name, each in clicks.times.items()}
    return medians | {f"{name}, best": min(each) for name, each in clicks.times.items()}


def _report(number: int) -> Report:
    prediction_id = f"new {number}"
    words = " ".join(f"n{number}w{position}" for position in range(10))
    return Report(
        feedback_id_of(prediction_id),
        prediction_id,
        words,
        "neutral",
        "negative",
        0.5,
        "m",
        "feedback",
        f"sender {number}",
        _NOW,
    )
