"""One way in: the ASGI application that every request meets first.

It answers our paths; BentoML's application, behind it, answers the others. Paths are looked up in
a table, since all are fixed: Starlette's router would cost 25 µs a request.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from sentiment.serving.admission import Admission
from sentiment.serving.endpoints import PATHS
from sentiment.serving.http_errors import RefusedError, answer_to
from sentiment.serving.paths import Call
from sentiment.serving.request_trace import RequestTrace
from sentiment.telemetry.spans import UNKNOWN_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sentiment.config import Settings
    from sentiment.serving.endpoints import Endpoints
    from sentiment.serving.paths import Path


class Application:
    """Answers every request, errors as JSON, each answer with a trace id."""

    def __init__(self, bento: Starlette, settings: Settings, find_endpoints: Callable[[], Endpoints]) -> None:
        """Take BentoML's application, and what returns our endpoints once that has started."""
        self._bento, self._find_endpoints = bento, find_endpoints
        self._endpoints: Endpoints | None = None
        self._admission = Admission(settings)
        self._seconds = settings.timeout_seconds
        bento.exception_handlers[HTTPException] = _answer_of_bento
        # Innermost: BentoML's time limit holds a client until it is over where nothing is sent.
        bento.user_middleware.append(Middleware(_answer_faults))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; that the service starts and ends is BentoML's matter."""
        if scope["type"] == "http":
            await self._trace(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            await self._bento(scope, receive, self._note_start(send))

    def _note_start(self, send: Send) -> Send:
        """Return a `send` that finds our endpoints when BentoML has started the service."""

        async def noting(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._endpoints = self._find_endpoints()
            await send(message)

        return noting

    async def _trace(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = PATHS.get(scope["path"])
        route = scope["path"] if path else UNKNOWN_PATH
        with RequestTrace(scope, route, is_probe=path is not None and path.is_probe) as trace:
            telling = trace.tell(send)
            try:
                await self._answer(path, scope, receive, telling)
            except Exception as error:  # all of them have an answer
                answer = answer_to(error, route)
                if not trace.is_answered:
                    await answer(scope, receive, telling)

    async def _answer(self, path: Path | None, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        path = self._admission.check(path, scope, headers)
        if path.answer is None:
            await self._bento(scope, receive, send)
            return
        body = await self._admission.read(headers, receive, path.body) if path.body else None
        try:
            async with asyncio.timeout(self._seconds):
                response = await path.answer(self._endpoints, Call(scope, receive, body))
        except TimeoutError:
            raise RefusedError(
                504, f"no answer within {self._seconds:g} seconds: try again, or send fewer texts at once"
            ) from None
        await response(scope, receive, send)


def _answer_faults(app: ASGIApp) -> ASGIApp:
    """Return BentoML's routes with an answer to whatever they raise, a traceback in no log."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http":
                raise
            await answer_to(error, scope["path"])(scope, receive, send)

    return answering


async def _answer_of_bento(request: Request, error: Exception) -> Response:
    return answer_to(error, request.scope["path"])
