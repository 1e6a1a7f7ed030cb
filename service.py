"""The HTTP edge: predict, predict_batch, feedback, health and a page for people. No training code, and only the model's own framework.

`bentoml serve` in this folder starts it. Limits and errors are in `sentiment/http_guard.py`, the types in `sentiment/api.py`.
"""

# mypy: disable-error-code="misc, untyped-decorator"
# (BentoML's SDK carries no types.)

from __future__ import annotations

import functools
import logging
import os
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import bentoml
from starlette.exceptions import HTTPException

from models import LABELS
from sentiment import telemetry
from sentiment.api import BatchRequest, FeedbackAnswer, FeedbackRequest, Prediction, PredictRequest, RequestError, Scores, check_text
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import FeedbackError, PredictionIdError, StoreError
from sentiment.feedback import Inbox, InvalidFeedbackError, make_feedback
from sentiment.http_guard import ApiGate, error_answer, guard
from sentiment.pages import make_pages
from sentiment.prediction_ids import make_signer
from sentiment.senders import sender
from sentiment.serving import Champion
from sentiment.shadow import Answered, Shadow
from sentiment.tracing import note_exception

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

P = ParamSpec("P")
R = TypeVar("R")

REQUEST_TYPES = {"/predict": PredictRequest, "/predict_batch": BatchRequest, "/feedback": FeedbackRequest}
THREADS = 8
_logger = logging.getLogger("bentoml.sentiment")


class GuardedService(bentoml.Service[Any]):
    """A BentoML service that takes its limits from our settings when it starts, and wears our guard outside everything."""

    def inject_config(self) -> None:
        """Hand our settings to BentoML."""
        settings = read_settings()
        limits = {"timeout": settings.timeout_seconds, "max_concurrency": settings.max_concurrency}
        self.config.update({"workers": settings.workers, "threads": THREADS, "traffic": limits, "http": {"port": settings.port_service}})
        super().inject_config()

    def to_asgi(self, is_main: bool = True) -> ASGIApp:
        """Return the application with the guard around it."""
        return guard(super().to_asgi(is_main), read_settings(), frozenset(REQUEST_TYPES))


def _answer_errors(method: Callable[P, R]) -> Callable[P, R]:
    """Turn what a method raises into an answer, before BentoML logs it with the input in the traceback."""

    @functools.wraps(method)
    def answering(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except (RequestError, PredictionIdError, InvalidFeedbackError) as error:
            answer = error_answer(400, str(error))
        except (StoreError, FeedbackError) as error:
            note_exception(error)
            _logger.error("%s failed: %s", method.__name__, error)  # noqa: TRY400 - a traceback could hold the text
            answer = error_answer(503, str(error))
        except Exception as error:
            note_exception(error)
            place = traceback.format_tb(error.__traceback__)[-1].strip()
            _logger.error("%s failed with %s: %s", method.__name__, type(error).__name__, place)  # noqa: TRY400
            answer = error_answer(500, f"the service failed ({type(error).__name__}): its log has the place")
        return cast("R", answer)  # BentoML passes a response through as it is

    return answering


@bentoml.asgi_app(make_pages("Sentiloop", lambda: str(bentoml.get_current_service().tag)), path="/")
@bentoml.service(name="sentiment", service_class=GuardedService)
class SentimentService:
    """The sentiment of tweets: negative, neutral or positive, and a place to say where that was wrong."""

    def __init__(self) -> None:
        settings = read_settings()
        self._telemetry = telemetry.start(settings)  # here, so in each worker, never in the supervisor
        self._max_chars = settings.max_chars
        self._signer = make_signer(settings)
        self._inbox = Inbox(settings.feedback_address)
        self._champion = Champion(note=self._telemetry.metrics.note_reload)
        self._champion.look()
        self._champion.watch(settings.reload_seconds)
        self._shadow = Shadow(settings, self._telemetry.note_shadow, self._champion.is_busy)
        self._shadow.start()

    @property
    def tag(self) -> str:
        """The tag of the model that is served now."""
        return self._champion.tag

    @bentoml.on_deployment
    @staticmethod
    def prepare() -> None:
        """Before the workers start: keep all tools below SENTIMENT_HOME, and stop here if the signing key is no good."""
        settings = read_settings()
        apply_tool_environment(settings)
        os.environ["FORWARDED_ALLOW_IPS"] = ""  # else uvicorn believes the X-Forwarded-For of any neighbour, whatever we are set to trust
        make_signer(settings)

    @bentoml.on_shutdown
    def stop_all(self) -> None:
        """Before a worker ends: send or spool what is not sent yet, within ten seconds."""
        self._champion.stop()
        self._shadow.stop()
        self._telemetry.stop()

    @bentoml.api(route="/predict", input_spec=PredictRequest)
    @_answer_errors
    def predict(self, text: str) -> Prediction:
        """Label one text."""
        check_text(text, self._max_chars)
        return self._predict([text])[0]

    @bentoml.api(route="/predict_batch", input_spec=BatchRequest)
    @_answer_errors
    def predict_batch(self, texts: list[str]) -> list[Prediction]:
        """Label 1 to 256 texts; the answers come in the order of the texts."""
        for position, text in enumerate(texts):
            check_text(text, self._max_chars, f"texts[{position}]")
        predictions = self._predict(texts)
        self._telemetry.metrics.note_batch(len(texts))
        return predictions

    @bentoml.api(route="/feedback", input_spec=FeedbackRequest)
    @_answer_errors
    def feedback(
        self, prediction_id: str, text: str, correct: bool, label: str | None = None, comment: str | None = None
    ) -> FeedbackAnswer:
        """Store what a person says about a prediction; the answer comes when it is durable."""
        prediction = self._signer.check(prediction_id, text)
        said = make_feedback(prediction, text, correct=correct, label=label, comment=comment)
        feedback = replace(said, source=self._signer.pseudonym(sender()))
        is_new = self._inbox.record(feedback)
        if is_new:
            telemetry.log_feedback(feedback)
        return FeedbackAnswer(feedback_id=feedback.feedback_id, status="recorded" if is_new else "already recorded")

    def __is_ready__(self) -> bool:
        if self._champion.problem:
            raise HTTPException(503, self._champion.problem)
        return True

    def _predict(self, texts: list[str]) -> list[Prediction]:
        served = self._champion.get()
        rows = [[float(score) for score in row] for row in served.score(texts, self._telemetry.tracer)]
        predictions = [self._prediction(text, row, served.tag) for text, row in zip(texts, rows, strict=True)]
        self._telemetry.note_predictions(served.tag, [prediction.label for prediction in predictions], [max(row) for row in rows])
        for text, row, prediction in zip(texts, rows, predictions, strict=True):
            self._telemetry.note_sample(
                text, label=prediction.label, score=max(row), model=served.tag, prediction_id=prediction.prediction_id
            )
            self._shadow.offer(Answered(text, prediction.label, max(row), served.tag))
        return predictions

    def _prediction(self, text: str, row: list[float], tag: str) -> Prediction:
        score = max(row)
        label = LABELS[row.index(score)]
        prediction_id = self._signer.sign(text, label=label, score=score, model=tag)
        return Prediction.model_validate(
            {"prediction_id": prediction_id, "label": label, "scores": Scores(**dict(zip(LABELS, row, strict=True))), "model": tag}
        )


SentimentService.add_asgi_middleware(ApiGate, read_settings=read_settings, request_types=REQUEST_TYPES)  # type: ignore[attr-defined]
