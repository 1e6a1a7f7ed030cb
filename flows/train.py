"""Train the models one after another, compare them and hand the winner to the gate: `python -m flows.train --profile smoke`."""

from __future__ import annotations

if __name__ == "__main__":
    from sentiment.command import prepare_environment

    prepare_environment()

import argparse
import hashlib
import json
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from pydantic import Field

import models
from flows.plan import NO_ROWS, ROWS, Family, Plan, Profile, Seed
from flows.prepare import prepared_dataset
from flows.promote import promote
from flows.show import show
from sentiment.command import run_command
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data import fingerprints
from sentiment.data.dataset import Split
from sentiment.errors import TrackingError
from sentiment.evaluation.behaviour_report import describe_suite, list_failures
from sentiment.evaluation.behaviour_suite import suite_digest
from sentiment.evaluation.metrics import choose_winner, confusion
from sentiment.promotion.measurement import judged_texts
from sentiment.reports import canvas
from sentiment.reports.behaviour import draw_behaviour
from sentiment.reports.comparison import draw_comparison
from sentiment.reports.risk_coverage import draw_risk
from sentiment.reports.training_run import draw_data, draw_model
from sentiment.training import comparison as report
from sentiment.training import runs, versions
from sentiment.training.export import export, served_megabytes
from sentiment.training.measurement import measure_model
from sentiment.training.unfinished import trained, unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prefect import Task
    from prefect.client.schemas.objects import State, TaskRun

    from models import Scores, SentimentModel
    from sentiment.data.dataset import Dataset

Trained = tuple[report.Comparison, versions.Version]


@flow(name="train", flow_run_name="train {profile}", persist_result=False)
def train(
    data: str = "default",
    profile: Profile = "quick",
    families: Annotated[tuple[Family, ...], Field(min_length=1)] = ("tfidf", "keras", "bert"),
    base_model: str | None = None,
    seed: Seed = 0,
) -> report.Comparison:
    """Train and compare the models of `families`; the best on validation becomes the challenger and goes to the gate.

    One model that fails stops the run: what was trained before stays in MLflow, but there is no
    comparison of the rest.

    Args:
        data: 'default', a CSV file with the columns text and label, or a folder in TweetEval's
            form; a path is one of the worker's.
        profile: How much to train: smoke (400 tweets, for a try), quick (all tweets, a small BERT)
            or full (bert-base-uncased, 3 epochs).
        families: Which models to train and compare.
        base_model: BERT's base instead of the profile's: a hub name, a local folder, or 'minilm'.
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
    judged: Sequence[str] = (),
    facts: Mapping[str, str] | None = None,
) -> Trained:
    """Train and compare the models of a plan and register the winner as the challenger; call it inside a flow.

    All of `feedback` joins the training split, also where the plan takes only a part of the rest.
    `judged` are texts outside the dataset that nothing may learn from; `facts` become tags of
    everything.

    Raises:
        ModelError: A model cannot be trained.
        TrackingError: MLflow does not answer.
    """
    rows, started = ROWS[plan.profile], datetime.now(UTC)
    part = (
        whole.sample(rows)
        if rows and rows < sum(len(split.texts) for split in whole.splits.values())
        else whole
    )
    dataset = part.with_training(feedback) if feedback.texts else part
    # The splits' own digests are those of the whole: a sample's is the run's logged dataset.
    tags = {
        "profile": plan.profile,
        "dataset_digest": whole.digest,
        "test_digest": judged_texts(whole).digest,
    }
    related = plan.related(dataset, judged)
    tags |= {
        "behaviour_suite": suite_digest(),
        "related_digest": related.digest if related.texts else "none",
        **(facts or {}),
    }
    with runs.start_run(f"comparison {plan.profile}", tags=tags) as run_id:
        runs.log_dataset(dataset)
        runs.log_pictures({"data_report": draw_data(dataset)})
        home = read_settings().home
        recipes = {family: plan.recipe(family) for family in plan.families}
        with unfinished(home / "unfinished", [dataset.digest, tags["related_digest"], recipes]) as folder:
            lesson = Lesson(dataset, related, run_id, tags, folder)
            done = {
                family: train_model(family, plan.hyperparameters(family), lesson)
                for family in teacher_first(plan.families)
            }
            results = [done[family] for family in dict.fromkeys(plan.families)]
            winner_family = choose_winner(
                {result.family: result.metrics for result in results if result.family in plan.candidates}
            )
            comparison = _compare(results, winner_family, dataset, plan.profile, run_id)
            picture = _publish(comparison, home / "comparison")
            winner = next(result for result in results if result.family == comparison.winner)
            origin = _origin(winner, done.get("bert"), [dataset.digest, tags["related_digest"]], started)
            version = versions.register(winner.model_uri, tags={**tags, **runs.source_version(), **origin})
    versions.set_alias("challenger", version)
    show(
        "comparison",
        report.as_markdown(comparison),
        picture,
        description=f"{plan.profile}: the winner is {comparison.winner}",
    )
    return comparison, version


def _origin(
    winner: report.ModelResult, teacher: report.ModelResult | None, rows: list[str], started: datetime
) -> dict[str, str]:
    """Return what is to be known of a version; the same `recipe`, of rows, family, hyperparameters and teacher, makes the same model.

    `base_model` is what a BERT started from, `teacher` what the BERT started from that a Keras
    network learned from.
    """
    taught_by = [dict(teacher.hyperparameters)] if teacher and winner.hyperparameters.get("is_taught") else []
    recipe = json.dumps(
        [rows, winner.family, dict(winner.hyperparameters), *taught_by], sort_keys=True, default=str
    )
    bases = {
        "base_model": winner.hyperparameters.get("base_model"),
        "teacher": taught_by[0].get("base_model") if taught_by else None,
    }
    return {
        "family": winner.family,
        **{name: str(base) for name, base in bases.items() if base},
        "recipe": hashlib.sha256(recipe.encode()).hexdigest(),
        "started_at": started.isoformat(timespec="seconds"),
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _may_help(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Return whether a second try can help: when MLflow or a disk was away, not when the data or the model is at fault."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TrackingError | OSError)


@dataclass(frozen=True)
class Lesson:
    """What the models of one comparison learn from, the run and tags that they are logged under, and the folder that outlives a kill.

    `related` are labelled tweets of another source; BERT learns them first, Keras from BERT.
    """

    dataset: Dataset
    related: Split
    run_id: str
    tags: Mapping[str, str]
    folder: Path

    @cached_property
    def teacher_scores(self) -> Scores | None:
        """What Keras learns from besides the labels: the scores of BERT as it serves, if one was trained."""
        served = self.folder / "bert" / runs.SERVED_FOLDER
        return models.load(served).predict_proba(self.dataset.train.texts) if served.exists() else None


def teacher_first(families: Iterable[Family]) -> list[Family]:
    """Return each family once, BERT first: Keras learns from it."""
    return sorted(dict.fromkeys(families), key=lambda family: family != "bert")


@task(
    task_run_name="train {family}",
    cache_policy=NO_CACHE,
    retries=1,
    retry_delay_seconds=5,
    retry_condition_fn=_may_help,
)
def train_model(family: Family, hyperparameters: dict[str, Any], lesson: Lesson) -> report.ModelResult:
    """Train one model, measure it on validation and test, and log all of it as a run below the comparison's."""
    dataset, logger = lesson.dataset, get_run_logger()

    def fit(checkpoint: Path) -> SentimentModel:
        related = lesson.related if family == "bert" and lesson.related.texts else None
        data = models.TrainingData(
            dataset.train.texts,
            dataset.train.labels,
            validation=(dataset.validation.texts, dataset.validation.labels),
            teacher_scores=lesson.teacher_scores if family == "keras" else None,
            related=(related.texts, related.labels) if related else None,
        )
        progress = partial(logger.info, f"{family}: %s")
        return models.create(family, **hyperparameters).fit(data, progress=progress, checkpoint=checkpoint)

    with runs.start_run(
        family, parent_run_id=lesson.run_id, tags={**lesson.tags, "family": family}
    ) as run_id:
        runs.log_dataset(dataset)
        model, seconds = trained(lesson.folder / family, fit)
        return _measure_and_log(model, seconds, lesson, run_id)


def _measure_and_log(
    model: SentimentModel, seconds: float, lesson: Lesson, run_id: str
) -> report.ModelResult:
    """Measure a model in the form that serves, and log it in both forms."""
    dataset = lesson.dataset
    with tempfile.TemporaryDirectory(prefix="sentiloop-") as temporary:
        folder = Path(temporary) / runs.MODEL_FOLDER
        model.save(folder)
        served, changes = export(model, folder / runs.SERVED_FOLDER, dataset.validation)
        served.save(lesson.folder / model.family / runs.SERVED_FOLDER)
        found = measure_model(served, dataset)
        metrics = {
            **found.metrics,
            "train_seconds": seconds,
            "size_mb": served_megabytes(folder / runs.SERVED_FOLDER),
            **{f"export_{name}": value for name, value in changes.items()},
        }
        runs.log_training(model.hyperparameters, model.trials, metrics)
        judged = (*dataset.validation.texts, *dataset.test.texts)
        rows = fingerprints.dump((*dataset.train.texts, *lesson.related.texts), judged)
        runs.log_texts(
            {fingerprints.ROWS_FILE: rows, "behaviour.md": list_failures(model.family, found.answers)}
        )
        runs.log_pictures(draw_model(model.family, dataset.test.labels, found.test_scores))
        model_uri = runs.log_model(folder, model.family)
    table = tuple(tuple(row) for row in confusion(dataset.test.labels, found.test_scores).tolist())
    get_run_logger().info(
        "%s: macro F1 %.4f on validation, %.4f on test",
        model.family,
        metrics["val_f1_macro"],
        metrics["test_f1_macro"],
    )
    return report.ModelResult(
        model.family, run_id, model_uri, metrics, model.hyperparameters, table, found.test_curve.thinned()
    )


def _compare(
    results: list[report.ModelResult], winner: str, dataset: Dataset, profile: str, run_id: str
) -> report.Comparison:
    facts = {"name": dataset.name, "digest": dataset.digest, "counts": dataset.report.counts}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return report.Comparison(now, profile, facts, winner, run_id, tuple(results), describe_suite())


def _publish(comparison: report.Comparison, folder: Path) -> bytes:
    """Put the comparison into the open run and into the folder that the demo page reads; return its first picture."""
    figures = {
        "comparison": draw_comparison(comparison),
        "behaviour": draw_behaviour(comparison),
        "risk_coverage": draw_risk(comparison),
    }
    runs.log_pictures(figures)
    runs.log_comparison(report.as_markdown(comparison), report.as_json(comparison), comparison.winner)
    pictures = {name: canvas.as_png(figure) for name, figure in figures.items()}
    report.write_comparison(folder, comparison, pictures)
    get_run_logger().info("the winner is %s; the comparison is in %s", comparison.winner, folder)
    return pictures["comparison"]


def main() -> None:
    """Read the command line, run the flow and print the comparison."""
    parser = argparse.ArgumentParser(
        "python -m flows.train", description="Train and compare the models; the winner goes to the gate."
    )
    parser.add_argument(
        "--data", default="default", help="'default', a CSV file with text,label, or a TweetEval folder"
    )
    parser.add_argument(
        "--profile", default="quick", choices=list(ROWS), help="how much to train (default: %(default)s)"
    )
    every = list(models.FAMILIES)
    parser.add_argument(
        "--families", nargs="+", default=every, choices=every, help="which models (default: all)"
    )
    parser.add_argument(
        "--base-model", help="BERT's base: a hub name, a local folder, or 'minilm' (default: the profile's)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of every model (default: %(default)s)")
    chosen = parser.parse_args()
    print(
        report.as_markdown(
            train(chosen.data, chosen.profile, tuple(chosen.families), chosen.base_model, chosen.seed)
        )
    )


if __name__ == "__main__":
    sys.exit(run_command(main))
