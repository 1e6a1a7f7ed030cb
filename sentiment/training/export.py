"""Export of a model to the form that serves, and its comparison with the model itself.

The form itself is each model's own (`export`).
"""

from __future__ import annotations

import math
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import models
from models import Classifier, ModelError, SentimentModel
from models.onnx_session import FLOAT_FILE, choose_precision
from sentiment.evaluation.cost import measure_size
from sentiment.evaluation.metrics import evaluate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models import Scores
    from sentiment.data.dataset import Split

MOST_CHANGED, MOST_DIFFERENCE, MOST_LOST = 0.002, 0.01, 0.003  # share of the labels; of a score; of macro F1
MOST_ROUNDED = 0.05  # share of the labels that 8-bit integers may change
_SAMPLES = 256  # texts that show a network's range of numbers


def served_megabytes(directory: Path) -> float:
    """Return the size of what serves on a CPU, without the float network beside an 8-bit one."""
    return measure_size(directory, without=FLOAT_FILE)


def export(model: SentimentModel, directory: Path, validation: Split) -> tuple[Classifier, dict[str, float]]:
    """Export a model; return what serves, loaded, and how it differs on validation.

    The figures are `labels_changed` (a share), `score_difference` (the largest) and `f1_lost`
    (macro F1). A network that as 8-bit integers loses more than 0.3 points of macro F1 and a
    standard error is served in floating point.

    Raises:
        ModelError: In floating point, more than 0.2% of the labels changed, or a score by more than
            0.01.
    """
    model.export(directory, validation.texts[:_SAMPLES])
    native = model.predict_proba(validation.texts)
    has_both = (directory / FLOAT_FILE).exists()
    with tempfile.TemporaryDirectory(prefix="sentiloop-") as folder:
        exact = Path(folder) / "exact"
        shutil.copytree(directory, exact)
        choose_precision(exact, "float32")
        exact_differences = compare(
            validation.labels, native, models.load(exact).predict_proba(validation.texts)
        )
        check_exact(model.family, exact_differences)
        served = models.load(directory)
        if has_both:
            quantised = compare(validation.labels, native, served.predict_proba(validation.texts))
            if loses_too_much(quantised, len(validation.texts)):
                choose_precision(directory, "float32")
                return models.load(directory), exact_differences
            return served, quantised
    return served, exact_differences


def compare(labels: Sequence[str], native: Scores, served: Scores) -> dict[str, float]:
    """Return the differences between two sets of scores of the same texts, as `export` does."""
    return {
        "labels_changed": float((native.argmax(axis=1) != served.argmax(axis=1)).mean()),
        "score_difference": float(np.abs(native - served).max()),
        "f1_lost": evaluate(labels, native)["f1_macro"] - evaluate(labels, served)["f1_macro"],
    }


def loses_too_much(differences: dict[str, float], texts: int) -> bool:
    """Return whether 8-bit integers cost too much macro F1 or change too many labels.

    Too much is more than 0.3 points and a standard error, too many more than 5%. Labels that change
    at random, half for the better and half for the worse, move the share of right ones by that
    standard error.
    """
    changed = differences["labels_changed"]
    return changed > MOST_ROUNDED or differences["f1_lost"] > MOST_LOST + math.sqrt(changed / texts)


def check_exact(family: str, differences: dict[str, float]) -> None:
    """Check that an export in floating point equals the model, but for rounding.

    Raises:
        ModelError: It is not.
    """
    if not (
        differences["labels_changed"] <= MOST_CHANGED and differences["score_difference"] <= MOST_DIFFERENCE
    ):
        raise ModelError(
            f"the exported {family} model is not the one that was trained: "
            f"{differences['labels_changed']:.2%} of its labels and scores by up to "
            f"{differences['score_difference']:.3f} differ; "
            f"at most {MOST_CHANGED:.1%} and {MOST_DIFFERENCE:g} are allowed: report this"
        )
