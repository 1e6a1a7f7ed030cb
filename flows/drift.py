"""Measure how production texts differ from those of training: `python -m flows.drift`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.drift import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import mlflow
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from pydantic import Field

from flows.arguments.drift import MOST_WEEKS, make_parser
from flows.prepare import prepared_dataset
from flows.retrying import is_worth_asking_again
from flows.show import show
from flows.table_flags import data_of
from sentiment import queries
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data import fingerprints
from sentiment.data.validated_feedback import read_validated
from sentiment.drift.drawn import drawn_at_random
from sentiment.drift.history import History, as_moment
from sentiment.drift.learned import describe_training, learned_texts
from sentiment.drift.week import Prediction, Training, Week, measure_week
from sentiment.errors import StoreError
from sentiment.feedback.prediction_ids import signer_at_hand
from sentiment.language import speaking
from sentiment.promotion.saved_models import find_champion
from sentiment.reports.canvas import as_png
from sentiment.reports.drift import explain_drift, say_drift, summarise_drift
from sentiment.reports.drift_picture import draw_drift
from sentiment.supervision.reader import LogsReader
from sentiment.training import runs

if TYPE_CHECKING:
    from sentiment.config import Settings
    from sentiment.drift.week import Look
    from sentiment.promotion.saved_models import SavedModel

Weeks = Annotated[int, Field(ge=1, le=MOST_WEEKS)]


@flow(name="drift", persist_result=False)
def drift(data: str = "default", weeks: Weeks = 4) -> Week | None:
    """Compare each week's texts with those the champion learned from; return the latest week.

    Only predictions that were drawn at random count, of the weeks that were not measured since they
    ended. It returns None where none of the weeks has a text.

    Args:
        data: What the champion was trained on: 'default', a table, or a folder; see `flows.train`.
        weeks: How many weeks back to measure, this one included, 1 to 26.

    Raises:
        StoreError: There is no champion.
        DataError: The data cannot be read, or the champion did not learn from it.
        QueryError: The logs cannot be asked.
        AlertError: The earlier measurements cannot be read.
        TrackingError: MLflow does not answer.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    now, logger = datetime.now(UTC), get_run_logger()
    champion = find_champion()
    if champion is None:
        raise StoreError("there is no champion to compare production with: run 'make train' first")
    logger.info("tracking at %s, logs at %s", runs.connect(settings), settings.logs_address)
    history = History.read(settings.drift_home)
    looks = history.due(now, weeks)
    drawn = read_drawn(settings, (datetime.fromisoformat(looks[0].start), now))
    logger.info("%d predictions drawn at random since %s", len(drawn), looks[0].start[:10])
    if not drawn:
        return history.weeks[-1] if history.weeks else None
    history = _learn(history, champion, drawn)
    training = _training(settings, champion, data)
    for look in looks:
        history = _measure(history, look, drawn, training, now)
    history.write(settings.drift_home)
    _publish(history)
    return history.weeks[-1] if history.weeks else None


@task(cache_policy=NO_CACHE, retries=2, retry_delay_seconds=5, retry_condition_fn=is_worth_asking_again)
def read_drawn(settings: Settings, period: tuple[datetime, datetime]) -> list[Prediction]:
    """Return the predictions of a period that were drawn at random."""
    with LogsReader.from_settings(settings) as reader:
        samples = reader.rows(queries.read("sampled_predictions"), period)
    return drawn_at_random(samples, signer_at_hand(settings))


def _training(settings: Settings, champion: SavedModel, data: str) -> Training:
    """Return what the champion learned from: of the base and of the validated feedback."""
    base = prepared_dataset(data)
    rows = runs.read_text(champion.facts.get("run_id", ""), fingerprints.ROWS_FILE)
    validated = [row.text for row in read_validated(settings.validated_path)] if rows else []
    learned = learned_texts(
        [*base.train.texts, *validated], fingerprints.parse(rows) if rows else None, champion.name
    )
    return describe_training(learned, base.validation.texts, champion.model, champion.name)


def _learn(history: History, champion: SavedModel, drawn: list[Prediction]) -> History:
    """Return the history after a new champion that learned from validated feedback."""
    began = champion.facts.get("started_at", "")
    if not began or not int(champion.facts.get("feedback_rows") or 0):
        return history
    moment = datetime.fromisoformat(began)
    return history.learned(as_moment(moment), [one.text for one in drawn if one.at < moment])


def _measure(
    history: History, look: Look, drawn: list[Prediction], training: Training, now: datetime
) -> History:
    """Return the history after a look at a week; one without a new text is none."""
    start, until = datetime.fromisoformat(look.start), datetime.fromisoformat(look.until)
    rows = [one for one in drawn if start <= one.at < until]
    if len(rows) <= history.texts_of(look.start):
        return history
    known = history.known.texts if history.known else ()
    week = measure_week(look, rows, training, known, now=as_moment(now))
    if week.alarmed and not look.alarmed:
        get_run_logger().warning("%s. %s", say_drift(week), explain_drift(week))
    return history.after(week, [one.text for one in rows])


def _publish(history: History) -> None:
    """Log the latest week, the picture and the table to MLflow, and show them in Prefect."""
    week = history.weeks[-1]
    figures = {
        "texts": float(week.texts),
        "unknown_words": week.unknown[0],
        "mean_score": week.answers.score,
        **{f"share_{label}": share for label, share in week.answers.labels.items()},
        **({"distance": week.training.distance, "by_chance": week.training.chance} if week.training else {}),
        **({"distance_known": week.known.distance} if week.known else {}),
    }
    with speaking(read_settings().language):
        summary, picture = summarise_drift(history.weeks), as_png(draw_drift(history.weeks))
        description = say_drift(week)
    tags = {"kind": "drift", "week": week.look.start[:10], "alarm": week.alarmed or "none"}
    with runs.start_run(f"drift {week.look.start[:10]}", tags=tags):
        mlflow.log_metrics(figures)
        runs.log_files({"drift.png": picture, "drift.md": summary.encode()})
    show("drift", summary, picture, description=description)


def main() -> None:
    """Read the command line, run the flow, and print what the latest week says."""
    chosen = make_parser().parse_args()
    week = drift(data_of(chosen), chosen.weeks)
    with speaking(read_settings().language):
        print(f"{say_drift(week)}. {explain_drift(week)}" if week else "no text was drawn in these weeks")


if __name__ == "__main__":
    sys.exit(run_command(main))
