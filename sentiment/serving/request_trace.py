"""One request, seen from outside: its trace id, its span and its metrics.

What happens inside is in `spans.py`.
"""

from __future__ import annotations

import secrets
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from opentelemetry.trace import format_trace_id
from starlette.datastructures import Headers, MutableHeaders

from sentiment.telemetry import process
from sentiment.telemetry.spans import current_span, end_request, read_traceparent, start_request

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from starlette.types import Message, Scope, Send


class RequestTrace:
    """A context around a request; its span is the current one inside.

    `trace_id` is the caller's where it sent one; probes leave neither a span nor a count.
    """

    def __init__(self, scope: Scope, route: str, *, is_probe: bool = False) -> None:
        parent = read_traceparent(Headers(scope=scope).getlist("traceparent"))
        running = process.current()
        self._route, self._metrics, self._is_probe = route, running.metrics, is_probe
        self._span = (
            start_request(running.tracer, scope, route, parent) if running.is_on and not is_probe else None
        )
        if self._span:
            self.trace_id = format_trace_id(self._span.get_span_context().trace_id)
        else:
            self.trace_id = format_trace_id(parent.trace_id) if parent else secrets.token_hex(16)
        self.is_answered = False
        self._status = 500  # what the server sends where the application sends nothing
        self._current = current_span(self._span) if self._span else nullcontext()
        self._start = time.perf_counter()

    def tell(self, send: Send) -> Send:
        """Return a `send` that adds X-Trace-Id to the answer and notes its status."""

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.is_answered, self._status = True, message["status"]
                MutableHeaders(scope=message)["X-Trace-Id"] = self.trace_id
            await send(message)

        return telling

    def __enter__(self) -> Self:
        self._current.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        self._current.__exit__(kind, error, stack)
        if self._span:
            end_request(self._span, self._status)
        if not self._is_probe:
            self._metrics.note_request(self._route, self._status, time.perf_counter() - self._start)
