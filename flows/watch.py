"""Evaluate the alert over the logs once and notify people of changes: `python -m flows.watch`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.watch import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from flows.arguments.watch import make_parser
from flows.retrying import is_worth_asking_again
from sentiment.champions import store
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import SentiloopError
from sentiment.review.audited import read_audited
from sentiment.supervision import channels
from sentiment.supervision.alert_rule import read_rules
from sentiment.supervision.alert_watch import Evaluation, Watch
from sentiment.supervision.production_alert import watch_production
from sentiment.supervision.reader import LogsReader

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.supervision.alert_rule import AlertRule

_TICK = timedelta(microseconds=1)  # a period is start <= t < end, a window start < t <= end


@task(
    name="ask the logs",
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=is_worth_asking_again,
    cache_policy=NO_CACHE,
)
def ask(reader: LogsReader, query: str, start: datetime, end: datetime) -> pd.DataFrame:
    """Return the rows of the window (start, end].

    Raises:
        QueryError: The logs do not answer, or only in part.
    """
    return reader.frame(query, (start + _TICK, end + _TICK))


@flow(name="watch", persist_result=False)
def watch(at: datetime | None = None) -> str:
    """Evaluate the alert rules, notify their channels of changes, and return a line for each.

    Args:
        at: The moment as of which to evaluate; now unless given.

    Raises:
        QueryError: The logs cannot be asked; the alerts stay as they are.
        AlertError: A rule or the state of an alert cannot be used.
        ReviewError: The review queue cannot be asked.
        DataError: The dataset of validated feedback cannot be read.
        ConfigError: A setting of the logs or of a channel cannot be used.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    rules, tell = read_rules(), channels.from_settings(settings)
    with LogsReader.from_settings(settings) as reader:

        def ask_logs(query: str, start: datetime, end: datetime) -> pd.DataFrame:
            return ask(reader, query, start, end)

        watches = [Watch(rule, ask_logs, tell, settings.alert_home) for rule in rules]
        production = watch_production(settings, tell, lambda: read_audited(settings), store.pointer)
        watches += [production] if production else []
        # All of them, before a failure of one ends the run.
        evaluations = [(watch.rule, watch.evaluate(at or datetime.now(UTC))) for watch in watches]
    for error in [evaluation.error for _, evaluation in evaluations if evaluation.error]:
        raise error
    summary = "\n".join(summarise(rule, evaluation) for rule, evaluation in evaluations)
    get_run_logger().info(summary)
    return summary


def summarise(rule: AlertRule, evaluation: Evaluation) -> str:
    """Return the result of an evaluation in one line."""
    value = "nothing to measure" if evaluation.value is None else rule.number(evaluation.value)
    measured = f"{rule.display_name}: {value} in the {rule.window_text} to {evaluation.at:%Y-%m-%d %H:%M} UTC"
    is_so = (
        f"fired since {evaluation.state.fired:%Y-%m-%d %H:%M} UTC" if evaluation.state.fired else "not fired"
    )
    untold = f"; {evaluation.undelivered} messages wait to be delivered" if evaluation.undelivered else ""
    return f"{measured}; {is_so}{untold}"


def keep_watching(every: float) -> None:
    """Run the flow every `every` seconds until Ctrl-C; print failures and continue."""
    while True:
        began = time.monotonic()
        try:
            print(watch(), flush=True)
        except SentiloopError as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
        time.sleep(max(0.0, every - (time.monotonic() - began)))


def main() -> None:
    """Read the command line, run the flow and print its summary."""
    every = make_parser().parse_args().every
    if every is None:
        print(watch())
    else:
        keep_watching(every)


if __name__ == "__main__":
    sys.exit(run_command(main))
