"""Collect into the review queue without Prefect: `python -m infra.collection`.

The job on GitHub has the identity that reads logs and feedback, so it installs few packages
(`locks/collect.txt`); `python -m flows.collect` does the same as a flow.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from infra.github import summarise
from sentiment import queries
from sentiment.command import run_command, whole_number
from sentiment.config import read_settings
from sentiment.errors import QueryError
from sentiment.review.collecting import collect_reports, in_words
from sentiment.supervision.reader import LogsReader

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.config import Settings

_TRIES, _PAUSE = 3, 5.0  # seconds


def read_logs(settings: Settings, name: str, period: tuple[datetime, datetime]) -> pd.DataFrame:
    """Return the rows of a query of single events; logs that are busy are asked again.

    Raises:
        QueryError: The logs cannot be queried.
    """
    tries = 1
    while True:
        try:
            with LogsReader.from_settings(settings) as reader:
                return reader.rows(queries.read(name), period)
        except QueryError as error:
            if tries == _TRIES or not error.is_passing:
                raise
        tries += 1
        time.sleep(_PAUSE)


def _warn(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Read the command line, collect and say what came in."""
    parser = argparse.ArgumentParser(
        "python -m infra.collection", description="Take bad predictions and samples into the review queue."
    )
    more = "how far back the first time looks, 1 to 730 (default: %(default)s)"
    parser.add_argument("--days", type=whole_number("days", 1, 730), default=28, help=more)
    days = parser.parse_args().days
    added = collect_reports(read_settings(), read_logs, days=days, now=datetime.now(UTC), warn=_warn)
    summarise(f"- {in_words(added)}")


if __name__ == "__main__":
    sys.exit(run_command(main))
