"""The layers around the application: refusals that need no look at the body."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from sentiment.config import Settings
from sentiment.serving.api import PredictRequest
from sentiment.serving.http_guard import ApiGate


@pytest.mark.parametrize(("headers", "status"), [([(b"content-length", b"300000")], 413), ([], 401)])
def test_a_request_is_refused_before_its_body_is_read(headers, status):
    async def receive():
        pytest.fail("the body was read")

    sent = []

    async def send(message):
        sent.append(message)

    settings = Settings(api_key=SecretStr("a key")) if status == 401 else Settings()
    gate = ApiGate(None, lambda: settings, {"/predict": PredictRequest})
    asyncio.run(
        gate({"type": "http", "method": "POST", "path": "/predict", "headers": headers}, receive, send)
    )
    assert sent[0]["status"] == status
