"""The list of paths, and the endpoints: an admitted request becomes a response."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import html
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path as File
from typing import TYPE_CHECKING

from pydantic import TypeAdapter
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from sentiment.errors import StoreError
from sentiment.serving.api import (
    BatchRequest,
    FeedbackAnswer,
    FeedbackRequest,
    Prediction,
    PredictRequest,
    wants_explanation,
)
from sentiment.serving.client_address import read_sender
from sentiment.serving.hang_up import while_connected
from sentiment.serving.http_errors import TOO_MANY, RefusedError
from sentiment.serving.openapi import describe
from sentiment.serving.paths import Call, Path
from sentiment.serving.sender_limit import SenderLimit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentiment.config import Settings
    from sentiment.serving.feedback_recorder import FeedbackRecorder
    from sentiment.serving.predictor import Predictor

_THREADS = 8  # that write feedback
_BURST_MINUTES = 5  # whose feedback may come at once: people send what they have collected
_PAGE = File(__file__).with_name("page.html")
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
_PREDICTIONS = TypeAdapter(Prediction | list[Prediction])


class Endpoints:
    """Answers our paths; what its methods raise becomes an answer in `http_errors.py`."""

    def __init__(self, settings: Settings, predictor: Predictor, recorder: FeedbackRecorder) -> None:
        self._predictor, self._recorder = predictor, recorder
        self._trusted_proxies = settings.trusted_proxies
        self._most_feedback = settings.max_concurrency
        self._free_slots = math.ceil(settings.max_concurrency / settings.workers)
        self._feedback_per_minute = settings.feedback_per_minute
        self._feedback_limit = SenderLimit(
            max(1, _BURST_MINUTES * settings.feedback_per_minute), 60 * _BURST_MINUTES
        )
        self._threads = ThreadPoolExecutor(_THREADS, "feedback")

    async def predict(self, call: Call) -> Response:
        """Label one text, and explain the label on request."""
        request: PredictRequest = call.body
        explain = wants_explanation(call.scope["query_string"], request)
        work = self._predictor.predict(request.text, explain=explain)
        prediction = await while_connected(call.receive, work)
        return self._predicted(call, prediction, [request.text], [prediction])

    async def predict_batch(self, call: Call) -> Response:
        """Label several texts."""
        request: BatchRequest = call.body
        wants_explanation(call.scope["query_string"], request)
        predictions = await while_connected(call.receive, self._predictor.predict_batch(request.texts))
        return self._predicted(call, predictions, request.texts, predictions)

    async def feedback(self, call: Call) -> Response:
        """Record feedback in a thread: it waits for the disk."""
        sender = read_sender(call.scope, self._trusted_proxies)
        self._refuse_flood(sender)
        record = contextvars.copy_context().run  # the log of feedback names the request's trace
        with self._slot():
            answer = await asyncio.get_running_loop().run_in_executor(
                self._threads, record, self._recorder.record, call.body, sender
            )
        return Response(answer.model_dump_json(), media_type="application/json")

    async def ready(self, call: Call) -> Response:
        """Say which model serves, and why if it is not the champion; 503 says why there is none."""
        try:
            return PlainTextResponse(f"{self._predictor.readiness()}\n")
        except StoreError as error:  # not answered as a fault: a log has it once, probes ask for ever
            raise RefusedError(503, str(error)) from None

    async def page(self, call: Call) -> Response:
        """Show the page for people."""
        content = _PAGE.read_text("utf-8").replace("{{model}}", html.escape(self._predictor.tag))
        return HTMLResponse(content, headers={"Content-Security-Policy": _POLICY})

    async def docs(self, call: Call) -> Response:
        """Show the description."""
        return JSONResponse(describe("Sentiloop", PATHS))

    def _predicted(
        self,
        call: Call,
        answer: Prediction | list[Prediction],
        texts: list[str],
        predictions: list[Prediction],
    ) -> Response:
        sender = read_sender(call.scope, self._trusted_proxies)
        later = BackgroundTask(self._predictor.note_answered, texts, predictions, sender)
        content = _PREDICTIONS.dump_json(answer, exclude_none=True)
        return Response(content, media_type="application/json", background=later)

    def _refuse_flood(self, sender: str) -> None:
        wait = self._feedback_limit.take(sender) if self._feedback_per_minute else 0
        if wait:
            seconds = str(math.ceil(wait))
            message = f"more than {self._feedback_per_minute} feedbacks a minute: try again in {seconds} s"
            raise RefusedError(TOO_MANY, message, {"Retry-After": seconds})

    @contextlib.contextmanager
    def _slot(self) -> Iterator[None]:
        """Hold one of the places for feedback requests at once."""
        if not self._free_slots:
            message = f"more than {self._most_feedback} requests at once: try again in a second"
            raise RefusedError(TOO_MANY, message, {"Retry-After": "1"})
        self._free_slots -= 1
        try:
            yield
        finally:
            self._free_slots += 1


PATHS = {
    "/predict": Path("Label one text", Endpoints.predict, PredictRequest, Prediction),
    "/predict_batch": Path(
        "Label 1 to 256 texts, in their order", Endpoints.predict_batch, BatchRequest, list[Prediction]
    ),
    "/feedback": Path(
        "Say whether a prediction was right; 200 means stored durably",
        Endpoints.feedback,
        FeedbackRequest,
        FeedbackAnswer,
    ),
    "/livez": Path("200 while the process lives", is_open=True, is_probe=True),
    "/readyz": Path(
        "200 once the model has answered a known tweet correctly",
        Endpoints.ready,
        is_open=True,
        is_probe=True,
    ),
    "/healthz": Path("", is_open=True, is_probe=True),  # BentoML's other name of /livez
    "/metrics": Path("Prometheus metrics", is_probe=True),
    "/docs.json": Path("This description", Endpoints.docs, returns="application/json"),
    "/": Path("A page for people", Endpoints.page, returns="text/html"),
    "/schema.json": Path("", returns="application/json"),  # what BentoML's own clients read
}
