"""Who may use the review of a page that listens on loopback and has no key."""

from __future__ import annotations

import gradio as gr
import pytest
from gradio.context import LocalContext
from starlette.requests import Request

from page.review_desk import Desk
from sentiment.config import read_settings
from sentiment.errors import ReviewError


@pytest.fixture
def visit_from():
    """A function that makes this call one of a visitor's."""
    tokens = []

    def visit(address, **headers):
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        request = Request({"type": "http", "client": (address, 5), "headers": raw})
        tokens.append(LocalContext.request.set(gr.Request(request)))

    yield visit
    for token in reversed(tokens):
        LocalContext.request.reset(token)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_needs_no_key(home, visit_from, address):
    visit_from(address, host="127.0.0.1:7860")
    Desk(read_settings()).check("")


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("127.0.0.1", {"x_forwarded_for": "192.0.2.7"}),
        ("127.0.0.1", {"x_real_ip": "192.0.2.7"}),
        ("127.0.0.1", {"forwarded": "for=192.0.2.7"}),
        ("127.0.0.1", {"x_forwarded_host": "sentiment.example"}),
        ("192.0.2.7", {}),
    ],
)
def test_whom_a_proxy_on_this_machine_lets_in_needs_one(home, visit_from, monkeypatch, address, headers):
    visit_from(address, host="127.0.0.1:7860", **headers)
    with pytest.raises(ReviewError, match=r"without SENTIMENT_REVIEW_KEY .* ask who runs this page"):
        Desk(read_settings()).check("")

    monkeypatch.setenv("SENTIMENT_REVIEW_KEY", "a-key-for-two")
    Desk(read_settings()).check("a-key-for-two")
