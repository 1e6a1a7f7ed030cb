"""Telemetry by managed identity: a token from Container Apps, sent to TLS endpoints only."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from recorder import Recorder
from telemetry_fixtures import make_feedback, sending, spool

from sentiment.telemetry import process

CLIENT_ID = "99999999-8888-7777-6666-555555555555"


@pytest.fixture
def identity():
    """The endpoint that Container Apps gives each replica; `asked` is what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append((parse_qs(urlsplit(self.path).query), self.headers["X-IDENTITY-HEADER"]))
            if server.status != 200:
                self.send_error(server.status)
                return
            token = {
                "access_token": "the-token",
                "expires_on": "4102444800",
                "resource": "r",
                "token_type": "Bearer",
            }
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(token).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.status = [], 200
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def variables(identity, certificate):
    return {
        "AZURE_CLIENT_ID": CLIENT_ID,
        "IDENTITY_ENDPOINT": f"http://127.0.0.1:{identity.server_port}/msi/token",
        "IDENTITY_HEADER": "the-header",
        "REQUESTS_CA_BUNDLE": certificate,
    }


def test_the_token_of_the_identity_arrives_over_tls(home, identity, certificate):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    feedback = make_feedback()
    with Recorder(tls=tls) as recorder, sending(recorder, **variables(identity, certificate)) as running:
        process.log_feedback(feedback)
        running.flush()

    assert recorder.feedback_ids() == [feedback.feedback_id]
    assert {headers["Authorization"] for _, headers in recorder.posts} == {"Bearer the-token"}
    query, header = identity.asked[0]
    assert (query["client_id"], query["resource"], header) == (
        [CLIENT_ID],
        ["https://monitor.azure.com/"],
        "the-header",
    )


def test_an_endpoint_without_tls_gets_no_token(home, identity, certificate):
    with Recorder() as recorder, sending(recorder, **variables(identity, certificate)) as running:
        process.log_feedback(make_feedback())
        running.flush()

    assert len(recorder.feedback_ids()) == 1
    assert not [headers for _, headers in recorder.posts if "Authorization" in headers]
    assert identity.asked == []


def test_an_identity_that_does_not_answer_leaves_the_feedback_in_the_spool(
    home, identity, certificate, caplog
):
    identity.shutdown()
    identity.server_close()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with Recorder(tls=tls) as recorder, sending(recorder, **variables(identity, certificate)) as running:
        process.log_feedback(make_feedback())
        running.flush()

    assert recorder.envelopes == []
    assert len(spool(home)) == 1
    assert "the-header" not in caplog.text


@pytest.mark.parametrize("status", [400, 403, 500])
def test_an_identity_that_is_refused_leaves_the_feedback_in_the_spool(home, identity, certificate, status):
    identity.status = status
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)

    with Recorder(tls=tls) as recorder, sending(recorder, **variables(identity, certificate)) as running:
        process.log_feedback(make_feedback())
        running.flush()

    assert identity.asked
    assert recorder.envelopes == []
    assert len(spool(home)) == 1
