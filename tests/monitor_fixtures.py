"""A real monitor for tests, in this process or as one of its own, and envelopes as the exporter posts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn

from monitor.__main__ import listen
from monitor.database import Database
from monitor.server import Monitor, create_app
from sentiment.config import LOCAL_WORKSPACE, read_settings

ROOT = Path(__file__).parents[1]
_TAGS = {
    "ai.cloud.role": "sentiloop.service",
    "ai.cloud.roleInstance": "host:4711",
    "ai.internal.sdkVersion": "py3.11:otel1.45.1:ext1.0.0b58",
    "ai.operation.id": "8a1d4c2b9f0e4d6a8b7c5d3e2f1a0b9c",
    "ai.operation.parentId": "1a2b3c4d5e6f7a8b",
}


def envelope(base_type="MessageData", *, time=None, tags=None, sample_rate=None, **base):
    """Return an envelope; `base` are the fields of its `baseData`."""
    moment = (time or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    made = {
        "ver": 1,
        "name": f"Microsoft.ApplicationInsights.{base_type.removesuffix('Data')}",
        "time": moment,
        "iKey": LOCAL_WORKSPACE,
        "tags": {**_TAGS, **(tags or {})},
        "data": {"baseType": base_type, "baseData": {"ver": 2, "properties": {}, "measurements": {}, **base}},
    }
    return made if sample_rate is None else made | {"sampleRate": sample_rate}


def message(text="Good prediction", *, time=None, severity=1, **properties):
    """Return the envelope of a log record."""
    return envelope("MessageData", time=time, message=text, severityLevel=severity, properties=properties)


def bad_prediction(feedback_id, *, time=None, **properties):
    """Return the envelope of a feedback that called a prediction wrong."""
    given = {
        "tweet_text": "the flight was late",
        "predicted_label": "positive",
        "feedback_label": "negative",
        "score": "0.93",
        "model": "tweet-sentiment:h4kq2mzvnc5bgxyf",
        "prediction_id": f"prediction-{feedback_id}",
        "logger_name": "sentiment.feedback",
        **properties,
    }
    return message("Bad prediction", time=time, severity=2, feedback_id=feedback_id, **given)


def request(name="POST /predict", *, time=None, status=200, duration="0.00:00:00.012", sample_rate=None, **properties):
    """Return the envelope of a request to the service."""
    base = {"id": "1a2b3c4d5e6f7a8b", "name": name, "duration": duration, "responseCode": str(status), "success": status < 400}
    return envelope("RequestData", time=time, sample_rate=sample_rate, **base, url="http://127.0.0.1:8000/", properties=properties)


class Client:
    """A caller of a monitor at an address."""

    def __init__(self, address):
        self.address = address
        self.connection_string = f"InstrumentationKey={LOCAL_WORKSPACE};IngestionEndpoint={address}/"
        self.http = httpx.Client(base_url=address, trust_env=False, timeout=60)

    def track(self, *envelopes):
        """Post envelopes as the exporter does; return the answer."""
        body = json.dumps(envelopes).encode()
        return self.http.post(f"{self.address}//v2.1/track", content=body, headers={"Content-Type": "application/json"})

    def query(self, kql, timespan=None, **headers):
        """Ask for a query; return the answer."""
        return self.http.post(f"/v1/workspaces/{LOCAL_WORKSPACE}/query", json={"query": kql, "timespan": timespan}, headers=headers)

    def rows(self, kql, timespan=None):
        """Return the rows of a query that is answered in full."""
        answer = self.query(kql, timespan)
        assert answer.status_code == 200, answer.text
        assert "error" not in answer.json()
        return answer.json()["tables"][0]["rows"]

    def set_faults(self, **faults):
        """Cause faults: `set_faults(track={"status": 429, "times": 2})`."""
        assert self.http.put("/faults", json=faults).status_code == 200


class MonitorProcess(Client):
    """A monitor in a process of its own, for as long as the context lasts."""

    def __init__(self, home, *options, environment=None):
        self.home, self._options, self._environment = Path(home), options, environment or {}

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self, *, port=0):
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "monitor", "--port", str(port), "--home", str(self.home), *self._options]
        environment = {**os.environ, **self._environment}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = next((line for line in self.process.stdout if "listens on" in line), "")
        assert line, f"the monitor did not start: exit code {self.process.wait(10)}"
        self._reader = threading.Thread(target=self.process.stdout.read, daemon=True)
        self._reader.start()
        super().__init__(line.split("listens on ")[1].split()[0])
        wait_until(self._is_ready)
        return self

    def stop(self, number=signal.SIGTERM):
        """End it by a signal; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.http.close()
        code = self.process.wait(20)
        self._reader.join(20)
        self.process.stdout.close()
        return code

    def _is_ready(self):
        try:
            return self.http.get("/healthz").is_success
        except httpx.TransportError:
            return False


@contextmanager
def served(home, *, has_faults=True, has_alerts=False, limits=None, **settings):
    """Give a client of a monitor that runs in a thread of this process, with its own home."""
    chosen = read_settings().model_copy(update={"home": Path(home), **settings, "port_monitor": 0})
    listener = listen(chosen)
    monitor = Monitor(
        Database(chosen.home / "monitor" / "telemetry.duckdb"), chosen, has_faults=has_faults, has_alerts=has_alerts, limits=limits
    )
    server = uvicorn.Server(uvicorn.Config(create_app(monitor), log_level="warning", lifespan="on", ws="none", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}")
    client.monitor = monitor
    try:
        wait_until(lambda: server.started)
        yield client
    finally:
        client.http.close()
        server.should_exit = True
        thread.join(20)
        listener.close()


@pytest.fixture
def monitor(tmp_path):
    """A client of an empty monitor in this process; it takes faults and evaluates no alert."""
    with served(tmp_path / "monitor-home") as client:
        yield client


@pytest.fixture(scope="module")
def idle_monitor(tmp_path_factory):
    """A client of a monitor that the tests of a file share: they leave nothing in it."""
    with served(tmp_path_factory.mktemp("idle-monitor")) as client:
        yield client


def wait_until(is_so, seconds=20):
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not become so in time"
        time.sleep(0.02)
