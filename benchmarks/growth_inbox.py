"""An inbox of any size, and the time to record and to collect in it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from itsdangerous.encoding import base64_encode
from itsdangerous.url_safe import URLSafeSerializer

from sentiment.feedback.feedback import Feedback, feedback_id_of
from sentiment.feedback.inbox import Inbox
from sentiment.feedback.prediction_ids import PredictionSigner
from sentiment.review.inbox_parts import Batch, InboxParts

_DAYS = 100  # over which the old feedback is spread
_AT_ONCE = 50_000
_NEW, _ROUNDS = 1000, 3
_SIGNER = PredictionSigner("a key for measuring only", 30)


def fill(inbox: Inbox, rows: int) -> set[str]:
    """Fill an inbox with collected feedback, and return the names of its parts."""
    parts = InboxParts(inbox)
    taken: set[str] = set()
    for start in range(0, rows, _AT_ONCE):
        some = tuple(_old(number, rows) for number in range(start, min(rows, start + _AT_ONCE)))
        taken.update(parts.compact(Batch(some)))
    return taken


def measure(inbox: Inbox, taken: set[str]) -> dict[str, float]:
    """Return the least seconds of three rounds to record 1,000 feedbacks and to collect them.

    On a busy disk the processor's share says whether there is more to do.
    """
    rounds = [_measure_once(inbox, taken, number * _NEW) for number in range(_ROUNDS)]
    return {name: min(each[name] for each in rounds) for name in rounds[0]}


def _measure_once(inbox: Inbox, taken: set[str], first: int) -> dict[str, float]:
    """Return the seconds to record new feedback, and to read and compact it."""
    ids = [_SIGNER.sign("x", label="neutral", score=0.5, model="m") for _ in range(_NEW)]
    new = [_feedback(prediction_id, first + number) for number, prediction_id in enumerate(ids)]
    began = time.perf_counter()
    for row in new:
        inbox.record(row)
    recorded, processor = time.perf_counter(), time.process_time()
    parts, read = InboxParts(inbox), 0
    for batch in parts.unread(taken):
        read += len(batch.feedback)
        taken.update(parts.compact(batch))
    parts.merge(taken, taken.update)
    if read != _NEW:
        raise SystemExit(f"{read} feedbacks were collected, not {_NEW}")
    return {
        "record 1,000": recorded - began,
        "collect 1,000 new": time.perf_counter() - recorded,
        "collect 1,000 new, processor": time.process_time() - processor,
    }


def _old(number: int, rows: int) -> Feedback:
    """Return a feedback on a prediction of an earlier day; old ones come in the order of time."""
    day = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number * _DAYS // rows)
    moment = int(day.timestamp()).to_bytes(4)
    payload = URLSafeSerializer("none").dump_payload([f"n{number}", "d", "neutral", 0.5, "m"]).decode()
    prediction_id = f"{payload}.{base64_encode(moment).decode()}.unsigned"
    return _feedback(prediction_id, number, day)


def _feedback(prediction_id: str, number: int, day: datetime | None = None) -> Feedback:
    received = (day or datetime.now(UTC)).isoformat(timespec="microseconds")
    return Feedback(
        feedback_id_of(prediction_id),
        prediction_id,
        f"a tweet with the number {number}, about a flight that was late again",
        "neutral",
        "negative",
        False,
        0.5,
        "m",
        None,
        received,
        f"source {number % 1000}",
    )
