"""A real `bentoml serve` with two workers, killed the hard way: what was answered 200 is still there, also for the next server."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from sentiment import store
from sentiment.config import read_settings
from sentiment.feedback import Inbox

ROOT = Path(__file__).parents[1]
TEXT = "I love this, canary4711!"


@contextlib.contextmanager
def served(log: Path):
    """The address and the process of a server that is ready; whatever is left of it is killed at the end."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    # Without BENTOML_HOME: a bare `bentoml serve` must find the store below SENTIMENT_HOME.
    environment = {name: value for name, value in os.environ.items() if name not in ("BENTOML_HOME", "PROMETHEUS_MULTIPROC_DIR")}
    environment |= {"SENTIMENT_WORKERS": "2", "SENTIMENT_PORT_SERVICE": str(port), "HOME": os.environ["SENTIMENT_HOME"]}
    command = [sys.executable, "-m", "bentoml", "serve", "--host", "127.0.0.1"]
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}", process, log)
        yield f"http://127.0.0.1:{port}", process
    finally:
        if process.poll() is None:
            _kill(process)


def _wait_until_ready(address, process, log):
    for _ in range(240):
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/readyz", timeout=5).status_code == 200:
                return
        assert process.poll() is None, log.read_text()
        time.sleep(0.25)
    pytest.fail(f"the server was not ready within a minute: {log.read_text()}")


def _kill(process):
    """Kill -9 the server: the supervisor first, or it would start its workers anew; each has a session of its own."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for member in family:
            member.kill()
        process.wait(timeout=30)
        _, alive = psutil.wait_procs(family[1:], timeout=30)
        assert not alive
        assert len(family) > 2, "there should have been two workers"


@pytest.fixture(scope="module")
def story(tmp_path_factory, tfidf_model):
    """Serve, use, kill right after a 200, serve again, send the same once more; what was seen on the way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(tmp_path_factory.mktemp("served") / "home"))
        patch.delenv("BENTOML_HOME", raising=False)
        store.set_champion(store.save(tfidf_model, metadata={}))
        log = read_settings().home / "serve.log"
        seen = {}
        with served(log) as (address, process):
            _use(address, seen)
            seen["first"] = httpx.post(f"{address}/feedback", json=seen["feedback"])
            _kill(process)
        seen["inbox"] = Inbox(read_settings().feedback_address).read()
        with served(log) as (address, _):
            seen["again"] = httpx.post(f"{address}/feedback", json=seen["feedback"])
        seen["log"] = log.read_text()
        yield seen


def _use(address, seen):
    prediction = httpx.post(f"{address}/predict", json={"text": TEXT}).json()
    seen["feedback"] = {"prediction_id": prediction["prediction_id"], "text": TEXT, "correct": True}
    for number in range(20):  # each on a connection of its own, so that both workers are asked
        httpx.get(f"{address}/scan-{number}")
        httpx.post(f"{address}/predict", json={"text": [TEXT]})
        httpx.post(f"{address}/predict", content=f'{{"text": "{TEXT}"')
        httpx.post(f"{address}/feedback", json={**seen["feedback"], "text": TEXT + "?"})
    seen["chunked"] = httpx.post(f"{address}/predict", content=(b" " * 65_536 for _ in range(20)))
    seen["metrics"] = httpx.get(f"{address}/metrics")


def test_feedback_that_was_answered_survives_kill_9(story):
    assert story["first"].json()["status"] == "recorded"
    assert list(story["inbox"]["feedback_id"]) == [story["first"].json()["feedback_id"]]
    assert list(story["inbox"]["text"]) == [TEXT]


def test_the_next_server_knows_the_feedback_and_the_prediction_id(story):
    assert story["again"].json() == {"feedback_id": story["first"].json()["feedback_id"], "status": "already recorded"}


def test_both_workers_count_into_the_same_metrics(story):
    total = re.search(r'bentoml_service_request_total\{endpoint="/predict",http_response_code="400".*\} (\d+)', story["metrics"].text)
    assert total is not None
    assert int(total[1]) == 40


def test_unknown_paths_leave_nothing_in_the_metrics(story):
    assert story["metrics"].status_code == 200
    assert "scan-" not in story["metrics"].text


def test_a_real_server_refuses_a_streamed_body_over_the_limit(story):
    assert story["chunked"].status_code == 413
    assert "over 262144 bytes" in story["chunked"].json()["error"]


def test_the_log_of_a_real_server_holds_no_input(story):
    assert "path=/predict" in story["log"]
    assert "canary4711" not in story["log"]
    assert "Traceback" not in story["log"]
