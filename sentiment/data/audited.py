"""Audited predictions: drawn at random with a known probability, whatever anybody said of them.

What they say about production is computed in `evaluation/production`; they are gathered from queue
and dataset in `review/audit`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

# `disputed`: annotators disagree and nobody has settled it yet.
State = Literal["labelled", "unclear", "skipped", "disputed", "waiting"]


@dataclass(frozen=True)
class AuditedPrediction:
    """One prediction of the audit, with its label where people gave one.

    Attributes:
        predicted: The label that the service answered.
        score: The label's, from 0 to 1; None where it is not known any more.
        weight: 1 / the probability with which it was drawn.
        model: The tag of the model that answered.
        predicted_at: In UTC.
        label: What people say; None unless the state is `labelled`.
    """

    predicted: str
    score: float | None
    weight: float
    model: str
    predicted_at: datetime
    state: State = "waiting"
    label: str | None = None
