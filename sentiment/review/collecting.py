"""Collects bad predictions and samples into the review queue, whoever reads the logs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sentiment.errors import QueryError
from sentiment.feedback.inbox import Inbox
from sentiment.feedback.prediction_ids import signer_at_hand
from sentiment.review.inbox_frame import to_frame
from sentiment.review.inbox_parts import InboxParts
from sentiment.review.intake import reports_of_feedback, reports_of_samples
from sentiment.review.items import Added
from sentiment.review.queue import ReviewQueue

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import pandas as pd

    from sentiment.config import Settings

    ReadLogs = Callable[[Settings, str, tuple[datetime, datetime]], pd.DataFrame]

# Telemetry keeps feedback's own time for 48 hours, so a row may come that much later than its time
# says.
_OVERLAP = timedelta(hours=49)
_STREAMS = ("bad_predictions", "sampled_predictions")


def collect_reports(
    settings: Settings, read_logs: ReadLogs, *, days: int, now: datetime, warn: Callable[[str], None]
) -> Added:
    """Add what arrived since the last collection to the review queue, and return the counts.

    Safe to repeat and to interrupt: a feedback id counts once, and the watermarks move with the
    last of the items. What is new in the inbox is added and compacted, so feedback that telemetry
    lost is added, too, also where the logs do not answer.

    Args:
        settings: Where inbox and queue are.
        read_logs: Returns the rows of a query, by its name in `sentiment.queries`, of a period.
        days: How far back the first collection looks; later ones resume where the last one ended.
        now: Until when.
        warn: Is told what came in where the logs do not answer.

    Raises:
        FeedbackError: The inbox cannot be read or compacted.
        ReviewError: The queue cannot be reached.
        QueryError: The logs cannot be queried; what the inbox holds is in the queue, and the logs'
            turn comes the next time.
    """
    with ReviewQueue.from_settings(settings) as queue:
        try:
            complaints, samples = (
                read_logs(settings, name, _since_the_last(queue, name, days, now)) for name in _STREAMS
            )
        except QueryError:
            added = add_inbox(settings, queue, set())
            warn(f"the logs do not answer; from the inbox: {in_words(added)}")
            raise
        return _add_all(settings, queue, (complaints, samples), now)


def _add_all(
    settings: Settings, queue: ReviewQueue, logged: tuple[pd.DataFrame, pd.DataFrame], now: datetime
) -> Added:
    """Add logged complaints and samples and the inbox, and move the watermarks to `now`."""
    (complaints, samples), signer = logged, signer_at_hand(settings)
    # Samples first: so the text that the service sealed is what people read. Then the inbox, whose
    # rows have the source.
    added = queue.add(reports_of_samples(samples, signer))
    only_logged = set(complaints["feedback_id"])
    added += add_inbox(settings, queue, only_logged)
    rest = complaints[complaints["feedback_id"].isin(only_logged)]
    reports = reports_of_feedback(rest, to_frame(()), signer)
    return added + queue.add(reports, watermarks=dict.fromkeys(_STREAMS, now))


def add_inbox(settings: Settings, queue: ReviewQueue, ids: set[str]) -> Added:
    """Add the complaints that are new in the inbox, and compact it; return the counts.

    Their ids are taken out of `ids`.

    Raises:
        FeedbackError: The inbox cannot be read or compacted.
        ReviewError: The queue cannot be reached.
    """
    parts, taken = InboxParts(Inbox(settings.feedback_address)), queue.inbox_parts()
    added = Added(0, 0, 0)
    for batch in parts.unread(taken):
        inbox = to_frame(batch.feedback)
        added += queue.add(reports_of_feedback(inbox.iloc[:0], inbox[~inbox["correct"]]))
        ids.difference_update(inbox["feedback_id"])
        queue.note_inbox_parts([batch.part] if batch.part else parts.compact(batch))
    parts.merge(queue.inbox_parts(), queue.note_inbox_parts)
    return added


def in_words(added: Added) -> str:
    """Return the counts of a collection as a phrase."""
    return (
        f"{added.new} new items to review, {added.collapsed} reports that joined one, "
        f"{added.known} known already"
    )


def _since_the_last(queue: ReviewQueue, name: str, days: int, now: datetime) -> tuple[datetime, datetime]:
    """Return the period of a stream since its watermark; the first time that of so many days."""
    mark = queue.watermark(name)
    return (mark - _OVERLAP if mark else now - timedelta(days=days), now)
