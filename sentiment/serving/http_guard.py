"""The layers around the BentoML application: traces, known paths, the API key, size and shape of bodies, errors as JSON.

`guard` goes outside everything, so that scanners leave no trace in the metrics; `ApiGate` sits
inside BentoML's metrics and limits, for the paths that are not answered before (see
`endpoints.py`).
"""

from __future__ import annotations

import hmac
import json
import logging
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

from sentiment.errors import RequestError
from sentiment.serving.api import Request, parse
from sentiment.serving.client_address import client_address, sent_from
from sentiment.serving.request_trace import RequestTrace
from sentiment.telemetry.spans import UNKNOWN_PATH, inside_request, note_exception

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from pydantic import BaseModel
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sentiment.config import Settings

GET_PATHS = frozenset({"/", "/docs.json", "/healthz", "/livez", "/metrics", "/readyz", "/schema.json"})
_ERROR_STATUS = 400
TOO_MANY = 429
_logger = logging.getLogger("bentoml.sentiment")


def error_answer(status: int, message: str, *, retry_after: int | None = None) -> JSONResponse:
    """Return the one form that all errors have; `retry_after` is in seconds."""
    headers = {"Retry-After": str(retry_after)} if retry_after else None
    return JSONResponse({"error": message}, status_code=status, headers=headers)


def guard(app: ASGIApp, posts: frozenset[str]) -> ASGIApp:
    """Return the application as the world may see it: known paths only, and a trace id on every answer."""
    known = posts | GET_PATHS

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] == "http":
            refusal = _refuse_route(scope["method"], scope["path"], posts)
            with RequestTrace(scope, scope["path"] if scope["path"] in known else UNKNOWN_PATH) as trace:
                await (refusal or app)(scope, receive, trace.tell(send))
        else:
            await app(scope, receive, send)

    return guarded


def json_errors(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Return BentoML's application with errors as JSON, its limits told in our words."""
    reasons = {
        TOO_MANY: f"more than {settings.max_concurrency} requests at once: try again in a second",
        504: f"no answer within {settings.timeout_seconds:g} seconds: try again, or send fewer texts at once",
    }

    async def telling(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, _with_json_errors(send, reasons) if scope["type"] == "http" else send)

    return telling


def _refuse_route(method: str, path: str, posts: frozenset[str]) -> JSONResponse | None:
    if path not in posts and path not in GET_PATHS:
        return error_answer(404, f"no such path: use {', '.join(sorted(posts | GET_PATHS))}")
    allowed = ("POST",) if path in posts else ("GET", "HEAD")
    if method in allowed:
        return None
    answer = error_answer(405, f"{path} does not take this method: use {allowed[0]}")
    answer.headers["Allow"] = ", ".join(allowed)
    return answer


def _with_json_errors(send: Send, reasons: Mapping[int, str]) -> Send:
    """Rewrite what BentoML and Starlette say about errors: plain text becomes JSON, and their limits get our words."""
    start: Message | None = None
    body = b""

    async def rewritten(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start" and _needs_rewrite(message, reasons):
            start = message
        elif start is None:
            await send(message)
        elif message["type"] == "http.response.body":
            body += message.get("body", b"")
            if not message.get("more_body", False):
                status = int(start["status"])
                content = json.dumps({"error": reasons.get(status) or body.decode(errors="replace")}).encode()
                headers = MutableHeaders(raw=list(start["headers"]))
                headers["Content-Type"], headers["Content-Length"] = "application/json", str(len(content))
                if status == TOO_MANY:
                    headers["Retry-After"] = "1"
                await send({**start, "headers": headers.raw})
                await send({"type": "http.response.body", "body": content})

    return rewritten


def _needs_rewrite(start: Message, reasons: Mapping[int, str]) -> bool:
    is_json = Headers(raw=start["headers"]).get("content-type") == "application/json"
    return bool(start["status"] >= _ERROR_STATUS and (not is_json or start["status"] in reasons))


class ApiGate:
    """ASGI middleware in front of the POST paths: checks key, size and shape, so that BentoML only sees requests it can answer."""

    def __init__(
        self,
        app: ASGIApp,
        read_settings: Callable[[], Settings],
        request_types: Mapping[str, type[BaseModel]],
    ) -> None:
        self._app = app
        settings = read_settings()
        self._admission, self._trusted_proxies = Admission(settings), settings.trusted_proxies
        self._request_types = request_types

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 400, 401 or 413; 500 if the application breaks before it answers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_started = False

        async def noting(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        with inside_request(scope), sent_from(client_address(scope, self._trusted_proxies)):
            try:
                await self._answer(scope, receive, noting)
            except Exception as error:  # BentoML's time limit would hold the client until it is over
                note_exception(error)
                if is_started:
                    raise
                _logger.error("%s failed with %s", scope["path"], type(error).__name__)  # noqa: TRY400 - a traceback could hold the text
                await error_answer(500, f"the service failed ({type(error).__name__}): see its log")(
                    scope, receive, send
                )

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_type = self._request_types.get(scope["path"])
        if request_type is None:
            await self._app(scope, receive, send)
            return
        try:
            _, body = await self._admission.read(scope, receive, request_type)
        except RefusedError as refusal:
            await error_answer(refusal.status, str(refusal))(scope, receive, send)
            return
        await self._app(_as_json(scope), _replay(body, receive), send)


class RefusedError(RequestError):
    """A request is answered with an error status before anything is done for it."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Admission:
    """Decides by key, size and shape whether a request comes in."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.api_key.get_secret_value().encode() if settings.api_key else b""
        self._most_bytes = settings.max_body_bytes

    async def read(
        self, scope: Scope, receive: Receive, request_type: type[Request]
    ) -> tuple[Request, bytes]:
        """Return the request and its body as it came.

        Raises:
            RefusedError: The key is missing or wrong, or the body is too large or of another shape.
        """
        headers = Headers(scope=scope)
        if self._key and not hmac.compare_digest(headers.get("x-api-key", "").encode("latin-1"), self._key):
            raise RefusedError(
                401, "X-API-Key is missing or wrong: send the key that the service was started with"
            )
        length = headers.get("content-length", "")
        body = (
            None
            if length.isdecimal() and int(length) > self._most_bytes
            else await _read_body(receive, self._most_bytes)
        )
        if body is None:
            raise RefusedError(413, f"the body is over {self._most_bytes} bytes: send fewer or shorter texts")
        try:
            return parse(request_type, body), body
        except RequestError as error:
            raise RefusedError(_ERROR_STATUS, str(error)) from None


async def _read_body(receive: Receive, limit: int) -> bytes | None:
    """Return the whole body, or None as soon as it is over the limit."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _as_json(scope: Scope) -> Scope:
    """BentoML would read other content types in other ways; here a body is JSON whatever it is called."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
    return {**scope, "headers": [*headers, (b"content-type", b"application/json")]}


def _replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    is_sent = False

    async def replayed() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
