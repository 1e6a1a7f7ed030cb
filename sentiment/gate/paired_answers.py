"""Both models' answers to the same texts, and their difference in F1: on all, on some, by class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from models import LABELS
from sentiment.evaluation.metrics import checked_indices
from sentiment.evaluation.significance import compare_accuracy, compare_f1

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentiment.data.dataset import EvaluationSet
    from sentiment.evaluation.significance import Difference, Labels, Weights
    from sentiment.gate.evidence import Contender


@dataclass(frozen=True)
class PairedAnswers:
    """The true labels of some texts and the two models' answers, as indices into LABELS.

    `weights` are those of the evaluation set; None: all texts count alike.
    """

    true: Labels
    champion: Labels
    challenger: Labels
    weights: Weights | None = None

    @classmethod
    def to(cls, texts: EvaluationSet, champion: Contender, challenger: Contender) -> PairedAnswers:
        """Return the answers of two contenders to a set that both have scored.

        Raises:
            ModelError: The challenger's scores are not probabilities of these texts.
        """
        old, new = champion.scores[texts.name], challenger.scores[texts.name]
        weights = None if texts.weights is None else np.array(texts.weights)
        return cls(checked_indices(texts.labels, new), old.argmax(axis=1), new.argmax(axis=1), weights)

    def on(self, rows: NDArray[np.bool_]) -> PairedAnswers:
        """Return the answers to some of the texts."""
        weights = None if self.weights is None else self.weights[rows]
        return PairedAnswers(self.true[rows], self.champion[rows], self.challenger[rows], weights)

    def difference(self, draws: int) -> Difference:
        """Return the difference in macro F1, by a bootstrap of `draws` resamples."""
        return compare_f1(self._answers, weights=self.weights, draws=draws)

    def accuracy_difference(self, draws: int) -> Difference:
        """Return the difference in accuracy, by a bootstrap of `draws` resamples."""
        return compare_accuracy(self._answers, weights=self.weights, draws=draws)

    def class_difference(self, label: str, draws: int) -> Difference:
        """Return the difference in the F1 of one label; its rows are the texts with that label."""
        number = LABELS.index(label)
        difference = compare_f1(self._answers, label=number, weights=self.weights, draws=draws)
        return replace(difference, rows=int((self.true == number).sum()))

    @property
    def _answers(self) -> tuple[Labels, Labels, Labels]:
        return self.true, self.champion, self.challenger
