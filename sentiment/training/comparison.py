"""The comparison of the trained models as values, Markdown and JSON, and its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models import LABELS
from sentiment import durable
from sentiment.evaluation.abstention import TARGET_RISK
from sentiment.evaluation.behaviour_report import metric_of
from sentiment.evaluation.metrics import COST_METRICS, QUALITY_METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# How easy a model is to train and to run: our own judgement in words, not a measurement.
EASE = {
    "tfidf": "easy: scikit-learn alone, seconds to minutes on any CPU, nothing pretrained to fetch",
    "keras": "moderate: TensorFlow, minutes on a CPU, learns its own word vectors and needs early stopping",
    "bert": "demanding: PyTorch and pretrained weights, best on a GPU, slow and large to serve",
}
_LOWER_IS_BETTER = (*COST_METRICS, "rmse", "log_loss", "ece", "aurc")
_UNITS = {
    "train_seconds": ("training time", "{:.1f} s"),
    "latency_ms_p50": ("latency p50", "{:.2f} ms"),
    "latency_ms_p95": ("latency p95", "{:.2f} ms"),
    "size_mb": ("size", "{:.1f} MB"),
}
_ABSTENTION = {
    "val_aurc": ("validation AURC", "{:.4f}"),
    "test_aurc": ("test AURC", "{:.4f}"),
    "test_coverage_at_90": ("test coverage at 90% accuracy", "{:.1%}"),
}
_KEPT = {
    "uncertain_below": (f"threshold for {TARGET_RISK:.0%} errors", "{:.4f}"),
    "test_coverage_kept": ("test coverage above it", "{:.1%}"),
    "test_risk_kept": ("test errors above it", "{:.1%}"),
}


@dataclass(frozen=True)
class ModelResult:
    """The result of one training: `metrics` as in MLflow.

    `confusion`, on test, has a row per true and a column per predicted label; `risk_coverage`, on
    test, holds pairs of coverage and risk.
    """

    family: str
    run_id: str
    model_uri: str
    metrics: Mapping[str, float]
    hyperparameters: Mapping[str, Any]
    confusion: tuple[tuple[int, ...], ...]
    risk_coverage: tuple[tuple[float, float], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**vars(self), "ease": EASE.get(self.family, "not rated"), "labels": LABELS}


@dataclass(frozen=True)
class Comparison:
    """All results of one training.

    `dataset` holds its name, digest and counts, `behaviour` the suite's digest and its cases by
    capability; `run_id` is the parent run.
    """

    created_at: str
    profile: str
    dataset: Mapping[str, Any]
    winner: str
    run_id: str
    models: tuple[ModelResult, ...]
    behaviour: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**vars(self), "models": [result.as_dict() for result in self.models]}


def as_json(comparison: Comparison) -> str:
    """Return the comparison as JSON."""
    return json.dumps(comparison.as_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_markdown(comparison: Comparison) -> str:
    """Return the comparison as Markdown: a row per metric, a column per model, the best in bold."""
    results = comparison.models
    rows = [["ease (our judgement)", *(EASE.get(result.family, "not rated") for result in results)]]
    rows += [
        _row(metric, results)
        for metric in (
            *COST_METRICS,
            *(f"{split}_{name}" for split in ("val", "test") for name in QUALITY_METRICS),
        )
    ]
    sizes = ", ".join(
        f"{split} {sum(counts.values())}" for split, counts in comparison.dataset["counts"].items()
    )
    return (
        f"# Comparison of the models\n\n{_table(comparison, rows)}\n\n"
        f"Winner: **{comparison.winner}**, chosen by validation macro F1. "
        f"Lower is better for times, size, rmse, log loss and ece.\n"
        f"Data: {comparison.dataset['name']} ({sizes}), SHA-256 `{comparison.dataset['digest'][:12]}`. "
        f"Profile: {comparison.profile}. Trained: {comparison.created_at}.\n\n"
        f"{_abstention(comparison)}\n{_behaviour(comparison)}"
    )


def _abstention(comparison: Comparison) -> str:
    rows = [
        _row(metric, comparison.models, title, pattern) for metric, (title, pattern) in _ABSTENTION.items()
    ]
    rows += [
        [title, *(_shown(pattern, result.metrics.get(name)) for result in comparison.models)]
        for name, (title, pattern) in _KEPT.items()
    ]
    return (
        f"## Setting the unsure ones aside\n\n{_table(comparison, rows)}\n\n"
        f"The threshold is the lowest score at which at most {TARGET_RISK:.0%} of the labels that are kept "
        f"are wrong on validation; it is what `SENTIMENT_UNCERTAIN_BELOW` may be set to. "
        f"The area under the curve of risk and coverage is lower for better models.\n"
    )


def _behaviour(comparison: Comparison) -> str:
    cases = comparison.behaviour["cases"]
    rows = [
        _row(metric_of(name), comparison.models, f"{name} ({count})", "{:.0%}")
        for name, count in cases.items()
    ]
    return (
        f"## Behaviour\n\n{_table(comparison, rows)}\n\n"
        f"The share of the templated cases (their number) that pass; "
        f"suite `{comparison.behaviour['suite'][:12]}`. "
        f"The cases that fail are in `behaviour.md` of each model's run.\n"
    )


def _table(comparison: Comparison, rows: list[list[str]]) -> str:
    """Return a table under the names of the models."""
    head = [
        "",
        *(
            f"{result.family}{' 🏆' if result.family == comparison.winner else ''}"
            for result in comparison.models
        ),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def _row(
    metric: str, results: tuple[ModelResult, ...], title: str = "", pattern: str = "{:.4f}"
) -> list[str]:
    """Return a metric's name and each model's figure, the best in bold."""
    title, pattern = _UNITS.get(
        metric, (title or metric.replace("val_", "validation ").replace("test_", "test "), pattern)
    )
    values = [pattern.format(result.metrics[metric]) for result in results]
    best = pattern.format(_best(metric, results))
    return [title, *(f"**{value}**" if value == best else value for value in values)]


def write_comparison(directory: Path, comparison: Comparison, pictures: Mapping[str, bytes]) -> None:
    """Write the pictures, comparison.md and comparison.json, each atomically.

    The JSON is written last: who reads it finds the others as new.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        durable.replace(directory / f"{name}.png", picture)
    durable.replace(directory / "comparison.md", as_markdown(comparison).encode())
    durable.replace(directory / "comparison.json", as_json(comparison).encode())


def _shown(pattern: str, value: float | None) -> str:
    return "–" if value is None else pattern.format(value)


def _best(metric: str, results: tuple[ModelResult, ...]) -> float:
    choose = min if metric.removeprefix("val_").removeprefix("test_") in _LOWER_IS_BETTER else max
    return choose(result.metrics[metric] for result in results)
