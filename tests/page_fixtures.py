"""What the tests of the page share: a stand-in for the service, and a client that speaks to it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from page import scoring
from page.score_file import score_file
from sentiment.client import ServiceClient

LIMITS = scoring.Limits(max_chars=1000, max_bytes=256 * 1024)
MODEL = "tweet-sentiment:abc"


def answer_to(text):
    label = "negative" if "bad" in text else "positive"
    scores = {"negative": 0.06, "neutral": 0.06, "positive": 0.06} | {label: 0.88}
    return {"prediction_id": f"id-{len(text)}", "label": label, "scores": scores, "model": MODEL}


def answer_well(path, body):
    """Answer as the contract says."""
    if path.partition("?")[0] == "/predict":
        return 200, answer_to(body["text"])
    if path == "/predict_batch":
        return 200, [answer_to(text) for text in body["texts"]]
    return 200, {"feedback_id": "f-1", "status": "recorded"}


class StandIn:
    """A service on loopback that keeps what it was asked and answers as the test says."""

    def __init__(self):
        self.answer = answer_well
        self.headers = {}
        self.asked = []
        self.seen_headers = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.reply(*stand_in.answer(self.path, None))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stand_in.asked.append((self.path, body))
                stand_in.seen_headers.append(dict(self.headers))
                self.reply(*stand_in.answer(self.path, body))

            def reply(self, status, content):
                raw = content.encode() if isinstance(content, str) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(raw)), **stand_in.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def stand_in():
    stand_in = StandIn()
    yield stand_in
    stand_in.server.shutdown()
    stand_in.server.server_close()


@pytest.fixture
def page_client(stand_in):
    page_client = ServiceClient(stand_in.address)
    yield page_client
    page_client.close()


def write(folder, content, name="tweets.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def score(page_client, path, language="en"):
    return score_file(page_client, str(path), LIMITS, language, lambda *_: None)
