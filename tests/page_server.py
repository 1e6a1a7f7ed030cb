"""How tests serve the page and save pictures of it; the servers are processes of their own.

Set SENTIMENT_SCREENSHOTS to a folder to have the pictures that `docs/images` shows written there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import expect
from ports import free_port

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable
START_SECONDS = 60
expect.set_options(timeout=15_000)  # the machine may be busy


@contextmanager
def started(command, log, **variables):
    """Run a server of ours until the block ends; the block gets a function that waits until an address answers."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, stdout=output, stderr=subprocess.STDOUT)

    def wait_for(address):
        deadline = time.monotonic() + START_SECONDS
        while not answers(address):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)

    try:
        yield wait_for
    finally:
        process.terminate()
        process.wait(20)


def answers(address):
    try:
        return httpx.get(address, timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def serving_page(home, service, **more):
    """Run the page for a service; the block gets a function that waits for the page, and its address."""
    port = free_port()
    nobody = "9"  # so that a monitor which runs on this machine for people is not asked
    variables = {"SENTIMENT_PORT_APP": str(port), "SENTIMENT_SERVICE_URL": service, "SENTIMENT_PORT_MONITOR": nobody, **more}
    with started([PYTHON, "app_gradio.py"], home / f"page-{port}.log", **variables) as wait_for:
        yield wait_for, f"http://127.0.0.1:{port}"


def take_picture(page, name):
    """Save the whole page as docs/images has it, if SENTIMENT_SCREENSHOTS names a folder."""
    if folder := os.environ.get("SENTIMENT_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.mouse.move(0, 0)
        page.wait_for_timeout(400)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
