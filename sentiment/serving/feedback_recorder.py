"""What becomes of feedback that was sent: checked, stored durably, then logged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sentiment.feedback.feedback import make_feedback
from sentiment.serving.api import FeedbackAnswer
from sentiment.telemetry import process

if TYPE_CHECKING:
    from sentiment.feedback.inbox import Inbox
    from sentiment.feedback.prediction_ids import PredictionSigner
    from sentiment.serving.api import FeedbackRequest


class FeedbackRecorder:
    """Records feedback in an inbox; it may be called from several threads."""

    def __init__(self, signer: PredictionSigner, inbox: Inbox) -> None:
        self._signer, self._inbox = signer, inbox

    def record(self, request: FeedbackRequest, sender: str = "") -> FeedbackAnswer:
        """Store a feedback and return when it is durable; `sender` is kept as a pseudonym only.

        Raises:
            PredictionIdError: The prediction id is not good for the text.
            InvalidFeedbackError: The label contradicts the prediction.
            FeedbackError: The inbox cannot be written.
        """
        prediction = self._signer.check(request.prediction_id, request.text)
        checked = make_feedback(
            prediction, request.text, correct=request.correct, label=request.label, comment=request.comment
        )
        feedback = replace(checked, source=self._signer.pseudonym(sender))
        is_new = self._inbox.record(feedback)
        if is_new:
            process.log_feedback(feedback)
        return FeedbackAnswer(
            feedback_id=feedback.feedback_id, status="recorded" if is_new else "already recorded"
        )
