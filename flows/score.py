"""Score a table of any size with the champion: `python -m flows.score`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.score import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger
from pydantic import BeforeValidator, Field
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from flows.arguments.score import make_parser
from flows.table_flags import address_of
from sentiment.bulk.engine import LocalEngine
from sentiment.bulk.order import Order, parse_source, score_order
from sentiment.bulk.parts import rejected_file
from sentiment.bulk.ray_engine import ray_engine
from sentiment.bulk.scoring import Job
from sentiment.champions import store
from sentiment.champions.calibration import load_calibrated, read_calibration
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import ConfigError, DataError
from sentiment.prefect_access import chosen_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentiment.bulk.collection import Say, Totals
    from sentiment.bulk.engine import Engine
    from sentiment.bulk.scoring import Tell
    from sentiment.champions.store import StoredModel


_SHOWN_FAILURES = 5
Place = Annotated[str, BeforeValidator(os.fspath), Field(min_length=1)]


@flow(name="score", persist_result=False)
def score(  # noqa: PLR0913, PLR0917 - Prefect's form shows each of them
    source: Place,
    output: Place,
    text_column: Annotated[str, Field(min_length=1)] | None = None,
    model: str | None = None,
    restart: bool = False,
    engine: Literal["local", "ray"] = "local",
    address: str | None = None,
    workers: Annotated[int, Field(ge=1)] | None = None,
) -> str:
    """Score files with the champion or another stored model; return a summary in one sentence.

    A run that ended early is resumed by the same call.

    Args:
        source: What to score, on the worker or as az://CONTAINER/PATH: a table, a folder of tables,
            or a pattern such as tweets/**/*.csv. After a ? it may say how tables are read:
            tweets.csv?encoding=cp1252&columns=id,text.
        output: Where the scores go, likewise: CSV or Parquet, by its ending; for several tables a
            folder. Rows that cannot be scored go to OUTPUT.rejected.csv.
        text_column: The column to score; text unless given.
        model: The tag of a model of the store; the champion unless given.
        restart: Begin anew, and replace what is there.
        engine: What computes: the worker's machine alone, or a Ray cluster.
        address: The cluster, such as HEAD:6379; the worker's own cores unless given.
        workers: How many processes compute on the cluster; one per core unless given.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    stored = store.find(model) if model else store.champion()
    get_run_logger().info("scoring %s with %s", source, stored.tag)
    order = _order(source, output, text_column, stored.tag)
    with open_engine(stored, engine, address, workers) as computing:
        summary, failed = score_with(order, computing, restart=restart, say=get_run_logger().info)
    text = f"# Scored\n\n{summary}, by {stored.tag}.\n\n{failed}"
    create_markdown_artifact(text, key="scored", description=f"{source} by {stored.tag}")
    return _refuse_failed(summary, failed)


@contextmanager
def open_engine(stored: StoredModel, name: str, address: str | None, workers: int | None) -> Iterator[Engine]:
    """Give the engine of this name with a stored model and its calibration."""
    calibration = read_calibration(stored.tag)
    if name == "local":
        if address or workers:
            raise ConfigError("a Ray cluster is named, and the engine is local: choose the engine ray")
        yield LocalEngine(load_calibrated(stored, calibration))
        return
    with ray_engine(stored.path, factor=calibration.temperature, address=address, workers=workers) as engine:
        yield engine


def score_with(order: Order, engine: Engine, *, restart: bool, say: Say) -> tuple[str, str]:
    """Score an order with an engine; return a summary in one sentence, and what failed."""
    started = time.monotonic()
    with progress_bar() as tell:
        totals = score_order(order, engine, restart=restart, tell=tell, say=say)
    return _summary(totals, order.output, seconds=time.monotonic() - started), _list_failed(totals)


def _order(source: str, output: str, text_column: str | None, tag: str) -> Order:
    settings = read_settings()
    address, form = parse_source(source)
    form = replace(form, text_column=text_column or form.text_column)
    make_job = partial(Job, model=tag, form=form, max_chars=settings.max_chars)
    return Order(address, output, make_job, settings.home / "scoring")


def _refuse_failed(summary: str, failed: str) -> str:
    if failed:
        raise DataError(f"{summary}. {failed}")
    return summary


def _summary(totals: Totals, output: str, *, seconds: float) -> str:
    rate = (totals.rows - totals.before) / seconds
    files = "" if totals.files == 1 else f"{totals.files} files, "
    where = rejected_file(Path(output)) if totals.files == 1 else "files *.rejected.csv beside them"
    aside = f", {totals.rejected} kept aside in {where}" if totals.rejected else ""
    resumed = f" ({totals.before} of them earlier)" if totals.before else ""
    scored = totals.rows - totals.rejected
    return f"{files}{totals.rows} rows{resumed}: {scored} scored in {output}{aside}; {rate:.0f} a second"


def _list_failed(totals: Totals) -> str:
    """Return which files failed and why, the first of them one by one."""
    if not totals.failed:
        return ""
    shown = [f"{name}: {why}" for name, why in list(totals.failed.items())[:_SHOWN_FAILURES]]
    more = len(totals.failed) - len(shown)
    also = f"; and {more} more" if more else ""
    return (
        f"Not scored, {len(totals.failed)} files: {'; '.join(shown)}{also}. "
        "Mend them, then run the same again; only they are scored"
    )


@contextmanager
def progress_bar() -> Iterator[Tell]:
    """Show the progress of the scoring on stderr, if that is a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("reading", total=1.0)
        yield lambda rows, share: progress.update(task, completed=share, description=f"{rows:,} rows")


def main() -> None:
    """Read the command line, score, and print what was done.

    It is a run of the flow where a Prefect server is named. Without one it is none: a server of its
    own would take longer to start than most files take.
    """
    given = make_parser().parse_args()
    source = address_of(given.input, given)
    if chosen_address():
        cluster = {"engine": given.engine, "address": given.address, "workers": given.workers}
        print(score(source, given.output, model=given.model, restart=given.restart, **cluster))
        return
    stored = store.find(given.model) if given.model else store.champion()
    say = partial(print, file=sys.stderr)
    say(f"scoring {source} with {stored.tag}")
    order = _order(source, given.output, None, stored.tag)
    with open_engine(stored, given.engine, given.address, given.workers) as engine:
        summary, failed = score_with(order, engine, restart=given.restart, say=say)
    print(_refuse_failed(summary, failed))


if __name__ == "__main__":
    sys.exit(run_command(main))
