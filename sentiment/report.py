"""The comparison of the trained models as values, Markdown and JSON, and the folder that the demo page reads. `pictures` draws."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models import LABELS
from sentiment import durable
from sentiment.evaluate import COST_METRICS, QUALITY_METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# How easy a model is to train and to run: our own judgement in words, not a measurement.
EASE = {
    "tfidf": "easy: scikit-learn alone, seconds to minutes on any CPU, nothing pretrained to fetch",
    "keras": "moderate: TensorFlow, minutes on a CPU, learns its own word vectors and needs early stopping",
    "bert": "demanding: PyTorch and pretrained weights, best on a GPU, slow and large to serve",
}
_LOWER_IS_BETTER = (*COST_METRICS, "rmse", "log_loss", "ece")
_UNITS = {
    "train_seconds": ("training time", "{:.1f} s"),
    "latency_ms_p50": ("latency p50", "{:.2f} ms"),
    "latency_ms_p95": ("latency p95", "{:.2f} ms"),
    "size_mb": ("size", "{:.1f} MB"),
}


@dataclass(frozen=True)
class ModelResult:
    """What one training gave: `metrics` as in MLflow, `confusion` on test with a row per true and a column per predicted label."""

    family: str
    run_id: str
    model_uri: str
    metrics: Mapping[str, float]
    hyperparameters: Mapping[str, Any]
    confusion: tuple[tuple[int, ...], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**vars(self), "ease": EASE.get(self.family, "not rated"), "labels": LABELS}


@dataclass(frozen=True)
class Comparison:
    """All results of one training; `dataset` holds its name, digest and counts, `run_id` is the parent run."""

    created_at: str
    profile: str
    dataset: Mapping[str, Any]
    winner: str
    run_id: str
    models: tuple[ModelResult, ...] = field(default_factory=tuple)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**vars(self), "models": [result.as_dict() for result in self.models]}


def as_json(comparison: Comparison) -> str:
    """Return the comparison as JSON."""
    return json.dumps(comparison.as_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_markdown(comparison: Comparison) -> str:
    """Return the comparison as a Markdown table: a row per measure, a column per model, the best value of each row in bold."""
    results = comparison.models
    rows = [
        ["", *(f"{result.family}{' 🏆' if result.family == comparison.winner else ''}" for result in results)],
        ["---", *("---" for _ in results)],
        ["ease (our judgement)", *(EASE.get(result.family, "not rated") for result in results)],
    ]
    for metric in (*COST_METRICS, *(f"{split}_{name}" for split in ("val", "test") for name in QUALITY_METRICS)):
        title, pattern = _UNITS.get(metric, (metric.replace("val_", "validation ").replace("test_", "test "), "{:.4f}"))
        values = [pattern.format(result.metrics[metric]) for result in results]
        best = _best(metric, results)
        rows.append([title, *(f"**{value}**" if value == pattern.format(best) else value for value in values)])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    sizes = ", ".join(f"{split} {sum(counts.values())}" for split, counts in comparison.dataset["counts"].items())
    return (
        f"# Comparison of the models\n\n{table}\n\n"
        f"Winner: **{comparison.winner}**, chosen by validation macro F1. Lower is better for times, size, rmse, log loss and ece.\n"
        f"Data: {comparison.dataset['name']} ({sizes}), SHA-256 `{comparison.dataset['digest'][:12]}`. "
        f"Profile: {comparison.profile}. Trained: {comparison.created_at}.\n"
    )


def write_comparison(directory: Path, comparison: Comparison, picture: bytes) -> None:
    """Replace comparison.png, .md and .json, each at once and the JSON last: who reads the JSON finds the others as new as it."""
    directory.mkdir(parents=True, exist_ok=True)
    durable.replace(directory / "comparison.png", picture)
    durable.replace(directory / "comparison.md", as_markdown(comparison).encode())
    durable.replace(directory / "comparison.json", as_json(comparison).encode())


def _best(metric: str, results: tuple[ModelResult, ...]) -> float:
    choose = min if metric.removeprefix("val_").removeprefix("test_") in _LOWER_IS_BETTER else max
    return choose(result.metrics[metric] for result in results)
