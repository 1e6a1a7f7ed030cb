"""What all trainings share: the data to learn from, the targets, the comparison of trials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError
from models.text import LABELS, Scores

Progress = Callable[[str], None]
Rows = tuple[Sequence[str], Sequence[str]]  # raw texts and a label for each
_TEACHER_SHARE = 0.8


@dataclass(frozen=True, eq=False)
class TrainingData:
    """All that a model learns from: labelled raw texts, and what some families learn besides.

    `validation` are texts and labels that choose hyperparameters and stop early. `teacher_scores`,
    shape (n, 3), are what a better model answers to `texts`: Keras learns them beside the labels. A
    family that cannot learn what it is given refuses it (`SentimentModel.learns`). `repeats` says
    for each text how often it counts, 1 or more (None: once each): tweets of production count
    several times. `supplement` are texts of another kind that are learned once each, with their
    labels alone, and on which nothing is chosen.
    """

    texts: Sequence[str]
    labels: Sequence[str]
    validation: Rows
    teacher_scores: Scores | None = None
    repeats: Sequence[int] | None = None
    supplement: Rows = ((), ())

    def repeated(self) -> Self:
        """Return the same data with each text as often as it counts, then the supplement."""
        texts, labels = self.supplement
        if self.repeats is None and not len(texts):
            return self
        rows = np.repeat(np.arange(len(self.texts)), 1 if self.repeats is None else self.repeats).tolist()
        certain = np.eye(len(LABELS))[np.array([LABELS.index(label) for label in labels], dtype=int)]
        scores = self.teacher_scores
        return replace(
            self,
            texts=[*(self.texts[row] for row in rows), *texts],
            labels=[*(self.labels[row] for row in rows), *labels],
            teacher_scores=None if scores is None else np.concatenate([scores[rows], certain]),
            repeats=None,
            supplement=((), ()),
        )


def check_learnable(family: str, data: TrainingData, learns: frozenset[str]) -> None:
    """Check that a family can learn all that training data holds besides labelled texts.

    Raises:
        ModelError: The data holds what the family would ignore, or texts that count less than once.
    """
    if data.repeats is not None and (
        len(data.repeats) != len(data.texts) or min(data.repeats, default=1) < 1
    ):
        raise ModelError(
            f"fit got {len(data.texts)} texts and {len(data.repeats)} repeats: give one per text, 1 or more"
        )
    for name in ("teacher_scores",):
        if getattr(data, name) is not None and name not in learns:
            raise ModelError(f"the {family} model cannot learn {name}: leave them out of its training data")


def encode_labels(texts: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    """Return labels as indices into LABELS, after checking that each text has a known label.

    Raises:
        ModelError: No texts, unequal numbers, an unknown label, or a label without any text.
    """
    if not len(texts) or len(texts) != len(labels):
        raise ModelError(
            f"fit got {len(texts)} texts and {len(labels)} labels: "
            "give one label per text, and at least one of each label"
        )
    unknown = sorted(set(labels) - set(LABELS))
    missing = [label for label in LABELS if label not in set(labels)]
    if unknown or missing:
        raise ModelError(
            f"labels must be exactly {', '.join(LABELS)}; "
            f"unknown: {unknown or 'none'}, missing: {missing or 'none'}"
        )
    return np.array([LABELS.index(label) for label in labels], dtype=np.int64)


def soft_targets(truth: NDArray[np.int64], teacher_scores: Scores | None) -> Scores:
    """Return the distributions to learn, shape (n, 3): the labels, or mostly the teacher's scores.

    A teacher's scores tell doubtful labels from clear ones. Source: Hinton et al. 2015, Distilling
    the Knowledge in a Neural Network.
    """
    certain: Scores = np.eye(len(LABELS))[truth]
    if teacher_scores is None:
        return certain
    return (1 - _TEACHER_SHARE) * certain + _TEACHER_SHARE * teacher_scores


def trial_metrics(truth: NDArray[np.int64], scores: Scores) -> dict[str, float]:
    """Return the `f1_macro` and `recall_macro` of scores, by which trials are compared.

    `truth` are indices into LABELS, `scores` have shape (n, 3).
    """
    from sklearn.metrics import f1_score, recall_score  # here, because serving needs no scikit-learn

    predicted = scores.argmax(axis=1)
    return {
        "f1_macro": float(f1_score(truth, predicted, average="macro")),
        "recall_macro": float(recall_score(truth, predicted, average="macro")),
    }


def metrics_of_parts(
    truth: NDArray[np.int64], scores: Scores, is_heavy: NDArray[np.bool_]
) -> dict[str, float]:
    """Return the means of `trial_metrics` over two parts of the rows: heavy ones, and the rest.

    So a trial must do well on both, however small a part is. An empty part does not count.
    """
    parts = [trial_metrics(truth[part], scores[part]) for part in (is_heavy, ~is_heavy) if part.any()]
    return {metric: float(np.mean([of_part[metric] for of_part in parts])) for metric in parts[0]}


def merit(trial: Mapping[str, Any]) -> float:
    """Return the mean of a trial's macro F1 and macro recall, which the chosen trial maximises.

    F1 alone fits a model to how often each label happens to occur in the validation split; recall
    alone forgives every false alarm.
    """
    return float(trial["f1_macro"] + trial["recall_macro"]) / 2
