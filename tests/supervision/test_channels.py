"""How people hear of an alert: the log line, the webhook in Azure's schema, and mail over a real SMTP server."""

import json
import logging
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from sentiment.config import Settings
from sentiment.errors import AlertError, ConfigError
from sentiment.supervision import channels
from sentiment.supervision.alert_rule import read_rule
from sentiment.supervision.channels import LogChannel, Mail, Webhook
from sentiment.supervision.notices import Notice

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIRED = Notice(read_rule(), "fired", NOON, NOON, 4.0, 4.0)
RESOLVED = Notice(read_rule(), "resolved", NOON, NOON + 14 * MINUTE, 0.0, 7.0)
PAGE = "http://127.0.0.1:7860"


# --- The log ---


def test_the_log_warns_when_an_alert_fires_and_informs_when_it_is_over(caplog):
    channel = LogChannel(PAGE)

    with caplog.at_level(logging.INFO, "sentiment.alert"):
        channel.send(FIRED)
        channel.send(RESOLVED)

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "WARNING",
            "alert fired: Bad predictions: 4 in 5 minutes (limit: 3 or more), since 2026-03-01 12:00 UTC; "
            "look at the Monitor tab of http://127.0.0.1:7860",
        ),
        (
            "INFO",
            "alert resolved: Bad predictions: over since 2026-03-01 12:14 UTC; it began 2026-03-01 12:00 UTC, at most 7 in 5 minutes; "
            "look at the Monitor tab of http://127.0.0.1:7860",
        ),
    ]


# --- The webhook ---


class Receiver(ThreadingHTTPServer):
    """A web server on loopback that keeps what is posted and answers as told."""

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
    Webhook(receiver.url).send(FIRED)

    ((path, kind, body),) = receiver.posted
    assert (path, kind) == ("/hook/s3cret?code=t0ken", "application/json")
    assert body["schemaId"] == "azureMonitorCommonAlertSchema"
    essentials, context = body["data"]["essentials"], body["data"]["alertContext"]
    assert essentials.pop("alertId") == essentials.pop("originAlertId") == FIRED.alert_id
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
    webhook.send(FIRED)
    webhook.send(RESOLVED)

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
        Webhook(receiver.url).send(FIRED)
    assert len(receiver.posted) == 1


def test_a_receiver_that_is_down_or_slow_is_a_failure(receiver, monkeypatch):
    monkeypatch.setattr(channels, "_SECONDS", 0.2)
    release = threading.Event()
    receiver.meanwhile = lambda: release.wait(30)

    with pytest.raises(AlertError, match="ReadTimeout"):
        Webhook(receiver.url).send(FIRED)
    release.set()
    with pytest.raises(AlertError, match="ConnectError"):
        Webhook(f"http://127.0.0.1:{closed_port()}/").send(FIRED)


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_no_secret_of_the_address_is_logged_or_raised(receiver, caplog):
    receiver.status = 500

    with caplog.at_level(logging.INFO), pytest.raises(AlertError) as failure:
        Webhook(receiver.url.replace("//", "//us3r:passw0rd@")).send(FIRED)

    said = caplog.text + str(failure.value)
    assert not [secret for secret in ("s3cret", "t0ken", "passw0rd") if secret in said]


def test_other_requests_are_logged_as_ever_meanwhile_and_afterwards(receiver, caplog):
    other = receiver.url.replace("s3cret", "other")

    def post_elsewhere():
        receiver.meanwhile = lambda: None
        httpx.post(other, json={}, timeout=5)

    receiver.meanwhile = post_elsewhere
    with caplog.at_level(logging.INFO, "httpx"):
        Webhook(receiver.url).send(FIRED)
        httpx.post(receiver.url, json={}, timeout=5)

    assert [record.getMessage().split()[3] for record in caplog.records] == [other, receiver.url]


# --- Mail ---


class _OnAFreePort(Controller):
    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Postman:
    """A real SMTP server on loopback that keeps what it is sent."""

    def __init__(self, **options):
        self.mails, self.refuses, self.signed_in = [], set(), []
        self._controller = _OnAFreePort(
            self, hostname="127.0.0.1", port=0, authenticator=self.authenticate, **options
        )
        self._controller.start()
        self.port = self._controller.port

    def stop(self):
        if not self._controller.loop.is_closed():
            self._controller.stop()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name and arguments
        if address in self.refuses:
            return f"550 no such user: {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, mail, session.ssl is not None))
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, data):
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ann", b"p@ss/word")
        self.signed_in.append(is_right)
        return AuthResult(success=is_right, handled=False)


@pytest.fixture
def postman():
    """A server without encryption and without passwords."""
    server = Postman()
    yield server
    server.stop()


@pytest.fixture
def start_postman(certificate):
    """Start a server with these options; `tls` names the one that gets the certificate."""
    started = []

    def start(tls="", **options):
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            options[tls] = context
        started.append(Postman(**options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def trust(certificate, monkeypatch):
    """Let this process trust the certificate, as a person does for a server of their own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def mail(url, to="ann@example.org"):
    return Mail(url, PAGE, to=to, sender="Sentiloop <alerts@example.org>")


def test_a_mail_goes_to_every_recipient_and_says_what_when_and_where(postman):
    channel = mail(f"smtp://127.0.0.1:{postman.port}", "ann@example.org, Bob <bob@example.org>")

    channel.send(FIRED)
    channel.send(RESOLVED)

    (sender, to, fired, _), (_, _, resolved, _) = postman.mails
    assert (sender, to) == ("alerts@example.org", ["ann@example.org", "bob@example.org"])
    assert (
        fired["Subject"]
        == "[fired] Bad predictions: 4 in 5 minutes (limit: 3 or more), since 2026-03-01 12:00 UTC"
    )
    assert resolved["Subject"].startswith("[resolved] Bad predictions: over since 2026-03-01 12:14 UTC")
    assert (fired["From"], fired["To"]) == ("alerts@example.org", "ann@example.org, bob@example.org")
    assert fired["Message-ID"] != resolved["Message-ID"]
    text = fired.get_content()
    assert FIRED.text in text
    assert read_rule().description in " ".join(text.split())
    assert PAGE in text


def test_the_same_message_sent_twice_can_be_recognised(postman):
    for _ in range(2):
        mail(f"smtp://127.0.0.1:{postman.port}").send(FIRED)

    first, second = (mail["Message-ID"] for _, _, mail, _ in postman.mails)
    assert first == second


def test_a_recipient_who_is_refused_does_not_keep_the_mail_from_the_others(postman, caplog):
    postman.refuses = {"bob@example.org"}

    mail(f"smtp://127.0.0.1:{postman.port}", "ann@example.org, bob@example.org").send(FIRED)

    ((_, to, _, _),) = postman.mails
    assert to == ["ann@example.org"]
    assert "refuses bob@example.org" in caplog.text


def test_a_mail_that_every_recipient_is_refused_is_a_failure(postman):
    postman.refuses = {"ann@example.org", "bob@example.org"}

    with pytest.raises(AlertError, match="SMTPRecipientsRefused: all 2"):
        mail(f"smtp://127.0.0.1:{postman.port}", "ann@example.org, bob@example.org").send(FIRED)
    assert postman.mails == []


def test_starttls_is_used_where_it_is_offered_and_the_password_goes_through_it(start_postman, trust):
    postman = start_postman(tls="tls_context", require_starttls=True, auth_required=True)

    mail(f"smtp://ann:p%40ss%2Fword@localhost:{postman.port}").send(FIRED)

    ((_, _, _, was_encrypted),) = postman.mails
    assert was_encrypted
    assert postman.signed_in == [True]


def test_smtps_is_encrypted_from_the_start(start_postman, trust):
    postman = start_postman(tls="ssl_context", auth_require_tls=False)

    mail(f"smtps://ann:p%40ss%2Fword@localhost:{postman.port}").send(FIRED)

    assert len(postman.mails) == 1
    assert postman.signed_in == [True]


@pytest.mark.parametrize(("scheme", "tls"), [("smtp", "tls_context"), ("smtps", "ssl_context")])
def test_a_certificate_that_nobody_vouches_for_is_a_failure(start_postman, scheme, tls):
    postman = start_postman(tls=tls, auth_require_tls=False)

    with pytest.raises(AlertError, match="certificate verify failed"):
        mail(f"{scheme}://ann:p%40ss%2Fword@localhost:{postman.port}").send(FIRED)
    assert (postman.mails, postman.signed_in) == ([], [])


def test_a_wrong_password_is_a_failure_and_not_in_its_words(start_postman, trust):
    postman = start_postman(tls="tls_context")

    with pytest.raises(AlertError, match="SMTPAuthenticationError 535") as failure:
        mail(f"smtp://ann:canary4711@localhost:{postman.port}").send(FIRED)
    assert "canary4711" not in str(failure.value)
    assert postman.signed_in[-1] is False
    assert postman.mails == []


def test_a_password_travels_in_the_clear_on_this_machine_only(start_postman, monkeypatch):
    postman = start_postman(auth_require_tls=False)
    url = f"smtp://ann:p%40ss%2Fword@127.0.0.1:{postman.port}"

    mail(url).send(FIRED)
    assert postman.signed_in == [True]
    monkeypatch.setattr(channels, "is_loopback", lambda host: False)

    with pytest.raises(AlertError, match="no STARTTLS"):
        mail(url).send(FIRED)
    assert postman.signed_in == [True]
    mail(f"smtp://127.0.0.1:{postman.port}").send(FIRED)  # without a password there is nothing to steal


def test_a_mail_server_that_is_down_or_hangs_is_a_failure(postman, monkeypatch):
    monkeypatch.setattr(channels, "_SECONDS", 0.2)
    postman.stop()
    with pytest.raises(AlertError, match=f"127.0.0.1:{postman.port} .ConnectionRefusedError"):
        mail(f"smtp://127.0.0.1:{postman.port}").send(FIRED)

    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(AlertError, match="timed out"):
        mail(f"smtp://127.0.0.1:{silent.getsockname()[1]}").send(FIRED)


def test_a_server_that_hangs_up_after_taking_the_mail_has_taken_it(postman, monkeypatch):
    async def handle_quit(*_):
        return "421 closing"

    monkeypatch.setattr(Postman, "handle_QUIT", handle_quit, raising=False)

    mail(f"smtp://127.0.0.1:{postman.port}").send(FIRED)

    assert len(postman.mails) == 1


# --- Settings ---


def test_channels_follow_from_the_settings(tmp_path):
    everything = {
        "alert_webhook_url": "https://example.org/hook",
        "alert_mail_to": "a@example.org",
        "smtp_url": "smtp://localhost",
    }

    assert [channel.name for channel in channels.from_settings(Settings(home=tmp_path))] == ["log"]
    assert [channel.name for channel in channels.from_settings(Settings(home=tmp_path, **everything))] == [
        "log",
        "webhook",
        "mail",
    ]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"alert_mail_to": "a@example.org"}, "SENTIMENT_SMTP_URL"),
        ({"smtp_url": "smtp://localhost"}, "SENTIMENT_ALERT_MAIL_TO"),
        ({"alert_webhook_url": "canary4711"}, "SENTIMENT_ALERT_WEBHOOK_URL"),
        ({"alert_webhook_url": "ftp://canary4711"}, "SENTIMENT_ALERT_WEBHOOK_URL"),
        ({"alert_webhook_url": "http://canary4711:port/"}, "SENTIMENT_ALERT_WEBHOOK_URL"),
        ({"alert_mail_to": "a@example.org", "smtp_url": "canary4711"}, "SENTIMENT_SMTP_URL"),
        ({"alert_mail_to": "a@example.org", "smtp_url": "smtp://host:canary4711"}, "SENTIMENT_SMTP_URL"),
        ({"alert_mail_to": "a@example.org", "smtp_url": "smtp://[canary4711"}, "SENTIMENT_SMTP_URL"),
        ({"alert_mail_to": "canary4711", "smtp_url": "smtp://localhost"}, "SENTIMENT_ALERT_MAIL_TO"),
        (
            {"alert_mail_to": "a@example.org\nBcc: canary4711@example.org", "smtp_url": "smtp://localhost"},
            "SENTIMENT_ALERT_MAIL_TO",
        ),
        (
            {
                "alert_mail_to": "a@example.org",
                "smtp_url": "smtp://localhost",
                "alert_mail_from": "canary4711",
            },
            "SENTIMENT_ALERT_MAIL_FROM",
        ),
    ],
)
def test_a_channel_that_cannot_work_is_refused_without_repeating_its_setting(tmp_path, settings, words):
    with pytest.raises(ConfigError, match=words) as failure:
        channels.from_settings(Settings(home=tmp_path, **settings))
    assert "canary4711" not in str(failure.value)
