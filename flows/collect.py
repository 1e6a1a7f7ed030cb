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
from sentiment.review.inbox_frame import read_inbox
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
    last of the items. All of the inbox is read, so feedback that telemetry lost is added, too, also
    where the logs do not answer.

    Args:
        days: How far back the first collection looks, 1 to 730 days; later ones resume where the
            last one ended.

    Raises:
        FeedbackError: The inbox cannot be read.
        ReviewError: The queue cannot be reached.
        QueryError: The logs cannot be queried; what the inbox holds is in the queue, and the logs'
            turn comes the next time.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    now, logger = datetime.now(UTC), get_run_logger()
    inbox = read_inbox(Inbox(settings.feedback_address))
    with ReviewQueue.from_settings(settings) as queue:
        marks = {name: queue.watermark(name) for name in _STREAMS}
        starts = {
            name: mark - _OVERLAP if mark else now - timedelta(days=days) for name, mark in marks.items()
        }
        try:
            frames = {name: read_logs(settings, name, (start, now)) for name, start in starts.items()}
        except QueryError:
            added = _add_inbox(queue, inbox)
            logger.warning("the logs do not answer; from the inbox: %s", _in_words(added))
            raise
        signer = signer_at_hand(settings)
        feedback = reports_of_feedback(frames["bad_predictions"], inbox, signer)
        samples = reports_of_samples(frames["sampled_predictions"], signer)
        # Samples first: so the text that the service sealed is what people read.
        added = queue.add([*samples, *feedback], watermarks=dict.fromkeys(_STREAMS, now))
    logger.info("%d called wrong, %d samples: %s", len(feedback), len(samples), _in_words(added))
    return added


def _add_inbox(queue: ReviewQueue, inbox: pd.DataFrame) -> Added:
    """Add the bad predictions of the inbox alone, without the logs."""
    if not len(inbox):
        return Added(0, 0, 0)
    return queue.add(reports_of_feedback(inbox.iloc[:0], inbox[~inbox["correct"]]))


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
