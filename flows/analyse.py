"""Write the weekly report from the logs: `python -m flows.analyse`.

The same code asks Azure or the local monitor.
"""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.analyse import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import mlflow
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from pydantic import Field

from flows.arguments.analyse import MOST_DAYS, in_utc, make_parser
from flows.retrying import is_worth_asking_again
from sentiment import durable, queries
from sentiment.champions import store
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.drift.history import History
from sentiment.errors import AlertError, ConfigError
from sentiment.evaluation.production_periods import production_history
from sentiment.language import speaking
from sentiment.reports.canvas import as_png
from sentiment.reports.drift import explain_drift, say_drift
from sentiment.reports.drift_picture import draw_drift_narrow
from sentiment.reports.span import Span
from sentiment.reports.weekly_finding import Finding
from sentiment.reports.weekly_findings import find
from sentiment.reports.weekly_page import make_page
from sentiment.reports.weekly_pictures import draw_weekly
from sentiment.reports.weekly_records import Records, split_feedback
from sentiment.reports.weekly_report import Weekly, analyse
from sentiment.reports.weekly_summary import make_headline, make_summary
from sentiment.reports.weekly_tables import to_csv
from sentiment.review.audited import read_audited
from sentiment.supervision.alert_rule import read_rule
from sentiment.supervision.alert_state import episodes
from sentiment.supervision.reader import LogsReader
from sentiment.training import runs

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.drift.week import Week

Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]
_HOUR, _QUARTER_DAY = timedelta(hours=1), timedelta(hours=6)
_WHOLE = timedelta(days=36_500)  # steps start at multiples of their length, and this one holds any period
# Feedback that telemetry lost is sent again, with the time it was given at.
_MAY_COME_LATE = timedelta(days=30)


@flow(name="analyse", flow_run_name="analyse {days} days", persist_result=False)
def write_report(
    days: Days = 7, end: datetime | None = None, output: Path | None = None
) -> tuple[Path, Weekly]:
    """Report on the `days` before `end`: into MLflow and as a page, whose path is returned.

    Nothing is written before every query has its answer. A period without records makes a report
    that says so.

    Args:
        days: The length of the period, 1 to 31 days; it is compared with the same length before.
        end: The end of the period, rounded up to the full hour, UTC unless it says otherwise; now
            unless given.
        output: Where the page goes, a file on the worker; reports/ below SENTIMENT_HOME unless
            given.

    Raises:
        QueryError: The logs cannot be asked.
        ReviewError: The review queue cannot be asked.
        DataError: The dataset of validated feedback cannot be read.
        TrackingError: MLflow does not answer.
        ConfigError: A setting cannot be used, or the page cannot be written to `output`.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    created_at = datetime.now(UTC).replace(microsecond=0)
    span = Span.ending(in_utc(end or created_at), days)
    get_run_logger().info("tracking at %s, logs at %s", runs.connect(settings), settings.logs_address)
    weekly = _read_and_analyse(span, created_at)
    path = output or settings.home / "reports" / f"weekly-{span.end:%Y-%m-%d}.html"
    _publish(weekly, path.absolute(), created_at, settings.logs_address)
    return path.absolute(), weekly


@task(
    task_run_name="read {name}",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=is_worth_asking_again,
)
def read_answer(
    name: str, reader: LogsReader, start: datetime, end: datetime, **parameters: timedelta
) -> pd.DataFrame:
    """Return the answer to a query over a period; single feedbacks are read page by page.

    Raises:
        QueryError: The logs do not answer, or only in part.
    """
    query = queries.read(name, **parameters)
    ask = reader.rows if name in ("bad_predictions", "good_predictions") else reader.frame
    frame = ask(query, (start, end))
    get_run_logger().info("%s from %s: %d rows", name, f"{start:%Y-%m-%d %H:%M}", len(frame))
    return frame


def _read_and_analyse(span: Span, created_at: datetime) -> Weekly:
    rule = read_rule()
    lead = rule.lookback + rule.quiet_evaluations * rule.evaluation_frequency
    latest = max(span.end, min(span.end + _MAY_COME_LATE, created_at))
    with LogsReader.from_settings(read_settings()) as reader:
        bad, good = (
            read_answer(name, reader, span.before.start, latest)
            for name in ("bad_predictions", "good_predictions")
        )
        now, before = (_read(reader, part, bad, good) for part in (span, span.before))
        history = read_answer("alert_history", reader, span.before.start - lead, span.end)
    production = production_history(read_audited(read_settings()), store.pointer(), span.end)
    return analyse(span, now, before, episodes(history, rule, min(span.end, created_at)), production)


def _read(reader: LogsReader, span: Span, bad: pd.DataFrame, good: pd.DataFrame) -> Records:
    """Return the records of a span; feedback counts when it was given, whenever it arrived."""

    def ask(name: str, **parameters: timedelta) -> pd.DataFrame:
        return read_answer(name, reader, span.start, span.end, **parameters)

    return Records(
        bad_predictions=split_feedback(bad, span),
        good_predictions=split_feedback(good, span),
        requests=ask("requests_per_minute", step=_HOUR),
        label_mix=ask("label_mix", step=_HOUR),
        confidence=ask("confidence", step=_HOUR),
        latency=ask("latency", step=_WHOLE),
        latency_steps=ask("latency", step=_QUARTER_DAY if span.days > 1 else _HOUR),
        errors=ask("errors"),
        feedback_rate=ask("feedback_rate"),
    )


def _publish(weekly: Weekly, path: Path, created_at: datetime, source: str) -> None:
    """Log the report to MLflow, write the page to a file, and show the summary in Prefect."""
    with speaking(read_settings().language):
        findings, pictures = _find_and_draw(weekly)
        page = make_page(weekly, findings, pictures, created_at=created_at, source=source).encode()
        summary = make_summary(weekly, findings)
    files = {"report.html": page, "summary.md": summary.encode()}
    files |= {f"pictures/{topic}.png": picture for topic, picture in pictures.items()}
    files |= {f"tables/{name}.csv": to_csv(table).encode() for name, table in weekly.tables.items()}
    tags = {
        "kind": "weekly-report",
        "period_start": weekly.span.start.isoformat(),
        "period_end": weekly.span.end.isoformat(),
    }
    with runs.start_run(f"weekly-report {weekly.span.end:%Y-%m-%d}", tags=tags):
        mlflow.log_metrics(weekly.metrics)
        _write(path, page)
        runs.log_files(files)
    create_markdown_artifact(
        summary, key="weekly-report", description=f"Weekly report to {weekly.span.end:%Y-%m-%d}"
    )
    get_run_logger().info("the report is in %s", path)


def _find_and_draw(weekly: Weekly) -> tuple[dict[str, Finding], dict[str, bytes]]:
    """Return the findings by topic, with drift where it was measured, and their pictures."""
    findings = find(weekly)
    figures = draw_weekly(weekly, findings)
    drift = [week for week in _drift_weeks() if week.look.start < weekly.span.end.isoformat()]
    if findings and drift:
        findings |= {"drift": Finding(say_drift(drift[-1]), explain_drift(drift[-1]))}
        figures |= {"drift": draw_drift_narrow(drift, findings["drift"].headline)}
    return findings, {topic: as_png(figure, scale=2) for topic, figure in figures.items()}


def _drift_weeks() -> tuple[Week, ...]:
    """Return the weeks that `flows.drift` has measured; none if they cannot be read."""
    try:
        return History.read(read_settings().drift_home).weeks
    except AlertError as error:
        get_run_logger().warning("the report says nothing of drift: %s", error)
        return ()


def _write(path: Path, page: bytes) -> None:
    try:
        durable.replace(path, page)
    except OSError as error:
        raise ConfigError(
            f"the report cannot be written to {path} ({error.strerror or error}): "
            f"choose another file with --output"
        ) from error


def main() -> None:
    """Read the command line, run the flow, print the headline figures and where the page is."""
    chosen = make_parser().parse_args()
    path, weekly = write_report(chosen.days, chosen.end, chosen.output)
    with speaking(read_settings().language):
        print(make_headline(weekly))
    print(path)


if __name__ == "__main__":
    sys.exit(run_command(main))
