"""Collect bad predictions and samples into the review queue: `python -m flows.collect`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.collect import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from pydantic import Field

from flows.arguments.collect import make_parser
from flows.retrying import is_worth_asking_again
from sentiment import queries
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import QueryError
from sentiment.feedback.inbox import Inbox
from sentiment.feedback.prediction_ids import signer_at_hand
from sentiment.review.inbox_frame import to_frame
from sentiment.review.inbox_parts import InboxParts
from sentiment.review.intake import reports_of_feedback, reports_of_samples
from sentiment.review.items import Added
from sentiment.review.queue import ReviewQueue
from sentiment.supervision.reader import LogsReader

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.config import Settings

# Telemetry keeps feedback's own time for 48 hours, so a row may come that much later than its time
# says.
_OVERLAP = timedelta(hours=49)
_STREAMS = ("bad_predictions", "sampled_predictions")


@flow(name="collect", persist_result=False)
def collect(days: Annotated[int, Field(ge=1, le=730)] = 28) -> Added:
    """Add what arrived since the last collection to the review queue, and return the counts.

    Safe to repeat and to interrupt: a feedback id counts once, and the watermarks move with the
    last of the items. What is new in the inbox is added and compacted, so feedback that telemetry
    lost is added, too, also where the logs do not answer.

    Args:
        days: How far back the first collection looks, 1 to 730 days; later ones resume where the
            last one ended.

    Raises:
        FeedbackError: The inbox cannot be read or compacted.
        ReviewError: The queue cannot be reached.
        QueryError: The logs cannot be queried; what the inbox holds is in the queue, and the logs'
            turn comes the next time.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    now, logger = datetime.now(UTC), get_run_logger()
    with ReviewQueue.from_settings(settings) as queue:
        try:
            complaints, samples = (_new_rows(settings, queue, name, (days, now)) for name in _STREAMS)
        except QueryError:
            added = _add_inbox(settings, queue, set())
            logger.warning("the logs do not answer; from the inbox: %s", _in_words(added))
            raise
        signer = signer_at_hand(settings)
        # Samples first: so the text that the service sealed is what people read. Then the inbox,
        # whose rows have the source.
        added = queue.add(reports_of_samples(samples, signer))
        only_logged = set(complaints["feedback_id"])
        added += _add_inbox(settings, queue, only_logged)
        rest = complaints[complaints["feedback_id"].isin(only_logged)]
        reports = reports_of_feedback(rest, to_frame(()), signer)
        added += queue.add(reports, watermarks=dict.fromkeys(_STREAMS, now))
    logger.info("%s", _in_words(added))
    return added


def _add_inbox(settings: Settings, queue: ReviewQueue, ids: set[str]) -> Added:
    """Add the complaints that are new in the inbox, compact it, and take their ids out of `ids`."""
    parts, taken = InboxParts(Inbox(settings.feedback_address)), queue.inbox_parts()
    added = Added(0, 0, 0)
    for batch in parts.unread(taken):
        inbox = to_frame(batch.feedback)
        added += queue.add(reports_of_feedback(inbox.iloc[:0], inbox[~inbox["correct"]]))
        ids.difference_update(inbox["feedback_id"])
        queue.note_inbox_parts([batch.part] if batch.part else parts.compact(batch))
    parts.merge(queue.inbox_parts(), queue.note_inbox_parts)
    return added


def _new_rows(settings: Settings, queue: ReviewQueue, name: str, until: tuple[int, datetime]) -> pd.DataFrame:
    """Return the rows of a stream since its watermark; the first time those of so many days."""
    (days, now), mark = until, queue.watermark(name)
    frame: pd.DataFrame = read_logs(
        settings, name, (mark - _OVERLAP if mark else now - timedelta(days=days), now)
    )
    return frame


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=5, retry_condition_fn=is_worth_asking_again)
def read_logs(settings: Settings, query: str, period: tuple[datetime, datetime]) -> pd.DataFrame:
    """Return the rows of a query of single events."""
    with LogsReader.from_settings(settings) as reader:
        return reader.rows(queries.read(query), period)


def _in_words(added: Added) -> str:
    return (
        f"{added.new} new items to review, {added.collapsed} reports that joined one, "
        f"{added.known} known already"
    )


def main() -> None:
    """Read the command line, run the flow and print what came in."""
    print(_in_words(collect(make_parser().parse_args().days)))


if __name__ == "__main__":
    sys.exit(run_command(main))
