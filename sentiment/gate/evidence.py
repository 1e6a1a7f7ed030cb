"""What the gate decides on: two contenders, scored by the same code on the same texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from models import Scores
    from sentiment.data.dataset import EvaluationSet
    from sentiment.evaluation.cost import Cost
    from sentiment.gate.spending import Look

Role = Literal["champion", "challenger"]


@dataclass(frozen=True)
class Contender:
    """Champion or challenger, with all that was measured and is known of it.

    Attributes:
        role: As which of the two it was loaded.
        name: What people call it, such as `tweet-sentiment:abc` or `version 7`.
        facts: `run_id`, `mlflow_version`, `family`, `git_commit`, `dataset_digest`, `test_digest`
            (of the test split that it was meant for), `feedback_digest`, `exam_from` (the first row
            of validated feedback whose audit tweets it left for an exam), `trained_at` (ISO 8601,
            UTC), `rolled_back_at`; what is not known is missing.
        scores: By the name of the evaluation set: `test`, `validation`, `feedback`, `production`;
            shape (n, 3) in the order of LABELS.
        behaviour: By kind (`minimum functionality`, `invariance`, `direction`): the share of the
            cases of each template that pass, the same templates for both.
        cost: None if it was not measured.
        training_rows: The fingerprints (see `sentiment.data.fingerprints`) of every text that it
            learned from; None if they are not known.
    """

    role: Role
    name: str
    facts: Mapping[str, str]
    scores: Mapping[str, Scores]
    behaviour: Mapping[str, Sequence[float]] = field(default_factory=dict)
    cost: Cost | None = None
    training_rows: frozenset[str] | None = None


@dataclass(frozen=True)
class Exam:
    """Where the set `production` comes from, and who has looked at it.

    Attributes:
        start: The first row of validated feedback, from 0, that it is taken from.
        end: How many rows there are.
        looks: Earlier verdicts with this exam, or on this challenger.
        learned: How many tweets of the exam that it was to be judged on the challenger learned.
        altered: Whose rows are no longer the beginning of the file; empty if they are.
    """

    start: int = 0
    end: int = 0
    looks: tuple[Look, ...] = ()
    learned: int = 0
    altered: str = ""


@dataclass(frozen=True)
class Evidence:
    """All that the gate decides on.

    `champion` is None where there is none; `validation`, `feedback` and `production` where there
    are none. `production` are tweets drawn at random from what people send, with their weights.
    """

    challenger: Contender
    champion: Contender | None
    test: EvaluationSet
    validation: EvaluationSet | None = None
    feedback: EvaluationSet | None = None
    production: EvaluationSet | None = None
    exam: Exam = field(default_factory=Exam)

    @property
    def sets(self) -> list[EvaluationSet]:
        """The evaluation sets that there are: test first, production last."""
        return [
            texts
            for texts in (self.test, self.validation, self.feedback, self.production)
            if texts is not None
        ]
