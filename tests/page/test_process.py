"""`python app_gradio.py` as a process: its start, its end, and to whom it answers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from ports import free_port

from page.host import listening_host

ROOT = Path(__file__).parents[2]


def start_page(home, *, port, service="http://127.0.0.1:9"):
    environment = os.environ | {
        "SENTIMENT_HOME": str(home),
        "SENTIMENT_PORT_APP": str(port),
        "SENTIMENT_SERVICE_URL": service,
    }
    command = [sys.executable, "-u", "app_gradio.py"]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page that runs, its first line and its address."""
    home, port = tmp_path_factory.mktemp("page") / "home", free_port()
    process = start_page(home, port=port)
    yield process, process.stdout.readline(), f"http://127.0.0.1:{port}"
    process.kill()
    process.communicate()


def test_the_page_answers_to_the_names_of_this_machine_only(page):
    _, line, address = page
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    answers = {
        str(headers): httpx.get(f"{address}/config", headers=headers, trust_env=False).status_code
        for headers in (
            {"Host": "evil.example:8775", "Origin": "http://evil.example:8775"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Host": f"localhost:{address.rpartition(':')[2]}"},
            link,
        )
    }

    assert address in line
    assert list(answers.values()) == [403, 403, 200, 200], answers


def test_headers_without_an_end_are_a_431(page):
    _, _, address = page
    answer = httpx.get(f"{address}/config", headers={"A": "x" * 70_000}, trust_env=False)

    assert answer.status_code == 431


def test_the_page_says_one_line_and_stops_cleanly(page):
    process, _, _ = page
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=30)

    assert (process.returncode, rest) == (0, "")
    assert errors in ("", "WARNING:  Invalid HTTP request received.\n")  # the headers without an end


@pytest.mark.slow
def test_what_a_killed_page_left_goes_with_the_next_one_and_what_a_running_one_has_stays(home):
    killed, running = (start_page(home, port=free_port()) for _ in range(2))
    for process in (killed, running):
        process.stdout.readline()
    assert len(list(home.glob("page-*"))) == 2
    killed.kill()
    killed.wait(20)
    third = start_page(home, port=free_port())
    third.stdout.readline()
    left = list(home.glob("page-*"))
    for process in (running, third):
        process.terminate()
        assert process.communicate(timeout=30) == ("", "")
        assert process.returncode == 0

    assert len(left) == 2
    assert not list(home.glob("page-*"))


def test_a_blank_host_is_loopback(monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_NAME", " ")
    assert listening_host() == "127.0.0.1"
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    assert listening_host() == "0.0.0.0"


def test_a_taken_port_names_its_setting(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start_page(home, port=taken.getsockname()[1])
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "SENTIMENT_PORT_APP" in errors
    assert "Traceback" not in errors


def test_importing_the_page_does_nothing_and_building_it_loads_no_model():
    code = """
import sys, threading
import app_gradio
assert not {"gradio", "httpx"} & set(sys.modules), "importing app_gradio loads tools"
from sentiment.config import read_settings
app_gradio.build(read_settings())
frameworks = "torch tensorflow keras sklearn transformers bentoml mlflow prefect".split()
heavy = set(frameworks) & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
