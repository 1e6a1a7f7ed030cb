"""Admission: loopback, known paths and methods, the key, bodies of the right size and shape."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from sentiment.body_limit import BODY_SECONDS
from sentiment.loopback import REFUSAL, is_loopback, is_ours
from sentiment.serving.api import parse
from sentiment.serving.endpoints import PATHS
from sentiment.serving.http_errors import CLIENT_HUNG_UP, RefusedError

if TYPE_CHECKING:
    from pydantic import BaseModel
    from starlette.types import Receive, Scope

    from sentiment.config import Settings
    from sentiment.serving.paths import Path

_CLOSE = {"Connection": "close"}


class Admission:
    """Decides whether a request is let in; its methods raise RefusedError where it is not."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.api_key.get_secret_value().encode() if settings.api_key else b""
        self._most_bytes = settings.max_body_bytes
        self._is_local = is_loopback(str(settings.host))

    def check(self, path: Path | None, scope: Scope, headers: Headers) -> Path:
        """Return the path if it exists, takes the method, and the sender may use it.

        On loopback that is no web page of another site; a link of one may open our page in a tab.
        """
        if self._is_local and not is_ours(scope, allows_links=True):
            raise RefusedError(403, REFUSAL)
        if path is None:
            raise RefusedError(404, f"no such path: use {', '.join(sorted(PATHS))}")
        if scope["method"] not in path.methods:
            message = f"{scope['path']} does not take this method: use {path.methods[0]}"
            raise RefusedError(405, message, {"Allow": ", ".join(path.methods)})
        if self._key and not path.is_open:
            sent = headers.get("x-api-key", "").encode("latin-1")
            if not hmac.compare_digest(sent, self._key):
                raise RefusedError(
                    401, "X-API-Key is missing or wrong: send the key that the service was started with"
                )
        return path

    async def read(self, headers: Headers, receive: Receive, body_type: type[BaseModel]) -> BaseModel:
        """Return the body, which must be JSON of a type, whatever its Content-Type says."""
        if headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
            raise RefusedError(
                415,
                "the body has a Content-Encoding that is not read: send it as it is",
                {"Accept-Encoding": "identity"},
            )
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._most_bytes:
            raise self._too_large()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                content = await self._read(receive)
        except TimeoutError:
            message = f"the body did not arrive within {BODY_SECONDS:g} seconds: send it at once"
            raise RefusedError(408, message, _CLOSE) from None
        return parse(body_type, content)

    async def _read(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RefusedError(CLIENT_HUNG_UP, "the client hung up")
            body += message.get("body", b"")
            if len(body) > self._most_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                return bytes(body)

    def _too_large(self) -> RefusedError:
        return RefusedError(413, f"the body is over {self._most_bytes} bytes: send fewer or shorter texts")
