"""The layers around the application: trace ids as W3C writes them, and refusals that need no look at the body."""

from __future__ import annotations

import asyncio
import re

import pytest
from pydantic import SecretStr

from sentiment.api import PredictRequest
from sentiment.config import Settings
from sentiment.http_guard import ApiGate, trace_id

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.mark.parametrize("header", [f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00", f"cc-{TRACE}-{PARENT}-01-more"])
def test_a_good_traceparent_is_honoured(header):
    assert trace_id([header]) == TRACE


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
        [f"00-{TRACE}-{PARENT}-01\n"],
        [f" 00-{TRACE}-{PARENT}-01"],
        [f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-01"],
    ],
)
def test_anything_else_gets_a_new_trace_id(headers):
    first, second = trace_id(headers), trace_id(headers)
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert TRACE not in (first, second)
    assert first != second


@pytest.mark.parametrize(("headers", "status"), [([(b"content-length", b"300000")], 413), ([], 401)])
def test_a_request_is_refused_before_its_body_is_read(headers, status):
    async def receive():
        pytest.fail("the body was read")

    sent = []

    async def send(message):
        sent.append(message)

    settings = Settings(api_key=SecretStr("a key")) if status == 401 else Settings()
    gate = ApiGate(None, lambda: settings, {"/predict": PredictRequest})
    asyncio.run(gate({"type": "http", "method": "POST", "path": "/predict", "headers": headers}, receive, send))
    assert sent[0]["status"] == status
