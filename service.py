"""The HTTP service: predict, predict_batch, feedback, health and a page for people.

No training code, and only the model's own framework. `bentoml serve` in this folder starts it:
BentoML starts, counts and ends the workers and answers the probes and /metrics. What a request
meets on its way is in `sentiment/serving/`.
"""

# mypy: disable-error-code="misc, untyped-decorator"
# (BentoML's SDK carries no types.)

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import bentoml
from bentoml._internal.configuration.containers import BentoMLContainer

from sentiment.config import apply_tool_environment, read_settings
from sentiment.feedback.inbox import Inbox
from sentiment.feedback.prediction_ids import make_signer
from sentiment.loopback import is_loopback
from sentiment.serving.api import BatchRequest, FeedbackAnswer, FeedbackRequest, Prediction, PredictRequest
from sentiment.serving.application import Application
from sentiment.serving.champion import Champion
from sentiment.serving.connection_limit import limit_connections
from sentiment.serving.cross_origin import CrossOrigin
from sentiment.serving.endpoints import Endpoints
from sentiment.serving.feedback_recorder import FeedbackRecorder
from sentiment.serving.predictor import Predictor
from sentiment.serving.sampler import Sampler
from sentiment.serving.shadow import Shadow
from sentiment.telemetry import process

if TYPE_CHECKING:
    from starlette.types import ASGIApp


_LOG = logging.getLogger("sentiment.service")


def _cors_set() -> dict[str, Any]:
    """Return what BentoML's older spelling of the setting says, `api_server.http.cors`.

    BentoML reads it, then puts the services' defaults over it.
    """
    options = BentoMLContainer.config.api_server.http.cors.get()
    return {name: value for name, value in options.items() if value is not None}


class HttpService(bentoml.Service[Any]):
    """A BentoML service with our settings, whose requests all meet our application first."""

    def inject_config(self) -> None:
        """Hand our settings to BentoML."""
        settings = read_settings()
        self.config.update(
            {
                "workers": settings.workers,
                "traffic": {"timeout": settings.timeout_seconds},
                "http": {"host": str(settings.host), "port": settings.port_service, "cors": _cors_set()},
            }
        )
        super().inject_config()

    def to_asgi(self, is_main: bool = True) -> ASGIApp:
        """Return our application with BentoML's behind it."""
        limit_connections()
        bento = super().to_asgi(is_main)
        ours = Application(bento, read_settings(), lambda: bentoml.get_current_service().endpoints)
        is_open = BentoMLContainer.http.cors.enabled.get()
        return CrossOrigin(ours, BentoMLContainer.access_control_options.get()) if is_open else ours


@bentoml.service(name="sentiment", service_class=HttpService)
class SentimentService:
    """The sentiment of tweets: negative, neutral or positive; and feedback on it."""

    def __init__(self) -> None:
        settings = read_settings()
        self._telemetry = process.start(settings)  # here, so in each worker, never in the supervisor
        self._champion = Champion(
            note=self._telemetry.metrics.note_reload, most_waiting=settings.max_waiting_texts
        )
        self._champion.look()
        self._champion.watch(settings.reload_seconds)
        signer = make_signer(settings)
        sampler = Sampler(settings, signer, self._telemetry)
        self._shadow = Shadow(settings, sampler.note_shadow, self._champion.is_busy)
        self._shadow.start()
        listeners = (sampler.note, self._shadow.offer)
        self._predictor = Predictor(settings, self._champion, signer, self._telemetry, listeners)
        self._recorder = FeedbackRecorder(signer, Inbox(settings.feedback_address))
        self.endpoints = Endpoints(settings, self._predictor, self._recorder)

    @bentoml.on_deployment
    @staticmethod
    def prepare() -> None:
        """Before the workers start: keep tools below SENTIMENT_HOME, check key and inbox."""
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
        Inbox(settings.feedback_address).check()

    @bentoml.on_shutdown
    def stop_all(self) -> None:
        """Before a worker ends: send or spool what is not sent yet, within ten seconds."""
        self._champion.stop()
        self._shadow.stop()
        self._telemetry.stop()

    # The next three describe the calls in the Bento and in /schema.json, from which BentoML's own
    # clients learn them; over HTTP `Application` answers before BentoML sees the request.

    @bentoml.api(route="/predict", input_spec=PredictRequest)
    async def predict(self, text: str) -> Prediction:
        """Label one text."""
        return await self._predictor.predict(text)

    @bentoml.api(route="/predict_batch", input_spec=BatchRequest)
    async def predict_batch(self, texts: list[str]) -> list[Prediction]:
        """Label 1 to 256 texts; the answers come in the order of the texts."""
        return await self._predictor.predict_batch(texts)

    @bentoml.api(route="/feedback", input_spec=FeedbackRequest)
    def feedback(self, **fields: Any) -> FeedbackAnswer:
        """Store what a person says about a prediction; the answer comes when it is durable."""
        return self._recorder.record(FeedbackRequest(**fields))
