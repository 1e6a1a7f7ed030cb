"""A lesson: the rows of one comparison; each model learns them, is measured and logged as a run."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import models
from sentiment.data import fingerprints
from sentiment.evaluation.behaviour_report import list_failures
from sentiment.evaluation.metrics import confusion
from sentiment.training import runs
from sentiment.training.comparison import ModelResult
from sentiment.training.export import export, served_megabytes
from sentiment.training.measurement import measure_model
from sentiment.training.plain_sentences import supplement_for
from sentiment.training.unfinished import trained

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.figure import Figure

    from models import Progress, Scores, SentimentModel, TrainingData
    from sentiment.data.dataset import Dataset, Split
    from sentiment.training.plan import Family

    Draw = Callable[[str, Sequence[str], Scores], Mapping[str, Figure]]


@dataclass(frozen=True)
class Lesson:
    """The rows that the models of one comparison learn, and where they are logged and kept.

    Attributes:
        dataset: The splits to learn from and to be measured on.
        run_id: The comparison's run; each model's run is below it.
        tags: The tags of every run.
        folder: Outlives a kill: a model that was trained before it is not trained again.
        repeats: How often each training text counts; None: once each.
    """

    dataset: Dataset
    run_id: str
    tags: Mapping[str, str]
    folder: Path
    repeats: Sequence[int] | None = None

    @cached_property
    def teacher_scores(self) -> Scores | None:
        """The scores of BERT as it serves, from which Keras learns too; None without a BERT."""
        served = self.folder / "bert" / runs.SERVED_FOLDER
        return models.load(served).predict_proba(self.dataset.train.texts) if served.exists() else None

    @cached_property
    def supplement(self) -> Split:
        """The plain sentences that every model learns besides the training tweets."""
        return supplement_for(self.dataset)

    def training_data(self, family: Family) -> TrainingData:
        """Return what a model of this family learns from."""
        train, validation = self.dataset.train, self.dataset.validation
        return models.TrainingData(
            train.texts,
            train.labels,
            validation=(validation.texts, validation.labels),
            teacher_scores=self.teacher_scores if family == "keras" else None,
            repeats=self.repeats,
            supplement=(self.supplement.texts, self.supplement.labels),
        )


def learn(
    family: Family, hyperparameters: Mapping[str, Any], lesson: Lesson, *, progress: Progress, draw: Draw
) -> ModelResult:
    """Train one model, measure it on validation and test, and log it as a run of its own.

    `draw` makes the pictures of the run from family, test labels and test scores.

    Raises:
        ModelError: The model cannot be trained.
        TrackingError: MLflow does not answer.
    """

    def fit(checkpoint: Path) -> SentimentModel:
        model = models.create(family, **hyperparameters)
        return model.fit(lesson.training_data(family), progress=progress, checkpoint=checkpoint)

    tags = {**lesson.tags, "family": family}
    with runs.start_run(family, parent_run_id=lesson.run_id, tags=tags) as run_id:
        runs.log_dataset(lesson.dataset)
        model, seconds = trained(lesson.folder / family, fit)
        return _measure_and_log(family, (model, seconds), lesson, run_id=run_id, draw=draw)


def _measure_and_log(
    family: Family, trained_in: tuple[SentimentModel, float], lesson: Lesson, *, run_id: str, draw: Draw
) -> ModelResult:
    """Measure a model in the form that serves, and log it in both forms to the open run."""
    (model, seconds), dataset = trained_in, lesson.dataset
    with tempfile.TemporaryDirectory(prefix="sentiloop-") as temporary:
        folder = Path(temporary) / runs.MODEL_FOLDER
        model.save(folder)
        served, changes = export(model, folder / runs.SERVED_FOLDER, dataset.validation)
        served.save(lesson.folder / family / runs.SERVED_FOLDER)
        measured = measure_model(served, dataset)
        metrics = {
            **measured.metrics,
            "train_seconds": seconds,
            "size_mb": served_megabytes(folder / runs.SERVED_FOLDER),
            **{f"export_{name}": value for name, value in changes.items()},
        }
        runs.log_training(model.hyperparameters, model.trials, metrics)
        runs.log_texts(
            {
                fingerprints.ROWS_FILE: _fingerprints(lesson),
                "behaviour.md": list_failures(family, measured.answers),
            }
        )
        runs.log_pictures(draw(family, dataset.test.labels, measured.test_scores))
        model_uri = runs.log_model(folder, family)
    table = tuple(tuple(row) for row in confusion(dataset.test.labels, measured.test_scores).tolist())
    curve = measured.test_curve.thinned()
    return ModelResult(family, run_id, model_uri, metrics, model.hyperparameters, table, curve)


def _fingerprints(lesson: Lesson) -> str:
    """Return the fingerprints of all rows of a lesson and of the judged texts that they repeat."""
    dataset = lesson.dataset
    judged = (*dataset.validation.texts, *dataset.test.texts)
    return fingerprints.dump(dataset.train.texts, judged)
