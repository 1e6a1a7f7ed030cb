"""A server that answers queries as a test wants, over http or https: what Azure says, byte by byte."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sentiment.analysis import LogsReader

WORKSPACE = "1b2c0000-0000-0000-0000-00000000d4e5"
START = datetime(2026, 1, 1, tzinfo=UTC)
LIMIT_ERROR = {
    "code": "PartialError",
    "message": "There were some errors when processing your query.",
    "details": [
        {
            "code": "EngineError",
            "message": "Something went wrong processing your query on the server.",
            "innererror": {"code": "-2133196797", "message": "The results of this query exceed the set limit of 3 records."},
        }
    ],
}
ANSWER = {"tables": [{"name": "PrimaryResult", "columns": [{"name": "n", "type": "long"}], "rows": [[3]]}]}


@dataclass
class Logs:
    """A server that answers queries as `answer` says: a body, or a status with headers and a body."""

    address: str
    answer: object = None
    seen: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    paths: list = field(default_factory=list)

    def reader(self, **options) -> LogsReader:
        return LogsReader(self.address, WORKSPACE, **options)


@contextmanager
def serve_logs(certificate=None):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536  # headers and body in one packet

        def do_GET(self):
            self.do_POST()

        def do_POST(self):
            logs.paths.append(self.path)
            logs.headers.append(dict(self.headers))
            logs.seen.append(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null"))
            found = logs.answer(logs.seen[-1]) if callable(logs.answer) else logs.answer
            status, headers, body = found if isinstance(found, tuple) else (200, {}, found)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    logs = Logs(f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}", ANSWER)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield logs
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def table(columns: dict[str, str], rows: list) -> dict:
    described = [{"name": name, "type": kind} for name, kind in columns.items()]
    return {"tables": [{"name": "PrimaryResult", "columns": described, "rows": rows}]}


@pytest.fixture
def logs():
    """A server of the logs over http."""
    with serve_logs() as server:
        yield server
