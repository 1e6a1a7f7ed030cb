"""What a person says of a prediction, checked.

Where it waits is in `inbox.py`, how predictions are signed in `prediction_ids.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.errors import FeedbackError

if TYPE_CHECKING:
    from sentiment.feedback.prediction_ids import SignedPrediction

MAX_COMMENT_CHARS = 1000


class InvalidFeedbackError(FeedbackError):
    """A feedback contradicts itself or its prediction; it is refused, not stored."""


@dataclass(frozen=True)
class Feedback:
    """One person's word on one prediction.

    `label` is the true label, None where the person only said that ours is wrong.

    `source` is a pseudonym of the sender's address, None where it is not known.
    """

    feedback_id: str
    prediction_id: str
    text: str
    predicted_label: str
    label: str | None
    correct: bool
    score: float
    model: str
    comment: str | None
    received_at: str
    source: str | None = None


def make_feedback(
    prediction: SignedPrediction,
    text: str,
    *,
    correct: bool,
    label: str | None = None,
    comment: str | None = None,
) -> Feedback:
    """Return the feedback on a checked prediction; one prediction gives one `feedback_id`.

    Raises:
        InvalidFeedbackError: The label is unknown or contradicts `correct`, or the comment is too
            long.
    """
    _check_label(prediction.label, correct=correct, label=label)
    if comment is not None and len(comment) > MAX_COMMENT_CHARS:
        raise InvalidFeedbackError(
            f"comment has {len(comment)} characters; the limit is {MAX_COMMENT_CHARS}: shorten it"
        )
    return Feedback(
        feedback_id=feedback_id_of(prediction.prediction_id),
        prediction_id=prediction.prediction_id,
        text=text,
        predicted_label=prediction.label,
        label=prediction.label if correct else label,
        correct=correct,
        score=prediction.score,
        model=prediction.model,
        comment=comment,
        received_at=datetime.now(UTC).isoformat(timespec="microseconds"),
    )


def feedback_id_of(prediction_id: str) -> str:
    """Return the id of the feedback on a prediction: a digest, so that it is stored once."""
    return hashlib.sha256(prediction_id.encode()).hexdigest()[:32]


def _check_label(predicted: str, *, correct: bool, label: str | None) -> None:
    if label is None:
        return
    if label not in LABELS:
        raise InvalidFeedbackError(f"label is unknown: use one of {', '.join(LABELS)}")
    if correct != (label == predicted):
        relation = "correct is true, but label is" if correct else "correct is false, but label is also"
        raise InvalidFeedbackError(
            f"{relation} {label!r} and the prediction was {predicted!r}: change one of the two"
        )
