"""All that a training measures of one model in the form that serves: quality, time and behaviour. Nothing is trained or logged here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment.behaviour_report import behaviour_metrics
from sentiment.behaviour_suite import Answer, ask_suite
from sentiment.evaluate import evaluate, measure_latency

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models import Classifier
    from models.base import Scores
    from sentiment.data import Dataset

_LATENCY_TEXTS = 100


@dataclass(frozen=True)
class Measured:
    """The metrics as in MLflow, the scores of the splits `val` and `test`, and the answers to the behavioural suite."""

    metrics: Mapping[str, float]
    scores: Mapping[str, Scores]
    answers: Sequence[Answer]


def measure(served: Classifier, dataset: Dataset) -> Measured:
    """Return what a model is worth on validation and on test, and how it behaves."""
    splits = {"val": dataset.validation, "test": dataset.test}
    scores = {name: served.predict_proba(split.texts) for name, split in splits.items()}
    metrics = {
        f"{name}_{metric}": value for name, split in splits.items() for metric, value in evaluate(split.labels, scores[name]).items()
    }
    metrics |= measure_latency(served.predict_proba, list(dataset.test.texts[:_LATENCY_TEXTS]))
    answers = ask_suite(served.predict_proba)
    return Measured(metrics | behaviour_metrics(answers), scores, answers)
