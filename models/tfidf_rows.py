"""The rows of a TF-IDF search: what is learned, how often, and which fold judges it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.learning import TrainingData, encode_labels
from models.text import LABELS

FOLDS = 3
NEVER = -1  # the fold of rows that are always learned and never judged

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SearchRows:
    """Training texts, those of the supplement and validation texts, in this order.

    Attributes:
        texts: The raw texts.
        targets: Their labels, as indices into LABELS.
        repeats: How often each counts.
        folds: The fold that judges each.
        training_size: How many rows, from the first, the model learns in the end.
    """

    texts: list[str]
    targets: Numbers
    repeats: Numbers
    folds: Numbers
    training_size: int

    @classmethod
    def of(cls, data: TrainingData, seed: int) -> Self:
        """Return the rows of training data."""
        targets, truth = encode_labels(data.texts, data.labels), encode_labels(*data.validation)
        texts, labels = data.supplement
        own = np.array([LABELS.index(label) for label in labels], dtype=np.int64)
        counts = np.ones(len(targets), int) if data.repeats is None else np.array(data.repeats, int)
        repeats = np.concatenate([counts, np.ones(len(truth), int)])
        folds = make_folds(len(targets), len(truth), seed, is_heavy=repeats > 1)
        return cls(
            [*data.texts, *texts, *data.validation[0]],
            np.concatenate([targets, own, truth]),
            np.insert(repeats, len(targets), np.ones(len(own), int)),
            np.insert(folds, len(targets), np.full(len(own), NEVER)),
            len(targets) + len(own),
        )

    @property
    def is_heavy(self) -> Flags:
        """Whether each row counts several times."""
        return self.repeats > 1

    @property
    def learned(self) -> Numbers:
        """The numbers of the rows that the model learns in the end, each as often as it counts."""
        return np.repeat(np.arange(self.training_size), self.repeats[: self.training_size])

    def fold(self, number: int) -> tuple[Numbers, Numbers]:
        """Return the numbers of the rows that a fold learns, as often as they count, and judges."""
        learnt = np.flatnonzero(self.folds != number)
        return np.repeat(learnt, self.repeats[learnt]), np.flatnonzero(self.folds == number)


def make_folds(train_size: int, validation_size: int, seed: int, *, is_heavy: Flags | None = None) -> Numbers:
    """Return the fold of each row: one for validation, the others shared by training texts.

    Rows that count several times (`is_heavy`) are dealt to all of the folds, so that each fold has
    some to judge.

    One fold of this size would choose by luck: its macro F1 has a standard error of 0.8 points,
    more than most choices differ.
    """
    order = np.random.default_rng(seed).permutation(train_size)
    folds = np.concatenate([order % (FOLDS - 1), np.full(validation_size, FOLDS - 1)])
    if is_heavy is not None:
        heavy = np.flatnonzero(is_heavy)
        folds[heavy] = order[heavy] % FOLDS
    return folds
