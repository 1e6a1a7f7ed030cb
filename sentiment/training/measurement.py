"""The measurement of a trained model in the form that serves: quality, time and behaviour.

Nothing is trained or logged here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment.evaluation.abstention import RiskCoverage, abstention_metrics, risk_coverage
from sentiment.evaluation.behaviour_report import behaviour_metrics
from sentiment.evaluation.behaviour_suite import Answer, ask_suite
from sentiment.evaluation.cost import measure_latency
from sentiment.evaluation.metrics import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models import Classifier, Scores
    from sentiment.data.dataset import Dataset

_LATENCY_TEXTS = 100


@dataclass(frozen=True)
class Measurement:
    """The metrics as in MLflow, the test scores with their curve, and the suite's answers."""

    metrics: Mapping[str, float]
    test_scores: Scores
    test_curve: RiskCoverage
    answers: Sequence[Answer]


def measure_model(served: Classifier, dataset: Dataset) -> Measurement:
    """Return a served model's metrics on validation and test, and its behaviour."""
    splits = {"val": dataset.validation, "test": dataset.test}
    scores = {name: served.predict_proba(split.texts) for name, split in splits.items()}
    metrics = {
        f"{name}_{metric}": value
        for name, split in splits.items()
        for metric, value in evaluate(split.labels, scores[name]).items()
    }
    metrics |= measure_latency(served.predict_proba, list(dataset.test.texts[:_LATENCY_TEXTS]))
    curves = {name: risk_coverage(split.labels, scores[name]) for name, split in splits.items()}
    answers = ask_suite(served.predict_proba)
    metrics |= {**abstention_metrics(curves["val"], curves["test"]), **behaviour_metrics(answers)}
    return Measurement(metrics, scores["test"], curves["test"], answers)
