"""`make demo`: every part starts, addresses are printed, and a signal stops them all."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import httpx
import psutil
import pytest
from crowning import crown
from waiting import wait_for

import demo
from sentiment import durable
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


def bad_predictions(port: int) -> str:
    query = {"query": 'AppTraces | where Message == "Bad prediction"', "timespan": "PT1H"}
    return httpx.post(f"http://127.0.0.1:{port}/v1/workspaces/local/query", json=query, trust_env=False).text


def prefect_client(port: int, output: str) -> httpx.Client:
    """A client of the demo's Prefect server, with the login that the demo has printed."""
    return httpx.Client(base_url=f"http://127.0.0.1:{port}/api", auth=printed_login(output), trust_env=False)


def printed_login(output: str) -> tuple[str, str]:
    return re.search(r"in Prefect; it asks for: (\w+):([\w-]+)", output).groups()


def start_run(prefect: httpx.Client, flow: str, **parameters) -> str:
    """Start a deployment once, as Prefect's clients do, and return the path of its run.

    They ask again where the server answers 503 because its database is locked at the moment.
    """
    deployment = prefect.get(f"/deployments/name/{flow}/local").json()["id"]
    body = {"parameters": parameters, "state": {"type": "SCHEDULED"}, "idempotency_key": str(uuid4())}

    def started() -> str | None:
        answer = prefect.post(f"/deployments/{deployment}/create_flow_run", json=body)
        assert answer.is_success or answer.status_code == 503, answer.text
        return answer.json().get("id")

    return f"/flow_runs/{wait_for(started, 60, pause=1)}"


def listening_beyond_loopback(programs: list[psutil.Process], ports: set[int]) -> set[str]:
    """The addresses, other than loopback, on which programs listen to these ports."""
    connections = [connection for program in programs for connection in program.net_connections("inet")]
    listening = [connection.laddr for connection in connections if connection.status == psutil.CONN_LISTEN]
    assert ports <= {address.port for address in listening}
    return {address.ip for address in listening if address.port in ports} - {"127.0.0.1"}


def files_of_the_root() -> set[Path]:
    """Everything in the root but `__pycache__`, which the program of another test may make."""
    return set(ROOT.iterdir()) - {ROOT / "__pycache__"}


def give_feedback(ports: dict[str, int]) -> None:
    """Predict a tweet, call it wrong, and see that the monitor gets to know."""
    service, text = f"http://127.0.0.1:{ports['SENTIMENT_PORT_SERVICE']}", "I love this, thank you so much!"
    prediction = httpx.post(f"{service}/predict", json={"text": text}, trust_env=False).json()
    assert prediction["label"] == "positive"
    feedback = {"prediction_id": prediction["prediction_id"], "text": text, "correct": False}
    assert httpx.post(f"{service}/feedback", json=feedback, trust_env=False).is_success
    wait_for(lambda: text in bad_predictions(ports["SENTIMENT_PORT_MONITOR"]))


def experiments(port: int) -> set[str]:
    """The experiments on the demo's MLflow page."""
    address = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search"
    answer = httpx.post(address, json={"max_results": 10}, trust_env=False).json()
    return {experiment["name"] for experiment in answer["experiments"]} - {"Default"}


def run_flows(prefect: httpx.Client, lines: list[str]) -> None:
    """Let the worker end a run of `watch`, and see it begin the training; strangers are refused."""
    stranger = httpx.post(f"{prefect.base_url}flows/", json={"name": "stranger"}, trust_env=False)
    assert stranger.status_code == 401

    def state(run: str) -> str:
        return prefect.get(run).json()["state_type"]

    watched = start_run(prefect, "watch")
    wait_for(lambda: state(watched) in ("COMPLETED", "FAILED", "CRASHED"), 150)
    assert state(watched) == "COMPLETED", "".join(lines)
    training = wait_for(lambda: re.search(r"compared in the background: \S+/(\S+)", "".join(lines)), 150)
    wait_for(lambda: state(f"/flow_runs/{training[1]}") == "RUNNING", 150)


@pytest.mark.slow
def test_the_demo_starts_every_part_and_stops_cleanly(ports, served_model):
    crown(store.save(served_model, metadata={}))
    runs.connect(read_settings())
    unfinished = read_settings().home / "first_training"  # of a demo that was stopped before
    unfinished.write_text("smoke")
    before = files_of_the_root()
    process = subprocess.Popen(
        [sys.executable, "demo.py"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True).start()
    try:
        wait_for(
            lambda: any("Ctrl-C stops it all" in line for line in lines) or process.poll() is not None,
            150,
            explain=lambda: "".join(lines),
        )
        output = "".join(lines)
        assert "does not answer" not in output, output
        for port in ports.values():
            assert f"http://127.0.0.1:{port}" in output
        give_feedback(ports)
        assert experiments(ports["SENTIMENT_PORT_MLFLOW"]) == {"tweet-sentiment"}
        run_flows(prefect_client(ports["SENTIMENT_PORT_PREFECT"], output), lines)
        programs = psutil.Process(process.pid).children(recursive=True)
        assert listening_beyond_loopback(programs, set(ports.values())) == set()
        words = [word for program in programs for word in program.cmdline()]
        assert not any(printed_login(output)[1] in word or "mlflow.db" in word for word in words)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)

    assert psutil.wait_procs(programs, timeout=30)[1] == []
    wait_for(lambda: not any(is_open(port) for port in ports.values()), 10)
    assert "Traceback" not in "".join(lines)
    assert unfinished.read_text() == "smoke"  # the next demo goes on
    assert files_of_the_root() == before
    assert {path.name for path in Path(os.environ["SENTIMENT_HOME"]).parent.iterdir()} == {"home"}


class Prefect(BaseHTTPRequestHandler):
    """As much of Prefect's API as starts a run, when asked again, and tells its states in turn."""

    started: ClassVar[list[dict]] = []
    states: ClassVar[list[str]] = []

    def do_GET(self):
        self.reply({"id": "d1"} if "/deployments/name/train/local" in self.path else self.next_state())

    def do_POST(self):
        assert self.path == "/api/deployments/d1/create_flow_run"
        self.started.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.reply({"id": "r1"} if len(self.started) > 1 else {}, 201 if len(self.started) > 1 else 503)

    def next_state(self):
        return {"state_type": self.states.pop(0)}

    def reply(self, content, status=200):
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


@pytest.mark.parametrize(("end", "is_done"), [("COMPLETED", True), ("CRASHED", False)])
def test_the_models_that_the_first_start_left_out_are_trained_until_they_were_compared(
    home, monkeypatch, capsys, end, is_done
):
    monkeypatch.setattr(demo, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(Prefect, "started", [])
    monkeypatch.setattr(Prefect, "states", ["SCHEDULED", "RUNNING", end])
    mark = read_settings().home / "first_training"
    durable.replace(mark, b"quick")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Prefect)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    part = demo.Part("prefect", (), "", server.server_port, "", "", login="admin:secret")
    try:
        demo._train_the_others(read_settings(), part)
        demo._train_the_others(read_settings(), part) if is_done else None
    finally:
        server.shutdown()
        server.server_close()

    first, again = Prefect.started
    assert first == again
    assert first["parameters"] == {"profile": "quick"}
    assert first["idempotency_key"]
    assert mark.exists() is not is_done
    told = capsys.readouterr().out
    assert told.count("asked again (HTTPStatusError)") == 1
    assert end.lower() in told


def test_telemetry_that_goes_elsewhere_needs_no_monitor(ports, monkeypatch):
    monkeypatch.setenv(
        "APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=11111111-1111-1111-1111-111111111111"
    )

    assert "monitor" not in {part.name for part in demo.parts(read_settings())}


def test_the_tracking_database_is_in_no_list_of_processes(ports, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://mlflow:S3cretPassw0rd@db.example/mlflow")

    programs = demo.parts(read_settings())

    assert not any("S3cret" in word for part in programs for word in part.command)
    assert "S3cret" not in repr(programs)
    mlflow = next(part for part in programs if part.name == "mlflow")
    assert mlflow.environment["MLFLOW_BACKEND_STORE_URI"] == os.environ["MLFLOW_TRACKING_URI"]


def test_the_demo_asks_its_own_server_whatever_the_environment_names(ports, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "https://prefect.example/api")
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "ann:secret-of-the-server-elsewhere")

    own = {part.name: part.environment for part in demo.parts(read_settings())}

    for name in ("prefect", "worker"):
        assert own[name]["PREFECT_API_URL"] == read_settings().prefect_api
        assert own[name]["PREFECT_API_AUTH_STRING"] == own[name]["PREFECT_SERVER_API_AUTH_STRING"]
        assert "elsewhere" not in own[name]["PREFECT_API_AUTH_STRING"]


def test_a_port_in_use_names_the_setting_that_moves_it(ports):
    with (
        socket.create_server(("127.0.0.1", ports["SENTIMENT_PORT_MLFLOW"])),
        pytest.raises(ConfigError, match="set SENTIMENT_PORT_MLFLOW to a free"),
    ):
        demo._check_ports(demo.parts(read_settings()))
