"""Train and compare the models; the gate judges the winner: `python -m flows.train`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.train import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from pydantic import Field

from flows.arguments.train import make_parser
from flows.prepare import prepared_dataset
from flows.promote import promote
from flows.show import show
from flows.table_flags import data_of
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import TrackingError
from sentiment.evaluation.behaviour_suite import suite_digest
from sentiment.language import speaking
from sentiment.promotion.measurement import judged_texts
from sentiment.reports.behaviour import draw_behaviour
from sentiment.reports.canvas import as_png
from sentiment.reports.comparison import draw_comparison
from sentiment.reports.risk_coverage import draw_risk
from sentiment.reports.training_run import draw_data, draw_model
from sentiment.training import runs, versions
from sentiment.training.comparison import Comparison, as_json, as_markdown, write_comparison
from sentiment.training.lesson import Lesson, learn
from sentiment.training.lesson_weight import lesson_repeats
from sentiment.training.plain_sentences import templates_digest
from sentiment.training.plan import NO_ROWS, Family, Plan, Profile, Seed
from sentiment.training.source_code import source_version
from sentiment.training.training_now import telling
from sentiment.training.unfinished import unfinished
from sentiment.training.winner import compare, origin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from prefect import Task
    from prefect.client.schemas.objects import State, TaskRun

    from sentiment.data.dataset import Dataset, Split
    from sentiment.training.comparison import ModelResult

Trained = tuple[Comparison, versions.Version]


@flow(name="train", flow_run_name="train {profile}", persist_result=False)
def train(
    data: str = "default",
    profile: Profile = "quick",
    families: Annotated[tuple[Family, ...], Field(min_length=1)] = ("tfidf", "keras", "bert"),
    base_model: str | None = None,
    seed: Seed = 0,
) -> Comparison:
    """Train and compare models; the best on validation becomes the challenger and is judged.

    One model that fails stops the run: what was trained before stays in MLflow, but there is no
    comparison of the rest.

    Args:
        data: 'default', a table with the columns text and label, a folder with one for each split,
            or one in TweetEval's form; a path is one of the worker's. After a ? it may say how it
            is read: tweets.csv?label_column=mood.
        profile: How much to train: smoke (400 tweets, for a try), quick (all tweets, a small BERT)
            or full (bert-base-uncased, 3 epochs).
        families: Which models to train and compare.
        base_model: BERT's base instead of the profile's: a hub name, a local folder,
            'minilm' or 'mpnet'.
        seed: The seed of every model; the same seed and data make the same models.

    Raises:
        DataError: The data cannot be read or is not fit to train on.
        ModelError: A model cannot be trained.
        TrackingError: MLflow does not answer.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    get_run_logger().info("tracking at %s", runs.connect(settings))
    plan = Plan(profile, families, base_model, seed)
    comparison, version = train_and_register(prepared_dataset(data), plan)
    promote(candidate=version.number, data=data)
    return comparison


def train_and_register(
    whole: Dataset,
    plan: Plan,
    *,
    feedback: Split = NO_ROWS,
    facts: Mapping[str, str] | None = None,
) -> Trained:
    """Train and compare the models of a plan and register the winner as the challenger.

    Call it inside a flow. All of `feedback` joins the training split, also where the plan takes
    only a part of the rest; `facts` become tags of everything.

    Raises:
        ModelError: A model cannot be trained.
        TrackingError: MLflow does not answer.
    """
    started, home = datetime.now(UTC), read_settings().home
    dataset = plan.select(whole, feedback)
    repeats = lesson_repeats(dataset.train.texts, feedback.texts)
    heaviest = str(max(repeats or [1]))
    tags = {**_tags(whole, plan), "lesson_repeats": heaviest, **(facts or {})}
    with runs.start_run(f"comparison {plan.profile}", tags=tags) as run_id:
        runs.log_dataset(dataset)
        runs.log_pictures({"data_report": draw_data(dataset)})
        rows = f"{dataset.digest} x{heaviest} and sentences {templates_digest()}"
        with unfinished(home / "unfinished", [rows, plan.recipes]) as folder:
            lesson = Lesson(dataset, run_id, tags, folder, repeats)
            with telling(home, plan.teacher_first) as tell:
                results: dict[str, ModelResult] = {
                    family: train_model(family, plan.hyperparameters(family), lesson, tell)
                    for family in plan.teacher_first
                }
            comparison = compare(results, plan, dataset, run_id)
            picture = _publish(comparison, home / "comparison")
            winner = results[comparison.winner]
            origin = origin_of(winner, results.get("bert"), rows, started)
            version = versions.register(winner.model_uri, tags={**tags, **source_version(), **origin})
    versions.set_alias("challenger", version)
    show("comparison", as_markdown(comparison), picture, description=_summary(comparison))
    return comparison, version


def _summary(comparison: Comparison) -> str:
    return f"{comparison.profile}: the winner is {comparison.winner}"


def _tags(whole: Dataset, plan: Plan) -> dict[str, str]:
    """Return the tags of every run and version of a training."""
    return {
        "profile": plan.profile,
        # The splits' own digests are those of the whole: a sample's is the run's logged dataset.
        "dataset_digest": whole.digest,
        "test_digest": judged_texts(whole).digest,
        "behaviour_suite": suite_digest(),
    }


def _may_help(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Return whether a retry can help: MLflow or a disk was away; data and model are fine."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TrackingError | OSError)


@task(
    task_run_name="train {family}",
    cache_policy=NO_CACHE,
    retries=1,
    retry_delay_seconds=5,
    retry_condition_fn=_may_help,
)
def train_model(
    family: Family, hyperparameters: dict[str, Any], lesson: Lesson, tell: Callable[[str, str], None]
) -> ModelResult:
    """Train one model, measure it, and log it as a run below the comparison's.

    `tell` takes the family and each line of its progress.
    """
    logger = get_run_logger()
    tell(family, "")

    def progress(line: str) -> None:
        logger.info("%s: %s", family, line)
        tell(family, line)

    result = learn(family, hyperparameters, lesson, progress=progress, draw=draw_model)
    figures = (result.metrics["val_f1_macro"], result.metrics["test_f1_macro"])
    logger.info("%s: macro F1 %.4f on validation, %.4f on test", family, *figures)
    return result


def _publish(comparison: Comparison, folder: Path) -> bytes:
    """Log a comparison to the open run, write it for the page, and return its first picture."""
    pictures = {
        "comparison": as_png(draw_comparison(comparison)),
        "behaviour": as_png(draw_behaviour(comparison)),
        "risk_coverage": as_png(draw_risk(comparison)),
    }
    with speaking("fr"):  # the page shows a reader's language; MLflow and the rest are in English
        of_french_readers = {
            "comparison.fr": as_png(draw_comparison(comparison)),
            "risk_coverage.fr": as_png(draw_risk(comparison)),
        }
    runs.log_files({f"{name}.png": picture for name, picture in pictures.items()})
    runs.log_comparison(as_markdown(comparison), as_json(comparison), comparison.winner)
    write_comparison(folder, comparison, pictures | of_french_readers)
    get_run_logger().info("the winner is %s; the comparison is in %s", comparison.winner, folder)
    return pictures["comparison"]


def main() -> None:
    """Read the command line, run the flow and print the comparison."""
    chosen = make_parser().parse_args()
    families = tuple(chosen.families)
    print(as_markdown(train(data_of(chosen), chosen.profile, families, chosen.base_model, chosen.seed)))


if __name__ == "__main__":
    sys.exit(run_command(main))
