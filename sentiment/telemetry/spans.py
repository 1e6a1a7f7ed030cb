"""Spans: one per request, children inside it, and exceptions without what they say.

Where spans go is in `exporters.py`.
"""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Span, Tracer
    from starlette.types import Scope

UNKNOWN_PATH = "(unknown path)"
OTHER_METHOD = "_OTHER"  # OpenTelemetry's word for a method that is none of HTTP's own
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"})
_SERVER_FAULT = 500
_PROPAGATOR = TraceContextTextMapPropagator()
_ROOTS = (sysconfig.get_paths()["purelib"], sysconfig.get_paths()["stdlib"], str(Path(__file__).parents[2]))


def read_traceparent(headers: Sequence[str]) -> SpanContext | None:
    """Return the caller's span as its W3C `traceparent` header names it; None if malformed."""
    if len(headers) != 1:
        return None
    context = _PROPAGATOR.extract({"traceparent": headers[0]})
    parent = trace.get_current_span(context).get_span_context()
    return parent if parent.is_valid else None


def start_request(tracer: Tracer, scope: Scope, route: str, parent: SpanContext | None) -> Span:
    """Start the span of a request.

    It names the route, never the path, the query, the host or the client as they were sent.
    """
    method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
    attributes = {
        "http.request.method": method,
        "http.route": route,
        "url.scheme": scope.get("scheme", "http"),
    }
    if route != UNKNOWN_PATH:
        attributes["url.path"] = route
    address, port = scope.get("server") or (None, None)
    server = {"server.address": address, "server.port": port} if address and port else {}
    above = trace.set_span_in_context(NonRecordingSpan(parent)) if parent else None
    return tracer.start_span(f"{method} {route}", above, SpanKind.SERVER, {**attributes, **server})


def end_request(span: Span, status: int) -> None:
    """End the span of a request with the status of its answer."""
    span.set_attribute("http.response.status_code", status)
    if status >= _SERVER_FAULT:
        span.set_status(StatusCode.ERROR)
    span.end()


def current_span(span: Span) -> AbstractContextManager[Span]:
    """Make a span the current one, and leave its end and the exceptions inside to others."""
    return trace.use_span(span, record_exception=False, set_status_on_exception=False)


def timed_child(tracer: Tracer, name: str, start: int, end: int) -> None:
    """Record a span inside the current one; `start` and `end` are nanoseconds since 1970."""
    if trace.get_current_span().is_recording():
        tracer.start_span(name, start_time=start).end(end)


def describe(attributes: Mapping[str, str | int | float]) -> None:
    """Add attributes to the current span, unless it has ended: the request timed out."""
    span = trace.get_current_span()
    if span.is_recording():
        span.set_attributes(dict(attributes))


def note_exception(error: BaseException) -> None:
    """Add an exception's type and location to the current span, never its message.

    The message may quote a text.
    """
    span = trace.get_current_span()
    if span.is_recording():
        stack = list(_stack(error)) or ["raised nowhere"]
        attributes = {
            "exception.type": _type_name(error),
            "exception.message": stack[0],
            "exception.stacktrace": "\n".join(stack),
        }
        span.add_event("exception", attributes)


def _stack(error: BaseException) -> Iterator[str]:
    """Yield the places of an exception and of those that led to it, the innermost first."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if cause is not error:
            yield f"caused by {_type_name(cause)}"
        frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(cause.__traceback__)]
        yield from (
            f'File "{_shorten(code.co_filename)}", line {line}, in {code.co_name}'
            for code, line in reversed(frames)
        )
        cause = cause.__cause__ or cause.__context__


def _type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _shorten(path: str) -> str:
    """Return a path relative to its packages' folder: a home folder may name a person."""
    for root in _ROOTS:
        if path.startswith(f"{root}/"):
            return path.removeprefix(f"{root}/")
    return path.rpartition("/")[2]
