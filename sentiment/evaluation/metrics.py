"""Quality metrics and the choice of the winner: pure functions of labels and scores.

No model is loaded and nothing is logged here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, precision_recall_fscore_support

from models import LABELS, ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models import Scores

Counts = NDArray[np.int64]

QUALITY_METRICS = (
    "accuracy",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "f1_weighted",
    "rmse",
    "log_loss",
    "ece",
)
COST_METRICS = ("train_seconds", "latency_ms_p50", "latency_ms_p95", "size_mb")
_ECE_BINS = 15
_RESAMPLES = 2000


def evaluate(labels: Sequence[str], scores: Scores) -> dict[str, float]:
    """Return QUALITY_METRICS of scores, shape (n, 3) with columns in the order of LABELS.

    A label that is never predicted has precision 0. `rmse` puts the labels on -1, 0, 1 and compares
    the predicted with the true label.

    Raises:
        ModelError: The scores are not probabilities (NaN, infinite, rows that do not sum to 1) or
            do not fit the labels.
    """
    true = checked_indices(labels, scores)
    predicted = scores.argmax(axis=1)
    options = {"labels": range(len(LABELS)), "zero_division": 0}
    precision, recall, f1, _ = precision_recall_fscore_support(true, predicted, average="macro", **options)
    return {
        "accuracy": float(accuracy_score(true, predicted)),
        "precision_macro": float(precision),
        "recall_macro": float(recall),
        "f1_macro": float(f1),
        "f1_weighted": float(
            precision_recall_fscore_support(true, predicted, average="weighted", **options)[2]
        ),
        "rmse": math.sqrt(float(np.mean((true - predicted) ** 2))),
        "log_loss": float(log_loss(true, scores, labels=range(len(LABELS)))),
        "ece": expected_calibration_error(true == predicted, scores.max(axis=1)),
    }


def expected_calibration_error(
    is_correct: NDArray[np.bool_],
    confidence: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
) -> float:
    """Return the mean gap between confidence and accuracy, over 15 bins weighted by size.

    `weights` say how much each text counts; None: all the same.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, equation 3 (bins open
    on the left).
    """
    counts, sure, right = reliability(is_correct, confidence, weights)
    return float(counts @ np.abs(right - sure) / counts.sum())


def reliability(
    is_correct: NDArray[np.bool_],
    confidence: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return, per bin of confidence, its number of texts, mean confidence and accuracy.

    These are the rows; an empty bin has zeros. With weights the number is the sum of the texts'.
    """
    of_each = np.ones(len(confidence)) if weights is None else weights
    bins = np.clip(np.ceil(confidence * _ECE_BINS).astype(int) - 1, 0, _ECE_BINS - 1)
    counts, sure, right = (
        np.bincount(bins, weights=of_each * values, minlength=_ECE_BINS)
        for values in (np.ones(len(bins)), confidence, is_correct)
    )
    filled = np.where(counts > 0, counts, 1.0)
    return np.array([counts, sure / filled, right / filled])


def confusion(labels: Sequence[str], scores: Scores) -> Counts:
    """Return the confusion table: a row per true label, a column per predicted, as in LABELS."""
    table: Counts = confusion_matrix(
        checked_indices(labels, scores), scores.argmax(axis=1), labels=range(len(LABELS))
    )
    return table


def f1_by_label(table: Counts | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the F1 of each label from confusion tables of shape (..., 3, 3), counts or shares."""
    hits = np.diagonal(table, axis1=-2, axis2=-1)
    predicted_and_true = table.sum(axis=-2) + table.sum(axis=-1)
    f1: NDArray[np.float64] = np.divide(
        2.0 * hits, predicted_and_true, out=np.zeros(hits.shape), where=predicted_and_true > 0
    )
    return f1


def f1_macro_interval(table: Counts, seed: int = 0) -> tuple[float, float]:
    """Return the 95% percentile bootstrap interval of the macro F1.

    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    return _interval(f1_by_label(_resampled(table, seed)).mean(axis=-1))


def choose_winner(candidates: Mapping[str, Mapping[str, float]]) -> str:
    """Return the family with the highest `val_f1_macro`.

    At a tie the smaller `size_mb` decides, then the name that sorts first.

    Raises:
        ModelError: There is no candidate, or a candidate's macro F1 is not a finite number.
    """
    refused = sorted(
        family for family, metrics in candidates.items() if not math.isfinite(metrics["val_f1_macro"])
    )
    if refused or not candidates:
        raise ModelError(
            f"no winner: val_f1_macro is not a number for {', '.join(refused) or 'any model'}; train again"
        )
    return min(
        candidates,
        key=lambda family: (-candidates[family]["val_f1_macro"], candidates[family]["size_mb"], family),
    )


def checked_indices(labels: Sequence[str], scores: Scores) -> NDArray[np.int64]:
    """Return labels as indices into LABELS; the scores must be probabilities of the same texts."""
    if not len(labels) or scores.shape != (len(labels), len(LABELS)):
        raise ModelError(
            f"scores have the shape {scores.shape} for {len(labels)} labels; "
            f"give {len(LABELS)} scores per text"
        )
    unknown = sorted(set(labels) - set(LABELS))
    if unknown:
        raise ModelError(f"unknown label {unknown[0][:40]!r}; use {', '.join(LABELS)}")
    if not (scores >= 0).all() or not np.allclose(scores.sum(axis=1), 1, atol=1e-4):  # NaN fails both
        raise ModelError(
            "scores are not probabilities (NaN, infinite, negative or not summing to 1): "
            "train the model again"
        )
    return np.array([LABELS.index(label) for label in labels], dtype=np.int64)


def _resampled(table: Counts, seed: int) -> Counts:
    """Return tables of as many texts, drawn with replacement: shape (draws, *table.shape)."""
    draws = np.random.default_rng(seed).multinomial(table.sum(), table.ravel() / table.sum(), size=_RESAMPLES)
    return draws.reshape(_RESAMPLES, *table.shape)


def _interval(draws: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)
