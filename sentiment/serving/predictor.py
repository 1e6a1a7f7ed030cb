"""What a prediction is made of: the champion's scores, a signed id, and what is noted of it.

HTTP and BentoML are elsewhere.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.serving.api import Prediction, Scores, WeighedWord
from sentiment.serving.shadow import Answered
from sentiment.text_rules import check_text, is_plainly_visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentiment.config import Settings
    from sentiment.feedback.prediction_ids import PredictionSigner
    from sentiment.serving.champion import Champion, ServedModel
    from sentiment.telemetry.process import Telemetry


class Predictor:
    """Answers with the champion.

    Its methods raise RequestError for texts that cannot be used, StoreError and OverloadError. The
    listeners hear of each prediction after its answer, and must return at once.
    """

    def __init__(
        self,
        settings: Settings,
        champion: Champion,
        signer: PredictionSigner,
        telemetry: Telemetry,
        listeners: Sequence[Callable[[Answered], None]],
    ) -> None:
        self._max_chars, self._uncertain_below = settings.max_chars, settings.uncertain_below
        self._champion, self._signer, self._telemetry = champion, signer, telemetry
        self._listeners = listeners

    @property
    def tag(self) -> str:
        """The tag of the model that is served now."""
        return self._champion.tag

    def readiness(self) -> str:
        """Return what to say to whoever asks: ready, and why if it is not the champion that serves.

        Raises:
            StoreError: No model is served.
        """
        tag = self._champion.get().tag
        return self._champion.warning or f"{tag} serves"

    async def predict(self, text: str, *, explain: bool = False) -> Prediction:
        """Label one text; on request, say how much each of its words moved the label's score."""
        check_text(text, self._max_chars)
        served = self._champion.get()
        [prediction] = await self._predict(served, [text])
        if explain:
            scores = [getattr(prediction.scores, label) for label in LABELS]
            words = await served.explain(text, scores, self._telemetry.tracer)
            prediction.explanation = [WeighedWord(**word._asdict()) for word in words]
        self._note([prediction])
        return prediction

    async def predict_batch(self, texts: list[str]) -> list[Prediction]:
        """Label several texts, in their order."""
        if all(map(is_plainly_visible, texts)):
            self._check(texts)
        else:  # others are cleaned for it, up to a millisecond each, for which no other request should wait
            await asyncio.to_thread(self._check, texts)
        predictions = await self._predict(self._champion.get(), texts)
        self._note(predictions)
        self._telemetry.metrics.note_batch(len(texts))
        return predictions

    def _check(self, texts: list[str]) -> None:
        for position, text in enumerate(texts):
            check_text(text, self._max_chars, f"texts[{position}]")

    async def note_answered(self, texts: list[str], predictions: list[Prediction], sender: str) -> None:
        """Tell the listeners of answered predictions; call it when the answers are sent."""
        for text, answer in zip(texts, predictions, strict=True):
            score = getattr(answer.scores, answer.label)
            answered = Answered(text, answer.label, score, answer.model, answer.prediction_id, sender)
            for listen in self._listeners:
                listen(answered)

    async def _predict(self, served: ServedModel, texts: list[str]) -> list[Prediction]:
        rows = await served.score(texts, self._telemetry.tracer)
        return [self._prediction(text, row, served) for text, row in zip(texts, rows, strict=True)]

    def _note(self, predictions: list[Prediction]) -> None:
        """Count predictions of one model that are answered."""
        labels = [prediction.label for prediction in predictions]
        scores = [float(getattr(prediction.scores, prediction.label)) for prediction in predictions]
        uncertain = sum(bool(prediction.uncertain) for prediction in predictions)
        self._telemetry.note_predictions(predictions[0].model, labels, scores, uncertain=uncertain)

    def _prediction(self, text: str, row: list[float], served: ServedModel) -> Prediction:
        score, tag = max(row), served.tag
        label = LABELS[row.index(score)]
        prediction_id = self._signer.sign(text, label=label, score=score, model=tag)
        learned = served.calibration.uncertain_below
        threshold = learned if self._uncertain_below is None else self._uncertain_below
        uncertain = score < threshold if threshold else None
        scores = Scores(**dict(zip(LABELS, row, strict=True)))
        return Prediction(
            prediction_id=prediction_id, label=label, scores=scores, model=tag, uncertain=uncertain
        )
