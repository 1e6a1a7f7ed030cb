"""Draws answered predictions for review, and logs them with the probability of their draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.feedback.draws import Sample, is_drawn
from sentiment.masking import mask
from sentiment.serving.sender_limit import SenderLimit

if TYPE_CHECKING:
    from sentiment.config import Settings
    from sentiment.feedback.draws import Reason
    from sentiment.feedback.prediction_ids import PredictionSigner
    from sentiment.serving.shadow import Answered
    from sentiment.telemetry.process import ShadowPrediction, Telemetry


_MOST_UNCERTAIN = 20  # an hour of one sender; as many reports in an hour are a flood
_HOUR = 3600.0
_MOST_CHARS = 8192  # of a value in Azure Monitor, which cuts off the rest: people would judge a half


class Sampler:
    """Draws the audit at random, and of the other predictions some of low score.

    One sender gives so many of low score an hour. The audit knows no such limit, since it would be
    no picture of production any more. Texts too long for a record are in neither.
    """

    def __init__(self, settings: Settings, signer: PredictionSigner, telemetry: Telemetry) -> None:
        self._settings, self._signer, self._telemetry = settings, signer, telemetry
        self._uncertain = SenderLimit(_MOST_UNCERTAIN, _HOUR)

    def note(self, answered: Answered) -> None:
        """Log a prediction if it is drawn."""
        if not self._telemetry.is_on:
            return
        settings, drawn_as = self._settings, answered.prediction_id
        if is_drawn(drawn_as, "random", settings.sample_random):
            self._log(answered, "random", settings.sample_random)
        elif (
            answered.score < settings.low_confidence
            and is_drawn(drawn_as, "low confidence", settings.sample_low_confidence)
            and not self._uncertain.take(answered.sender)
        ):
            self._log(answered, "low confidence", settings.sample_low_confidence)

    def note_shadow(self, answered: Answered, prediction: ShadowPrediction) -> None:
        """Log the shadow's prediction; where it disagrees, draw for the audit more often.

        What was drawn at random before is logged again, with its true, higher probability.
        """
        self._telemetry.note_shadow(prediction)
        settings = self._settings
        probability = settings.sample_disagreement
        if (
            prediction.shadow_label != prediction.predicted_label
            and probability > settings.sample_random
            and is_drawn(answered.prediction_id, "disagreement", probability)
        ):
            self._log(answered, "disagreement", probability)

    def _log(self, answered: Answered, reason: Reason, probability: float) -> None:
        text = mask(answered.text)
        if len(text) > _MOST_CHARS:
            return
        seal = self._signer.seal(answered.prediction_id, reason, probability, text)
        self._telemetry.note_sample(
            Sample(
                text,
                predicted_label=answered.label,
                score=answered.score,
                model=answered.model,
                prediction_id=answered.prediction_id,
                reason=reason,
                probability=probability,
                signature=seal,
            )
        )
