"""Collect bad predictions and samples into the review queue: `python -m flows.collect`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.collect import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys
from datetime import UTC, datetime
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
from sentiment.review.collecting import collect_reports, in_words
from sentiment.review.items import Added
from sentiment.supervision.reader import LogsReader

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.config import Settings


@flow(name="collect", persist_result=False)
def collect(days: Annotated[int, Field(ge=1, le=730)] = 28) -> Added:
    """Add what arrived since the last collection to the review queue, and return the counts.

    See `collect_reports`.

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
    logger = get_run_logger()
    added = collect_reports(settings, read_logs, days=days, now=datetime.now(UTC), warn=logger.warning)
    logger.info("%s", in_words(added))
    return added


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=5, retry_condition_fn=is_worth_asking_again)
def read_logs(settings: Settings, name: str, period: tuple[datetime, datetime]) -> pd.DataFrame:
    """Return the rows of a query of single events."""
    with LogsReader.from_settings(settings) as reader:
        return reader.rows(queries.read(name), period)


def main() -> None:
    """Read the command line, run the flow and print what came in."""
    print(in_words(collect(make_parser().parse_args().days)))


if __name__ == "__main__":
    sys.exit(run_command(main))
