"""A cloud on loopback for tests of releases: a fake `az` on PATH, and HTTPS servers that play the revisions and the app's own address."""

from __future__ import annotations

import json
import os
import ssl
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import prometheus_client
import pytest

from infra.smoke import KNOWN

DIGEST = "ab" * 32
IMAGE = f"docker.io/ann/sentiloop@sha256:{DIGEST}"
COMMIT = "c0ffee0c0ffee0c0ffee0c0ffee0c0ffee0c0ffee"[:40]
OLD, NEW = "sentiloop--old", f"sentiloop--c{COMMIT[:7]}-{DIGEST[:12]}"


def install(folder: Path, name: str, source: Path) -> None:
    """Put a Python program on a folder of PATH, under a name of its own; -IS lets it start in a third of the time."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!{sys.executable} -IS\n{source.read_text()}")
    program.chmod(0o755)


class Cloud:
    """The app as the fake az keeps it, and how the new revision behaves; the old one is always well."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        install(folder, "az", Path(__file__).with_name("fake_az.py"))
        self.new = SimpleNamespace(
            ready=200, labels=dict(KNOWN), predict=200, forged=400, error="forged", trace=True, served=20, failed=0, metrics=200, key=None
        )

    def start(self, public: str, new: str, old: str) -> None:
        properties = {"active": True, "createdTime": "2026-11-25T10:00:00+00:00", "fqdn": old, "image": "ann/sentiloop@sha256:00"}
        app = {"name": "sentiloop", "group": "rg", "mode": "Multiple", "fqdn": public, "new_fqdn": new}
        app |= {"revisions": [{"name": OLD, "properties": properties}]}
        self.app = app | {"traffic": [{"revisionName": OLD, "weight": 100, "label": "stable"}]}

    @property
    def app(self) -> dict:
        return json.loads((self.folder / "app.json").read_text())

    @app.setter
    def app(self, app: dict) -> None:
        (self.folder / "app.json").write_text(json.dumps(app))

    def trouble(self, *what: dict) -> None:
        """Let calls of az go wrong from now on."""
        (self.folder / "trouble.json").write_text(json.dumps([{"times": 1, **one} for one in what]))

    @property
    def calls(self) -> list[dict]:
        file = self.folder / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def verbs(self) -> list[str]:
        """The calls that change something, in their order."""
        return [call["verb"] for call in self.calls if call["verb"] not in ("show", "revision list")]

    def weights(self) -> dict[str, int]:
        return {one.get("revisionName", "latest"): one["weight"] for one in self.app["traffic"] if one["weight"]}

    def stable(self) -> list[str]:
        return [one["revisionName"] for one in self.app["traffic"] if one.get("label") == "stable"]

    def active(self) -> list[str]:
        return [one["name"] for one in self.app["revisions"] if one["properties"]["active"]]


def _handler(cloud: Cloud, role: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            revision = self._revision()
            if self.path == "/metrics":
                self._answer(revision.metrics, _metrics(revision.served, revision.failed).decode())
            else:
                self._answer(revision.ready, "")

        def do_POST(self):
            revision, body = self._revision(), json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if revision.key and self.headers.get("X-API-Key") != revision.key:
                self._answer(401, json.dumps({"error": "no key"}))
            elif self.path == "/predict":
                label = revision.labels.get(body["text"], "neutral")
                self._answer(revision.predict, json.dumps({"prediction_id": "abc.signatureXY", "label": label}))
            else:
                is_forged = body["prediction_id"] != "abc.signatureXY"
                self._answer(revision.forged if is_forged else 200, json.dumps({"error": revision.error} if revision.error else {}))

        def _revision(self):
            """The new revision, or the old one: at the app's address, who has the traffic."""
            is_new = role == "new" or (role == "public" and NEW in cloud.weights())
            return cloud.new if is_new else Cloud.well

        def _answer(self, status, body):
            self.send_response(status)
            if self._revision().trace and "traceparent" in self.headers:
                self.send_header("X-Trace-Id", self.headers["traceparent"].split("-")[1])
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    return Handler


Cloud.well = SimpleNamespace(
    ready=200, labels=dict(KNOWN), predict=200, forged=400, error="forged", trace=True, served=50, failed=0, metrics=200, key=None
)


def _metrics(served: int, failed: int) -> bytes:
    registry = prometheus_client.CollectorRegistry()
    counter = prometheus_client.Counter("sentiment_requests", "Requests answered", ("route", "status"), registry=registry)
    counter.labels(route="/predict", status="200").inc(served - failed)
    counter.labels(route="/predict", status="500").inc(failed)
    return prometheus_client.generate_latest(registry)


@contextmanager
def _served(cloud: Cloud, role: str, certificate: Path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(cloud, role))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def cloud(tmp_path, monkeypatch, certificate):
    """A cloud with one app, all of whose traffic is on OLD."""
    cloud = Cloud(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{cloud.folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AZURE_RESOURCE_GROUP", "rg")
    monkeypatch.setenv("AZURE_CONTAINER_APP", "sentiloop")
    for variable in ("SENTIMENT_API_KEY", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(variable, raising=False)
    with (
        _served(cloud, "public", certificate) as public,
        _served(cloud, "new", certificate) as new,
        _served(cloud, "old", certificate) as old,
    ):
        cloud.start(public, new, old)
        yield cloud
