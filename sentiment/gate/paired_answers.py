"""Both models' answers to the same texts, and their difference in F1: on all, on some, by class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.evaluation.metrics import checked_indices
from sentiment.evaluation.significance import compare_f1

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sentiment.data.dataset import EvaluationSet
    from sentiment.evaluation.significance import Difference, Labels
    from sentiment.gate.evidence import Contender


@dataclass(frozen=True)
class PairedAnswers:
    """The true labels of some texts and the two models' answers, as indices into LABELS."""

    true: Labels
    champion: Labels
    challenger: Labels

    @classmethod
    def to(cls, texts: EvaluationSet, champion: Contender, challenger: Contender) -> PairedAnswers:
        """Return the answers of two contenders to a set that both have scored.

        Raises:
            ModelError: The challenger's scores are not probabilities of these texts.
        """
        old, new = champion.scores[texts.name], challenger.scores[texts.name]
        return cls(checked_indices(texts.labels, new), old.argmax(axis=1), new.argmax(axis=1))

    def on(self, rows: NDArray[np.bool_]) -> PairedAnswers:
        """Return the answers to some of the texts."""
        return PairedAnswers(self.true[rows], self.champion[rows], self.challenger[rows])

    def difference(self, draws: int) -> Difference:
        """Return the difference in macro F1, by a bootstrap of `draws` resamples."""
        return compare_f1(self.true, self.champion, self.challenger, draws=draws)

    def class_difference(self, label: str, draws: int) -> Difference:
        """Return the difference in the F1 of one label; its rows are the texts with that label."""
        number = LABELS.index(label)
        difference = compare_f1(self.true, self.champion, self.challenger, label=number, draws=draws)
        return replace(difference, rows=int((self.true == number).sum()))
