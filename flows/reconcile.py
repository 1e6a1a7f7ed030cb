"""Send feedback again that the inbox holds and the logs do not: `python -m flows.reconcile`.

Safe to repeat: each counts once.
"""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.reconcile import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from flows.arguments.reconcile import make_parser
from flows.retrying import is_worth_asking_again
from sentiment import queries
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import ConfigError
from sentiment.feedback.feedback import Feedback
from sentiment.feedback.inbox import Inbox
from sentiment.review.inbox_frame import read_inbox
from sentiment.review.missing import missing_feedback
from sentiment.supervision.reader import LogsReader
from sentiment.telemetry import process
from sentiment.telemetry.connection_string import CONNECTION_STRING, read_connection_string

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.config import Settings


@flow(name="reconcile", persist_result=False)
def reconcile(days: int = 28, grace_minutes: int = 10) -> int:
    """Send feedback of the last days that never arrived in the logs again; return the count.

    `days` must not be more than the logs keep, else what they have forgotten is sent again.
    Feedback of the last minutes may still be on its way: Azure shows a record some minutes after it
    was sent.

    Raises:
        ConfigError: Telemetry is off: there is nowhere to send it.
        FeedbackError: The inbox cannot be read.
        QueryError: The logs cannot be queried.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    _use_local_monitor(settings)
    now = datetime.now(UTC)
    start, end = now - timedelta(days=days), now - timedelta(minutes=grace_minutes)
    inbox = read_inbox(Inbox(settings.feedback_address), (start, end))
    logs: pd.DataFrame = read_logs(settings, (start, now))
    missing = missing_feedback(inbox, logs, period=(start, end))
    if len(missing):
        send(settings, missing)
    get_run_logger().info(
        "%d in the inbox of these days, %d in the logs, %d sent again", len(inbox), len(logs), len(missing)
    )
    return len(missing)


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=5, retry_condition_fn=is_worth_asking_again)
def read_logs(settings: Settings, period: tuple[datetime, datetime]) -> pd.DataFrame:
    """Return the feedback that arrived in the logs."""
    with LogsReader.from_settings(settings) as reader:
        return reader.rows(queries.read("feedback"), period)


@task(cache_policy=NO_CACHE)
def send(settings: Settings, missing: pd.DataFrame) -> None:
    """Log the feedback again.

    What Azure does not take now lies in the spool, or is missing again at the next run.
    """
    running = process.start(settings, role="reconcile")
    try:
        if not running.is_on:
            raise ConfigError(f"telemetry cannot start: check {CONNECTION_STRING}, as the log says")
        rows = missing.astype(object).where(missing.notna(), None).to_dict("records")
        running.resend(Feedback(**row | {"received_at": row["received_at"].isoformat()}) for row in rows)
    finally:
        running.stop()


def _use_local_monitor(settings: Settings) -> None:
    """Send telemetry to the local monitor if no destination is set and the queries ask it, too."""
    if read_connection_string():
        return
    if settings.logs_address != settings.monitor_address:
        raise ConfigError(f"telemetry is off: set {CONNECTION_STRING} to where the service sends its own")
    os.environ[CONNECTION_STRING] = settings.local_connection_string


def main() -> None:
    """Read the command line, run the flow and print what it sent."""
    arguments = make_parser().parse_args()
    sent = reconcile(days=arguments.days, grace_minutes=arguments.grace_minutes)
    print(f"sent {sent} again" if sent else "nothing is missing")


if __name__ == "__main__":
    sys.exit(run_command(main))
