"""`make demo`: every part starts, its address is printed when it answers, and one signal stops them all."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import psutil
import pytest
from crowning import crown

import demo
from sentiment.champions import store
from sentiment.config import read_settings
from sentiment.errors import ConfigError
from sentiment.training import runs

ROOT = Path(__file__).parents[1]
PORTS = (
    "SENTIMENT_PORT_APP",
    "SENTIMENT_PORT_SERVICE",
    "SENTIMENT_PORT_MLFLOW",
    "SENTIMENT_PORT_PREFECT",
    "SENTIMENT_PORT_MONITOR",
)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


@pytest.fixture
def ports(home, monkeypatch) -> dict[str, int]:
    chosen = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    for name, port in chosen.items():
        monkeypatch.setenv(name, str(port))
    return chosen


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return bool(condition())


def bad_predictions(port: int) -> str:
    query = {"query": 'AppTraces | where Message == "Bad prediction"', "timespan": "PT1H"}
    return httpx.post(f"http://127.0.0.1:{port}/v1/workspaces/local/query", json=query, trust_env=False).text


def start_run(port: int, flow: str, **parameters) -> str:
    """Start a deployment as Prefect's page does, and return the address of its run."""
    api = f"http://127.0.0.1:{port}/api"
    deployment = httpx.get(f"{api}/deployments/name/{flow}/local", trust_env=False).json()["id"]
    body = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
    run = httpx.post(f"{api}/deployments/{deployment}/create_flow_run", json=body, trust_env=False).json()[
        "id"
    ]
    return f"{api}/flow_runs/{run}"


def state(run: str) -> str:
    return httpx.get(run, trust_env=False).json()["state_type"]


def test_the_demo_starts_every_part_and_stops_cleanly(ports, tfidf_model):
    crown(store.save(tfidf_model, metadata={}))
    runs.connect(read_settings())
    before = set(ROOT.iterdir())
    process = subprocess.Popen(
        [sys.executable, "demo.py"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True).start()
    try:
        ready = wait_until(
            lambda: any("Ctrl-C stops it all" in line for line in lines) or process.poll() is not None, 150
        )
        output = "".join(lines)
        assert ready, output
        assert "does not answer" not in output, output
        for port in ports.values():
            assert f"http://127.0.0.1:{port}" in output
        service, text = (
            f"http://127.0.0.1:{ports['SENTIMENT_PORT_SERVICE']}",
            "I love this, thank you so much!",
        )
        prediction = httpx.post(f"{service}/predict", json={"text": text}, trust_env=False).json()
        assert prediction["label"] == "positive"
        feedback = {"prediction_id": prediction["prediction_id"], "text": text, "correct": False}
        assert httpx.post(f"{service}/feedback", json=feedback, trust_env=False).is_success
        assert wait_until(lambda: text in bad_predictions(ports["SENTIMENT_PORT_MONITOR"]), 20)
        tracking_page = f"http://127.0.0.1:{ports['SENTIMENT_PORT_MLFLOW']}/api/2.0/mlflow/experiments/search"
        found = httpx.post(tracking_page, json={"max_results": 10}, trust_env=False).json()["experiments"]
        experiments = [experiment["name"] for experiment in found if experiment["name"] != "Default"]
        watched = start_run(ports["SENTIMENT_PORT_PREFECT"], "watch")
        assert wait_until(lambda: state(watched) in ("COMPLETED", "FAILED", "CRASHED"), 150)
        assert state(watched) == "COMPLETED", "".join(lines)
        trained = start_run(ports["SENTIMENT_PORT_PREFECT"], "train", families=["tfidf"])
        assert wait_until(lambda: state(trained) == "RUNNING", 150)
        programs = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)

    assert psutil.wait_procs(programs, timeout=30)[1] == []
    assert experiments == ["tweet-sentiment"]
    assert wait_until(lambda: not any(is_open(port) for port in ports.values()), 10)
    assert "Traceback" not in "".join(lines)
    assert set(ROOT.iterdir()) == before
    assert {path.name for path in Path(os.environ["SENTIMENT_HOME"]).parent.iterdir()} == {"home"}


def test_telemetry_that_goes_elsewhere_needs_no_monitor(ports, monkeypatch):
    monkeypatch.setenv(
        "APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=11111111-1111-1111-1111-111111111111"
    )

    assert "monitor" not in {part.name for part in demo.parts(read_settings())}


def test_a_port_in_use_names_the_setting_that_moves_it(ports):
    with (
        socket.create_server(("127.0.0.1", ports["SENTIMENT_PORT_MLFLOW"])),
        pytest.raises(ConfigError, match="set SENTIMENT_PORT_MLFLOW to a free"),
    ):
        demo._check_ports(demo.parts(read_settings()))
