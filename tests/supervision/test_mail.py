"""Alerts by mail over a real SMTP server, with and without encryption."""

import socket
import ssl
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from alert_fixtures import FIRED_NOTICE, PAGE, RESOLVED_NOTICE

from sentiment.errors import AlertError
from sentiment.supervision import channels
from sentiment.supervision.alert_rule import read_rule
from sentiment.supervision.channels import Mail


class _OnAFreePort(Controller):
    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class Postman:
    """A real SMTP server on loopback that records its mail."""

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

    channel.send(FIRED_NOTICE)
    channel.send(RESOLVED_NOTICE)

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
    assert FIRED_NOTICE.text in text
    assert read_rule().description in " ".join(text.split())
    assert PAGE in text


def test_the_same_message_sent_twice_can_be_recognised(postman):
    for _ in range(2):
        mail(f"smtp://127.0.0.1:{postman.port}").send(FIRED_NOTICE)

    first, second = (mail["Message-ID"] for _, _, mail, _ in postman.mails)
    assert first == second


def test_a_recipient_who_is_refused_does_not_keep_the_mail_from_the_others(postman, caplog):
    postman.refuses = {"bob@example.org"}

    mail(f"smtp://127.0.0.1:{postman.port}", "ann@example.org, bob@example.org").send(FIRED_NOTICE)

    ((_, to, _, _),) = postman.mails
    assert to == ["ann@example.org"]
    assert "refuses bob@example.org" in caplog.text


def test_a_mail_that_every_recipient_is_refused_is_a_failure(postman):
    postman.refuses = {"ann@example.org", "bob@example.org"}

    with pytest.raises(AlertError, match="SMTPRecipientsRefused: all 2"):
        mail(f"smtp://127.0.0.1:{postman.port}", "ann@example.org, bob@example.org").send(FIRED_NOTICE)
    assert postman.mails == []


def test_starttls_is_used_where_it_is_offered_and_the_password_goes_through_it(start_postman, trust):
    postman = start_postman(tls="tls_context", require_starttls=True, auth_required=True)

    mail(f"smtp://ann:p%40ss%2Fword@localhost:{postman.port}").send(FIRED_NOTICE)

    ((_, _, _, was_encrypted),) = postman.mails
    assert was_encrypted
    assert postman.signed_in == [True]


def test_smtps_is_encrypted_from_the_start(start_postman, trust):
    postman = start_postman(tls="ssl_context", auth_require_tls=False)

    mail(f"smtps://ann:p%40ss%2Fword@localhost:{postman.port}").send(FIRED_NOTICE)

    assert len(postman.mails) == 1
    assert postman.signed_in == [True]


@pytest.mark.parametrize(("scheme", "tls"), [("smtp", "tls_context"), ("smtps", "ssl_context")])
def test_a_certificate_that_nobody_vouches_for_is_a_failure(start_postman, scheme, tls):
    postman = start_postman(tls=tls, auth_require_tls=False)

    with pytest.raises(AlertError, match="certificate verify failed"):
        mail(f"{scheme}://ann:p%40ss%2Fword@localhost:{postman.port}").send(FIRED_NOTICE)
    assert (postman.mails, postman.signed_in) == ([], [])


def test_a_wrong_password_is_a_failure_and_not_in_its_words(start_postman, trust):
    postman = start_postman(tls="tls_context")

    with pytest.raises(AlertError, match="SMTPAuthenticationError 535") as failure:
        mail(f"smtp://ann:canary4711@localhost:{postman.port}").send(FIRED_NOTICE)
    assert "canary4711" not in str(failure.value)
    assert postman.signed_in[-1] is False
    assert postman.mails == []


def test_a_password_travels_in_the_clear_on_this_machine_only(start_postman, monkeypatch):
    postman = start_postman(auth_require_tls=False)
    url = f"smtp://ann:p%40ss%2Fword@127.0.0.1:{postman.port}"

    mail(url).send(FIRED_NOTICE)
    assert postman.signed_in == [True]
    monkeypatch.setattr(channels, "is_loopback", lambda host: False)

    with pytest.raises(AlertError, match="no STARTTLS"):
        mail(url).send(FIRED_NOTICE)
    assert postman.signed_in == [True]
    mail(f"smtp://127.0.0.1:{postman.port}").send(
        FIRED_NOTICE
    )  # without a password there is nothing to steal


def test_a_mail_server_that_is_down_or_hangs_is_a_failure(postman, monkeypatch):
    monkeypatch.setattr(channels, "_SECONDS", 0.2)
    postman.stop()
    with pytest.raises(AlertError, match=f"127.0.0.1:{postman.port} .ConnectionRefusedError"):
        mail(f"smtp://127.0.0.1:{postman.port}").send(FIRED_NOTICE)

    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(AlertError, match="timed out"):
        mail(f"smtp://127.0.0.1:{silent.getsockname()[1]}").send(FIRED_NOTICE)


def test_a_server_that_hangs_up_after_taking_the_mail_has_taken_it(postman, monkeypatch):
    async def handle_quit(*_):
        return "421 closing"

    monkeypatch.setattr(Postman, "handle_QUIT", handle_quit, raising=False)

    mail(f"smtp://127.0.0.1:{postman.port}").send(FIRED_NOTICE)

    assert len(postman.mails) == 1
