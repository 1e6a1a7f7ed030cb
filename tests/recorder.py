"""A real HTTP server on loopback that takes telemetry as Azure's ingestion does, keeps it, and can be told to fail as Azure does."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "11111111-2222-3333-4444-555555555555"
_SLOW_SECONDS = 30


class Recorder:
    """`envelopes` are those that it accepted, `posts` what it answered to whom; `answer` says how it behaves from now on.

    `answer` is a status with headers, "partial" (the first envelope of each post is refused for now), "slow" or "close".
    """

    def __init__(self, *, address="127.0.0.1", port=0, tls=None):
        self.envelopes, self.posts, self.collected = [], [], {}
        self.answer, self.asked = (200, {}), 0
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer((address, port), _handler(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # a client that has gone away
        self.port = self._server.server_port
        scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{scheme}://{'localhost' if tls else address}:{self.port}"
        self.connection_string = f"InstrumentationKey={KEY};IngestionEndpoint={self.url}/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def of(self, kind):
        """The data of the accepted envelopes of one kind (`RequestData`, `MessageData`, ...)."""
        return [envelope["data"]["baseData"] for envelope in list(self.envelopes) if envelope["data"]["baseType"] == kind]

    def feedback_ids(self):
        return [data["properties"]["feedback_id"] for data in self.of("MessageData")]

    def wait(self, condition, seconds=20):
        """Wait until a condition holds, and return its last value."""
        end = time.monotonic() + seconds
        while not (value := condition()) and time.monotonic() < end:
            time.sleep(0.02)
        return value

    def take(self, envelopes):
        """Keep what the behaviour accepts; return the status and the body of the answer."""
        self.asked += 1
        if self.answer == "slow":
            self._stopping.wait(_SLOW_SECONDS)
            return 503, {}, {}
        if self.answer == "partial":
            self.envelopes += envelopes[1:]
            errors = [{"index": 0, "statusCode": 500, "message": "for now"}]
            return 206, {}, {"itemsReceived": len(envelopes), "itemsAccepted": len(envelopes) - 1, "errors": errors}
        status, headers = self.answer
        if status == 200:
            self.envelopes += envelopes
        return status, headers, {"itemsReceived": len(envelopes), "itemsAccepted": len(envelopes) if status == 200 else 0, "errors": []}


def _handler(recorder):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith("/v1/"):
                recorder.collected.setdefault(self.path, []).append(body)
                self._send(200, {}, b"")
            elif recorder.answer == "close":
                recorder.posts.append((None, dict(self.headers)))
                self.close_connection = True
            else:
                status, headers, answer = recorder.take(json.loads(body))
                recorder.posts.append((status, dict(self.headers)))
                self._send(status, headers, json.dumps(answer).encode())

        def _send(self, status, headers, body):
            self.send_response(status)
            for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler
