"""Limits on the bodies of requests, which the servers that we build on lack: time and size.

Plain ASGI, so that every server of ours can have it, whatever it is built on.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from sentiment.plain_asgi import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentiment.plain_asgi import ASGIApp, Message, Receive, Scope, Send

BODY_SECONDS = 10.0  # from the headers of a request to the end of its body
_CLOSE = (b"connection", b"close")  # what is left of the body would be read as a request


class BodyLimit:
    """Answers 408 to a body that does not arrive in time, and 413 to one that is too large."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        most_bytes: float = math.inf,
        larger: Mapping[str, int] | None = None,
        bytes_per_second: float = math.inf,
    ) -> None:
        """Keep the limits: `larger` are the bytes of paths that take more than `most_bytes`.

        A body has BODY_SECONDS, and what its bytes take beyond that at `bytes_per_second`.
        """
        self._app = app
        self._most_bytes, self._larger = most_bytes, larger or {}
        self._rate = bytes_per_second

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; once its body is refused, nothing that is answered counts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, self._larger.get(scope["path"], self._most_bytes), self._rate)
        is_answered = False

        async def answer(message: Message) -> None:
            nonlocal is_answered
            if body.refusal is None or is_answered:
                is_answered = True
                await send(message)

        try:
            await self._app(scope, body.receive, answer)
        except Exception:
            if body.refusal is None:
                raise
        if body.refusal is not None and not is_answered:
            await refuse(send, *body.refusal, _CLOSE)


class BodyRefusedError(Exception):
    """Ends the reading of a body that is refused."""


class _Body:
    """A body as it arrives; `refusal` is the status and the message once it is refused."""

    def __init__(self, receive: Receive, most_bytes: float, rate: float) -> None:
        self._receive, self._most_bytes, self._rate = receive, most_bytes, rate
        self._began = asyncio.get_running_loop().time()
        self._size, self._is_whole = 0, False
        self.refusal: tuple[int, str] | None = None

    async def receive(self) -> Message:
        """Return the next piece; after the last one, wait for the end of the connection."""
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._began + BODY_SECONDS + self._size / self._rate):
                message = await self._receive()
        except TimeoutError:
            raise self._refuse(408, "the body did not arrive in time: send it at once") from None
        self._size += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._size > self._most_bytes:
            raise self._refuse(413, f"the body is over {self._most_bytes} bytes: send less at once")
        return message

    def _refuse(self, status: int, message: str) -> BodyRefusedError:
        self.refusal = status, message
        return BodyRefusedError(message)
