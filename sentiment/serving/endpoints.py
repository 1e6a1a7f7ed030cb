"""Answers the paths that score texts past BentoML's own dispatch, which costs more than a small model does.

Limits of time and load, errors as JSON, and callers that hang up are dealt with here; key, size and
shape in `http_guard.py`.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import TYPE_CHECKING, Any, cast

from pydantic import TypeAdapter
from starlette.background import BackgroundTask
from starlette.responses import Response

from sentiment.errors import FeedbackError, OverloadError, PredictionIdError, RequestError, StoreError
from sentiment.feedback.feedback import InvalidFeedbackError
from sentiment.serving.api import BatchRequest, Prediction, PredictRequest, wants_explanation
from sentiment.serving.http_guard import TOO_MANY, Admission, RefusedError, error_answer
from sentiment.telemetry.spans import inside_request, note_exception

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sentiment.config import Settings
    from sentiment.serving.predictor import Predictor


PATHS: dict[str, type[PredictRequest | BatchRequest]] = {
    "/predict": PredictRequest,
    "/predict_batch": BatchRequest,
}
_CLIENT_HUNG_UP = 499  # nobody reads it but the metrics
_ANSWERS = TypeAdapter(Prediction | list[Prediction])
_logger = logging.getLogger("bentoml.sentiment")


def direct(app: ASGIApp, settings: Settings, find_predictor: Callable[[], Predictor]) -> ASGIApp:
    """Return the application with PATHS answered before it; `find_predictor` is asked what answers them when the service has started."""
    admission = Admission(settings)
    predictor: Predictor | None = None

    async def started(scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            nonlocal predictor
            if message["type"] == "lifespan.startup.complete":
                predictor = find_predictor()
            await send(message)

        await app(scope, receive, noting)

    async def directed(scope: Scope, receive: Receive, send: Send) -> None:
        request_type = PATHS.get(scope.get("path", ""))
        if scope["type"] == "lifespan":
            await started(scope, receive, send)
        elif scope["type"] != "http" or request_type is None or predictor is None:
            await app(scope, receive, send)
        else:
            with inside_request(scope):
                answer = await _decide(scope, receive, request_type, predictor)
                await answer(scope, receive, send)

    async def _decide(
        scope: Scope,
        receive: Receive,
        request_type: type[PredictRequest | BatchRequest],
        predictor: Predictor,
    ) -> Response:
        try:
            request, _ = await admission.read(scope, receive, request_type)
            async with asyncio.timeout(settings.timeout_seconds):
                return await _while_connected(receive, _answer(predictor, request, scope["query_string"]))
        except RefusedError as refusal:
            return error_answer(refusal.status, str(refusal))
        except TimeoutError:
            return error_answer(
                504,
                f"no answer within {settings.timeout_seconds:g} seconds: try again, or send fewer texts at once",
            )

    return directed


def refuse(error: Exception, name: str) -> Response:
    """Return the answer to what a method raised; what it logs holds no text."""
    if isinstance(error, OverloadError):
        return error_answer(TOO_MANY, str(error), retry_after=error.retry_after)
    if isinstance(error, RequestError | PredictionIdError | InvalidFeedbackError):
        return error_answer(400, str(error))
    note_exception(error)
    if isinstance(error, StoreError | FeedbackError):
        _logger.error("%s failed: %s", name, error)
        return error_answer(503, str(error), retry_after=1)
    place = traceback.format_tb(error.__traceback__)[-1].strip()
    _logger.error("%s failed with %s: %s", name, type(error).__name__, place)
    return error_answer(500, f"the service failed ({type(error).__name__}): its log has the place")


async def _answer(predictor: Predictor, request: BatchRequest | PredictRequest, query: bytes) -> Response:
    said: Prediction | list[Prediction]
    try:
        explain = wants_explanation(query, request)
        if isinstance(request, PredictRequest):
            said = await predictor.predict(request.text, explain=explain)
            texts, predictions = [request.text], [said]
        else:
            said = await predictor.predict_batch(request.texts)
            texts, predictions = request.texts, said
    except Exception as error:  # all of them have an answer
        return refuse(error, "/predict" if isinstance(request, PredictRequest) else "/predict_batch")
    later = BackgroundTask(predictor.note_answered, texts, predictions)
    return Response(
        _ANSWERS.dump_json(said, exclude_none=True), media_type="application/json", background=later
    )


async def _while_connected(receive: Receive, work: Coroutine[Any, Any, Response]) -> Response:
    """Return what the work gives, or end it when the client hangs up: nobody would read the answer."""
    task = cast("asyncio.Task[Any]", asyncio.current_task())

    def stop(_: object) -> None:
        task.cancel()

    listening = asyncio.ensure_future(_hang_up(receive))
    listening.add_done_callback(stop)
    try:
        return await work
    except asyncio.CancelledError:
        if not listening.done():  # time is over, or the server ends
            raise
        task.uncancel()
        return error_answer(_CLIENT_HUNG_UP, "the client hung up")
    finally:
        listening.remove_done_callback(stop)
        listening.cancel()


async def _hang_up(receive: Receive) -> None:
    """Return when the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
