"""The draws of predictions for review: what is drawn follows from the prediction id alone.

An id holds a signature, so nobody can choose whether theirs is drawn; whoever knows the id and the
probability can check it. The audit has one number per id, whatever the probability: what a low
probability draws, a higher one draws as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sentiment.hash_draws import hash_draw

# `random` and `disagreement`, where the shadow names another label, are the audit.
Reason = Literal["random", "disagreement", "low confidence"]


@dataclass(frozen=True)
class Sample:
    """A prediction drawn for review; the fields are keys of its record.

    Attributes:
        tweet_text: Masked.
        score: The label's, 0 to 1.
        probability: With which predictions of this kind are drawn, over 0, up to 1.
        signature: Vouches for reason, probability and text; see `PredictionSigner.seal`.
    """

    tweet_text: str
    predicted_label: str
    score: float
    model: str
    prediction_id: str
    reason: Reason
    probability: float
    signature: str


def audit_number(prediction_id: str) -> float:
    """Return the number from 0 to 1 below which a probability draws a prediction for the audit."""
    return hash_draw(f"audit {prediction_id}")


def is_drawn(prediction_id: str, reason: str, probability: float) -> bool:
    """Return whether a prediction is drawn for a reason with a probability."""
    is_uncertain = reason == "low confidence"
    number = hash_draw(f"uncertain {prediction_id}") if is_uncertain else audit_number(prediction_id)
    return number < probability
