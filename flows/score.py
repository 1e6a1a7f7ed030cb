"""Score a table of any size with the champion: `python -m flows.score`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.score import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger
from pydantic import Field
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from flows.arguments.score import make_parser
from flows.table_flags import address_of
from sentiment.bulk.parts import rejected_file
from sentiment.bulk.scoring import Job, score_file
from sentiment.champions import store
from sentiment.champions.calibration import load_calibrated, read_calibration
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.prefect_access import chosen_address
from sentiment.tables.address import parse_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentiment.bulk.parts import Record
    from sentiment.bulk.scoring import Tell
    from sentiment.champions.store import StoredModel


@flow(name="score", persist_result=False)
def score(
    source: Path,
    output: Path,
    text_column: Annotated[str, Field(min_length=1)] | None = None,
    model: str | None = None,
    restart: bool = False,
) -> str:
    """Score a file with the champion or another stored model; return a summary in one sentence.

    A run that ended early is resumed by the same call.

    Args:
        source: The table to score, on the worker: CSV, one tweet per line, JSON or Parquet, also
            .gz. After a ? it may say how it is read: tweets.csv?encoding=cp1252&columns=id,text.
        output: Where the scores go, on the worker: CSV or Parquet, by its ending; rows that cannot
            be scored go to OUTPUT.rejected.csv.
        text_column: The column to score; text unless given.
        model: The tag of a model of the store, such as tweet-sentiment:VERSION; the champion unless
            given.
        restart: Begin anew, and replace what is there.

    Raises:
        DataError: The files cannot be used, or the parts that are there are of another input or
            model.
        StoreError: There is no champion, or no such model in the store.
        ModelError: The model cannot be loaded.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    stored = store.find(model) if model else store.champion()
    get_run_logger().info("scoring %s with %s", source, stored.tag)
    summary = score_table(_job(source, output, text_column, stored.tag), stored, restart=restart)
    text = f"# Scored\n\n{summary}, by {stored.tag}.\n"
    create_markdown_artifact(text, key="scored", description=f"{source} by {stored.tag}")
    return summary


def score_table(job: Job, stored: StoredModel, *, restart: bool) -> str:
    """Score a file with a stored model; return a summary in one sentence."""
    classifier = load_calibrated(stored, read_calibration(stored.tag))
    started = time.monotonic()
    with progress_bar() as tell:
        record, before = score_file(job, classifier, restart=restart, tell=tell)
    return _summary(record, job.output, before=before, seconds=time.monotonic() - started)


def _job(source: Path, output: Path, text_column: str | None, tag: str) -> Job:
    max_chars = read_settings().max_chars
    path, form = parse_address(str(source))
    return Job(path, output, tag, replace(form, text_column=text_column or form.text_column), max_chars)


def _summary(record: Record, output: Path, *, before: int, seconds: float) -> str:
    rate = (record.rows - before) / seconds
    aside = f", {record.rejected} kept aside in {rejected_file(output)}" if record.rejected else ""
    resumed = f" ({before} of them earlier)" if before else ""
    scored = record.rows - record.rejected
    return f"{record.rows} rows{resumed}: {scored} scored in {output}{aside}; {rate:.0f} a second"


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
    source = Path(address_of(given.input, given))
    if chosen_address():
        print(score(source, given.output, model=given.model, restart=given.restart))
        return
    stored = store.find(given.model) if given.model else store.champion()
    print(f"scoring {source} with {stored.tag}", file=sys.stderr)
    print(score_table(_job(source, given.output, None, stored.tag), stored, restart=given.restart))


if __name__ == "__main__":
    sys.exit(run_command(main))
