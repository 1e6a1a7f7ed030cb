"""Spans: trace ids as W3C writes them, and exceptions that name a place but quote nothing."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_span_id, format_trace_id

from sentiment.telemetry.spans import describe, note_exception, read_traceparent, timed_child

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SECRET = "canary4711"


@pytest.mark.parametrize(
    "header",
    [
        f"00-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-00",
        f"cc-{TRACE}-{PARENT}-01-more",
        f" 00-{TRACE}-{PARENT}-01\t",
    ],
)
def test_a_good_traceparent_is_read(header):
    parent = read_traceparent([header])

    assert (format_trace_id(parent.trace_id), format_span_id(parent.span_id), parent.is_remote) == (
        TRACE,
        PARENT,
        True,
    )


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [""],
        [TRACE],
        [f"00-{TRACE}-{PARENT}"],
        [f"00-{TRACE}-{PARENT}-01-more"],
        [f"ff-{TRACE}-{PARENT}-01"],
        [f"00-{TRACE.upper()}-{PARENT}-01"],
        [f"00-{'0' * 32}-{PARENT}-01"],
        [f"00-{TRACE}-{'0' * 16}-01"],
        [f"00-{TRACE}-{PARENT}-01\nx"],
        [f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-01"],
    ],
)
def test_anything_else_is_no_parent(headers):
    assert read_traceparent(headers) is None


@pytest.fixture
def spans():
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("test"), exporter


class PrivateError(Exception):
    """An error that quotes what it was given."""


def test_an_exception_gives_its_type_and_place_and_its_cause_but_no_message(spans):
    tracer, exporter = spans

    def inner(text):
        raise KeyError(text)

    def outer(text):
        try:
            inner(text)
        except KeyError as error:
            raise PrivateError(text) from error

    with tracer.start_as_current_span("work"):
        try:
            outer(SECRET)
        except PrivateError as error:
            note_exception(error)

    event = exporter.get_finished_spans()[0].events[0].attributes
    assert event["exception.type"] == "tests.telemetry.test_spans.PrivateError"
    assert event["exception.message"].endswith("in outer")
    lines = event["exception.stacktrace"].splitlines()
    assert [line.split(", ")[-1] for line in lines] == [
        "in outer",
        lines[1].split(", ")[-1],
        "caused by KeyError",
        "in inner",
        "in outer",
    ]
    assert lines[0].startswith('File "tests/telemetry/test_spans.py", line ')
    assert SECRET not in str(event)


def test_a_timed_child_has_its_moments_and_its_parent_and_is_none_without_a_request(spans):
    tracer, exporter = spans
    timed_child(tracer, "inference", 5, 7)
    with tracer.start_as_current_span("request") as request:
        timed_child(tracer, "inference", 5, 7)

    found, _ = exporter.get_finished_spans()
    assert (found.name, found.start_time, found.end_time, found.parent.span_id) == (
        "inference",
        5,
        7,
        request.get_span_context().span_id,
    )


def test_a_span_that_has_ended_is_left_alone(spans, caplog):
    tracer, _ = spans
    with tracer.start_as_current_span("work") as span:
        span.end()
        describe({"model": "m"})
        note_exception(ValueError(SECRET))

    assert "model" not in span.attributes
    assert not [
        record for record in caplog.records if "ended" in record.message and "attribute" in record.message
    ]
