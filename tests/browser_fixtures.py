"""A real browser, and a visitor of the page in it."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

# The rest keeps Chromium from talking to its maker.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]


@pytest.fixture(scope="module")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not path and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine: install Debian's package chromium to run the tests in a browser; the CI does")
    assert path, "no Chromium on this machine: .ci/run must install Debian's package chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium):
    """A function that opens an address; at the end, no request may have left this machine and the console may show no error."""
    contexts, strangers, errors = [], [], []

    def open_address(address, **options):
        context = chromium.new_context(**{"locale": "en-US", "viewport": {"width": 1280, "height": 900}, **options})
        context.on("request", lambda request: None if is_local(request.url) else strangers.append(request.url))
        context.on("console", lambda message: errors.append(f"{message.text} {message.location['url']}") if is_flaw(message) else None)
        context.on("weberror", lambda error: None if is_left(error.error) else errors.append(str(error.error)))
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        return page

    yield open_address
    for context in contexts:
        context.close()
    assert strangers == []
    assert errors == []


@pytest.fixture
def visit(browse):
    """A function that opens our page and waits until it is there."""

    def open_page(address, **options):
        page = browse(address, **options)
        expect(page.locator("#status .status")).to_be_visible(timeout=20_000)
        return page

    return open_page


def is_flaw(message):
    # Prefect's page lacks an icon, and asks its server for another that has no name.
    return message.type == "error" and not message.location["url"].endswith(("/favicon.ico", "/ico/undefined.svg"))


def is_left(error):
    """Return whether a page was left or loaded again while Gradio still read an answer: on a busy machine that happens."""
    return str(error).startswith("AbortError: BodyStreamBuffer was aborted")


def is_local(url):
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
