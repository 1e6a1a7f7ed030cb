"""The webhook: Azure's common alert schema over HTTP, and no secret in the log."""

import json
import logging
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from alert_fixtures import FIRED_NOTICE, MINUTE, NOON, RESOLVED_NOTICE

from sentiment.errors import AlertError
from sentiment.supervision import channels
from sentiment.supervision.alert_rule import read_rule
from sentiment.supervision.channels import Webhook
from sentiment.supervision.notices import Notice


class Receiver(ThreadingHTTPServer):
    """A web server on loopback that records what is posted and responds as told."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posted, self.status, self.meanwhile = [], 200, lambda: None
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook/s3cret?code=t0ken"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.server.meanwhile()
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.shutdown()
    server.server_close()


def test_the_webhook_posts_the_common_alert_schema(receiver):
    Webhook(receiver.url).send(FIRED_NOTICE)

    ((path, kind, body),) = receiver.posted
    assert (path, kind) == ("/hook/s3cret?code=t0ken", "application/json")
    assert body["schemaId"] == "azureMonitorCommonAlertSchema"
    essentials, context = body["data"]["essentials"], body["data"]["alertContext"]
    assert essentials.pop("alertId") == essentials.pop("originAlertId") == FIRED_NOTICE.alert_id
    assert essentials == {
        "alertRule": "Bad predictions",
        "severity": "Sev2",
        "signalType": "Log",
        "monitorCondition": "Fired",
        "monitoringService": "Log Alerts V2",
        "alertTargetIDs": [],
        "configurationItems": [],
        "firedDateTime": "2026-03-01T12:00:00.000000Z",
        "description": read_rule().description,
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    }
    assert context["conditionType"] == "LogQueryCriteria"
    assert context["condition"]["windowSize"] == "PT5M"
    assert context["condition"]["windowStartTime"] == "2026-03-01T11:55:00.000000Z"
    assert context["condition"]["windowEndTime"] == "2026-03-01T12:00:00.000000Z"
    assert context["condition"]["allOf"] == [
        {
            "searchQuery": read_rule().criterion.query,
            "metricMeasureColumn": None,
            "operator": "GreaterThanOrEqual",
            "threshold": "3",
            "timeAggregation": "Count",
            "dimensions": [],
            "metricValue": 4.0,
            "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
        }
    ]


def test_the_webhook_says_that_the_same_alert_is_over(receiver):
    webhook = Webhook(receiver.url)
    webhook.send(FIRED_NOTICE)
    webhook.send(RESOLVED_NOTICE)

    fired, resolved = (body["data"]["essentials"] for _, _, body in receiver.posted)
    assert (resolved["monitorCondition"], resolved["resolvedDateTime"]) == (
        "Resolved",
        "2026-03-01T12:14:00.000000Z",
    )
    assert (resolved["alertId"], resolved["firedDateTime"]) == (fired["alertId"], fired["firedDateTime"])
    assert "resolvedDateTime" not in fired
    assert Notice(read_rule(), "fired", NOON + MINUTE, NOON + MINUTE, 4.0, 4.0).alert_id != fired["alertId"]


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_an_answer_that_is_not_2xx_is_a_failure(receiver, status):
    receiver.status = status

    with pytest.raises(AlertError, match=f"the webhook answered {status}"):
        Webhook(receiver.url).send(FIRED_NOTICE)
    assert len(receiver.posted) == 1


def test_a_receiver_that_is_down_or_slow_is_a_failure(receiver, monkeypatch):
    monkeypatch.setattr(channels, "_SECONDS", 0.2)
    release = threading.Event()
    receiver.meanwhile = lambda: release.wait(30)

    with pytest.raises(AlertError, match="ReadTimeout"):
        Webhook(receiver.url).send(FIRED_NOTICE)
    release.set()
    with pytest.raises(AlertError, match="ConnectError"):
        Webhook(f"http://127.0.0.1:{closed_port()}/").send(FIRED_NOTICE)


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_no_secret_of_the_address_is_logged_or_raised(receiver, caplog):
    receiver.status = 500

    with caplog.at_level(logging.INFO), pytest.raises(AlertError) as failure:
        Webhook(receiver.url.replace("//", "//us3r:passw0rd@")).send(FIRED_NOTICE)

    texts = caplog.text + str(failure.value)
    assert not [secret for secret in ("s3cret", "t0ken", "passw0rd") if secret in texts]


def test_other_requests_are_logged_as_ever_meanwhile_and_afterwards(receiver, caplog):
    other = receiver.url.replace("s3cret", "other")

    def post_elsewhere():
        receiver.meanwhile = lambda: None
        httpx.post(other, json={}, timeout=5)

    receiver.meanwhile = post_elsewhere
    with caplog.at_level(logging.INFO, "httpx"):
        Webhook(receiver.url).send(FIRED_NOTICE)
        httpx.post(receiver.url, json={}, timeout=5)

    assert [record.getMessage().split()[3] for record in caplog.records] == [other, receiver.url]
