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
from page_server import serving_page
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_page_starts_with_one_line_and_stops_cleanly(home, number):
    port = free_port()
    process = start_page(home, port=port)
    line = process.stdout.readline()
    process.send_signal(number)
    rest, errors = process.communicate(timeout=30)
    assert f"http://127.0.0.1:{port}" in line
    assert (process.returncode, rest, errors) == (0, "", "")
    assert not list(home.glob("page-*"))


def test_the_page_answers_to_the_names_of_this_machine_only(home):
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    home.mkdir()
    with serving_page(home, "http://127.0.0.1:9") as (wait_for, address):
        wait_for(address)
        answers = {
            str(headers): httpx.get(f"{address}/config", headers=headers, trust_env=False).status_code
            for headers in (
                {"Host": "evil.example:8775", "Origin": "http://evil.example:8775"},
                {"Sec-Fetch-Site": "cross-site"},
                {"Host": f"localhost:{address.rpartition(':')[2]}"},
                link,
            )
        }

    assert list(answers.values()) == [403, 403, 200, 200], answers


def test_headers_without_an_end_are_a_431(home):
    home.mkdir()
    with serving_page(home, "http://127.0.0.1:9") as (wait_for, address):
        wait_for(address)
        answer = httpx.get(f"{address}/config", headers={"A": "x" * 70_000}, trust_env=False)

    assert answer.status_code == 431


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
        process.communicate(timeout=30)

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
