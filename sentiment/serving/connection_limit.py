"""Limits on connections, which uvicorn's protocol lacks: their number, and how long one may idle.

A connection that has sent no whole request costs nothing but its place; without these limits,
whoever opens enough of them shuts everybody else out.
"""

from __future__ import annotations

import json
import resource
import socket
from functools import cache
from typing import TYPE_CHECKING

import uvicorn.config

from sentiment.serving.header_limit import LimitedHeaders

if TYPE_CHECKING:
    import asyncio

WRITE_SECONDS = 30.0  # that the other side may read nothing of an answer
HEADER_SECONDS = 10.0  # from a connection, or a request's first byte, to the end of its headers
MOST = 4096
_BODY = json.dumps({"error": "too many connections are open: try again in a second"}).encode()
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


class LimitedConnections(LimitedHeaders):
    """uvicorn's protocol; a connection without headers in time, or one too many, is closed."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection if there is a place for it, and await its first request."""
        super().connection_made(transport)
        _give_up_on_a_reader_that_stopped(transport)
        if len(self.connections) > most_connections():
            transport.write(_REFUSAL)
            transport.close()
        else:
            self._await_headers()

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; unless a request is in progress, one's headers must end in time."""
        super().data_received(data)
        # Any data, even a line break, has ended uvicorn's wait for a next request.
        is_idle = self._is_in_headers or self.cycle.response_complete
        if is_idle and self._deadline is None and not self.transport.is_closing():
            self._await_headers()

    def on_headers_complete(self) -> None:
        """End the wait."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the wait with the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_headers(self) -> None:
        self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _give_up_on_a_reader_that_stopped(transport: asyncio.Transport) -> None:
    """Let the system end a connection whose other side reads nothing for WRITE_SECONDS.

    Without it such a connection keeps its place, also after the server has closed it. Linux alone
    has this option.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    connection = transport.get_extra_info("socket")
    if option is not None and connection is not None and connection.family != socket.AF_UNIX:
        connection.setsockopt(socket.IPPROTO_TCP, option, int(1000 * WRITE_SECONDS))


@cache
def most_connections() -> int:
    """Return how many connections a process takes: half of the files that it may have open."""
    return min(MOST, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)


def limit_connections() -> None:
    """Make this the protocol of the servers of this process that name none, as BentoML's."""
    uvicorn.config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{LimitedConnections.__name__}"
