"""Spans: one per request, children inside it, and exceptions without what they say.

Where spans go is in `exporters.py`.
"""

from __future__ import annotations

import re
import sysconfig
import traceback
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Span, Tracer
    from starlette.types import Scope

UNKNOWN_PATH = "(unknown path)"
OTHER_METHOD = "_OTHER"  # OpenTelemetry's word for a method that is none of HTTP's own
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"})
PROBES = frozenset({"/livez", "/readyz", "/healthz", "/metrics"})
_SERVER_FAULT = 500
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SPAN = "sentiment.span"  # where a request's span lies in its ASGI scope
_ROOTS = (sysconfig.get_paths()["purelib"], sysconfig.get_paths()["stdlib"], str(Path(__file__).parents[2]))


def read_traceparent(headers: Sequence[str]) -> SpanContext | None:
    """Return the caller's span as its W3C `traceparent` header names it, or None where there is none or it is malformed."""
    match = _TRACEPARENT.fullmatch(headers[0]) if len(headers) == 1 else None
    if match is None or (match[1] == "00" and match[5]):
        return None
    parent = SpanContext(
        int(match[2], 16), int(match[3], 16), is_remote=True, trace_flags=TraceFlags(int(match[4], 16))
    )
    return parent if parent.is_valid else None


def start_request(tracer: Tracer, scope: Scope, route: str, parent: SpanContext | None) -> Span:
    """Start the span of a request and leave it in the ASGI scope, for `inside_request` to find.

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
    span = tracer.start_span(f"{method} {route}", above, SpanKind.SERVER, {**attributes, **server})
    scope[_SPAN] = span
    return span


def end_request(span: Span, status: int) -> None:
    """End the span of a request with the status of its answer."""
    span.set_attribute("http.response.status_code", status)
    if status >= _SERVER_FAULT:
        span.set_status(StatusCode.ERROR)
    span.end()


def inside_request(scope: Scope) -> AbstractContextManager[Span | None]:
    """Make the request's own span the current one again: BentoML puts one of its own, never sampled, over it."""
    span: Span | None = scope.get(_SPAN)
    return (
        trace.use_span(span, record_exception=False, set_status_on_exception=False) if span else nullcontext()
    )


def timed_child(tracer: Tracer, name: str, start: int, end: int) -> None:
    """Record a span inside the current one that began and ended at moments in nanoseconds since 1970."""
    if trace.get_current_span().is_recording():
        tracer.start_span(name, start_time=start).end(end)


def describe(attributes: Mapping[str, str | int | float]) -> None:
    """Add attributes to the current span, if it is still open: a request that timed out has ended."""
    span = trace.get_current_span()
    if span.is_recording():
        span.set_attributes(dict(attributes))


def note_exception(error: BaseException) -> None:
    """Add an exception to the current span: its type and where it was raised, never its message, which may quote a text."""
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
    """Return a path without the folders above the packages: a home folder may carry a person's name."""
    for root in _ROOTS:
        if path.startswith(f"{root}/"):
            return path.removeprefix(f"{root}/")
    return path.rpartition("/")[2]
