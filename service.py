"""The HTTP edge: predict, predict_batch, feedback, health and a page for people.

No training code, and only the model's own framework.

`bentoml serve` in this folder starts it. What a request meets on its way is in
`sentiment/serving/`.
"""

# mypy: disable-error-code="misc, untyped-decorator"
# (BentoML's SDK carries no types.)

from __future__ import annotations

import functools
import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import bentoml
from starlette.exceptions import HTTPException

from sentiment.config import apply_tool_environment, read_settings
from sentiment.feedback.feedback import make_feedback
from sentiment.feedback.inbox import Inbox
from sentiment.feedback.prediction_ids import make_signer
from sentiment.loopback import is_loopback
from sentiment.serving.api import BatchRequest, FeedbackAnswer, FeedbackRequest, Prediction, PredictRequest
from sentiment.serving.champion import Champion, Limits
from sentiment.serving.client_address import sender
from sentiment.serving.endpoints import PATHS, direct, refuse
from sentiment.serving.http_guard import ApiGate, guard, json_errors
from sentiment.serving.pages import make_pages
from sentiment.serving.predictor import Predictor
from sentiment.serving.shadow import Shadow
from sentiment.telemetry import process

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

P = ParamSpec("P")
R = TypeVar("R")

BENTOML_PATHS = {"/feedback": FeedbackRequest}
THREADS = 8
_LOG = logging.getLogger("sentiment.service")


class GuardedService(bentoml.Service[Any]):
    """A BentoML service that takes its limits from our settings when it starts, and wears our guard outside everything."""

    def inject_config(self) -> None:
        """Hand our settings to BentoML."""
        settings = read_settings()
        limits = {"timeout": settings.timeout_seconds, "max_concurrency": settings.max_concurrency}
        self.config.update(
            {
                "workers": settings.workers,
                "threads": THREADS,
                "traffic": limits,
                "http": {"host": str(settings.host), "port": settings.port_service},
            }
        )
        super().inject_config()

    def to_asgi(self, is_main: bool = True) -> ASGIApp:
        """Return the application with the guard around it, and the paths that score texts answered before it."""
        settings = read_settings()
        app = json_errors(super().to_asgi(is_main), settings)
        app = direct(app, settings, lambda: bentoml.get_current_service().predictor)
        return guard(app, frozenset(PATHS | BENTOML_PATHS))


def _answer_errors(method: Callable[P, R]) -> Callable[P, R]:
    """Turn what a method raises into an answer, before BentoML logs it with the input in the traceback."""

    @functools.wraps(method)
    def answering(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except Exception as error:  # all of them have an answer
            return cast("R", refuse(error, method.__name__))  # BentoML passes a response through as it is

    return answering


@bentoml.asgi_app(make_pages("Sentiloop", lambda: str(bentoml.get_current_service().tag)), path="/")
@bentoml.service(name="sentiment", service_class=GuardedService)
class SentimentService:
    """The sentiment of tweets: negative, neutral or positive, and a place to say where that was wrong."""

    def __init__(self) -> None:
        settings = read_settings()
        self._telemetry = process.start(settings)  # here, so in each worker, never in the supervisor
        self._signer = make_signer(settings)
        self._inbox = Inbox(settings.feedback_address)
        limits = Limits(waiting_texts=settings.max_waiting_texts, cached_texts=settings.cache_texts)
        self._champion = Champion(note=self._telemetry.metrics.note_reload, limits=limits)
        self._champion.look()
        self._champion.watch(settings.reload_seconds)
        self._shadow = Shadow(settings, self._telemetry.note_shadow, self._champion.is_busy)
        self._shadow.start()
        self.predictor = Predictor(settings, self._champion, self._signer, self._telemetry, self._shadow)

    @property
    def tag(self) -> str:
        """The tag of the model that is served now."""
        return self._champion.tag

    @bentoml.on_deployment
    @staticmethod
    def prepare() -> None:
        """Before the workers start: keep all tools below SENTIMENT_HOME, and stop if the signing key or the inbox's address is no good."""
        settings = read_settings()
        apply_tool_environment(settings)
        # Else uvicorn believes the X-Forwarded-For of any neighbour, whatever we are set to trust.
        os.environ["FORWARDED_ALLOW_IPS"] = ""
        if not (is_loopback(str(settings.host)) or settings.api_key):
            _LOG.warning(
                "listening on %s, beyond this machine, without a key: whoever reaches it may use it; "
                "set SENTIMENT_API_KEY",
                settings.host,
            )
        make_signer(settings)
        Inbox(settings.feedback_address)

    @bentoml.on_shutdown
    def stop_all(self) -> None:
        """Before a worker ends: send or spool what is not sent yet, within ten seconds."""
        self._champion.stop()
        self._shadow.stop()
        self._telemetry.stop()

    # What these two answer over HTTP is answered by `direct`: here they are what BentoML describes
    # in /docs.json and offers its clients.

    @bentoml.api(route="/predict", input_spec=PredictRequest)
    async def predict(self, text: str) -> Prediction:
        """Label one text."""
        return await self.predictor.predict(text)

    @bentoml.api(route="/predict_batch", input_spec=BatchRequest)
    async def predict_batch(self, texts: list[str]) -> list[Prediction]:
        """Label 1 to 256 texts; the answers come in the order of the texts."""
        return await self.predictor.predict_batch(texts)

    @bentoml.api(route="/feedback", input_spec=FeedbackRequest)
    @_answer_errors
    def feedback(
        self,
        prediction_id: str,
        text: str,
        correct: bool,
        label: str | None = None,
        comment: str | None = None,
    ) -> FeedbackAnswer:
        """Store what a person says about a prediction; the answer comes when it is durable."""
        prediction = self._signer.check(prediction_id, text)
        said = make_feedback(prediction, text, correct=correct, label=label, comment=comment)
        feedback = replace(said, source=self._signer.pseudonym(sender()))
        is_new = self._inbox.record(feedback)
        if is_new:
            process.log_feedback(feedback)
        return FeedbackAnswer(
            feedback_id=feedback.feedback_id, status="recorded" if is_new else "already recorded"
        )

    def __is_ready__(self) -> bool:
        if self._champion.problem:
            raise HTTPException(503, self._champion.problem)
        return True


SentimentService.add_asgi_middleware(ApiGate, read_settings=read_settings, request_types=BENTOML_PATHS)  # type: ignore[attr-defined]
