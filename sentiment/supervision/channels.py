"""The ways in which an alert reaches people: the log, a webhook, mail.

`alert_watch` decides what is sent when, and how often.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

import httpx

from sentiment.errors import AlertError, ConfigError
from sentiment.loopback import is_loopback, loopback_url
from sentiment.supervision.notices import common_alert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentiment.config import Settings
    from sentiment.supervision.notices import Notice

# For each step of a delivery: a channel that hangs must not hold up the next evaluation for long.
_SECONDS = 10
_logger = logging.getLogger("sentiment.alert")


class Channel(Protocol):
    """A way to reach people; its name identifies undelivered notices, so it must not change."""

    @property
    def name(self) -> str:
        """The name of the channel in messages and in the state of the alert."""

    def send(self, notice: Notice) -> None:
        """Deliver a notice; one that raises is tried again later."""


def from_settings(settings: Settings) -> list[Channel]:
    """Return the log and the channels that the settings configure.

    Raises:
        ConfigError: A channel is incomplete, or its address cannot be used.
    """
    look_at = loopback_url(settings.port_app)
    channels: list[Channel] = [LogChannel(look_at)]
    if settings.alert_webhook_url:
        channels.append(Webhook(settings.alert_webhook_url.get_secret_value()))
    if bool(settings.alert_mail_to) != bool(settings.smtp_url):
        raise ConfigError(
            "alerts by mail need both SENTIMENT_ALERT_MAIL_TO and SENTIMENT_SMTP_URL: "
            "set the other one as well, or neither"
        )
    if settings.alert_mail_to and settings.smtp_url:
        url = settings.smtp_url.get_secret_value()
        channels.append(Mail(url, look_at, to=settings.alert_mail_to, sender=settings.alert_mail_from))
    return channels


class LogChannel:
    """Logs to `sentiment.alert`: a warning when an alert fires, information when it is resolved."""

    name = "log"

    def __init__(self, look_at: str) -> None:
        self._look_at = look_at

    def send(self, notice: Notice) -> None:
        """Write the line."""
        level = logging.WARNING if notice.change == "fired" else logging.INFO
        _logger.log(
            level, "alert %s: %s; look at the Monitor tab of %s", notice.change, notice.text, self._look_at
        )


class Webhook:
    """Posts Azure's common alert schema, as an action group does.

    The address may hold a secret, so no message shows it.
    """

    name = "webhook"

    def __init__(self, url: str) -> None:
        try:
            parts = httpx.URL(url)
        except httpx.InvalidURL:
            parts = httpx.URL("")
        if parts.scheme not in ("http", "https") or not parts.host:
            raise ConfigError("SENTIMENT_ALERT_WEBHOOK_URL is no http or https address: correct it")
        self._url = parts

    def send(self, notice: Notice) -> None:
        """Post the notice.

        Raises:
            AlertError: The receiver cannot be reached, is too slow, or answers with anything but
                2xx.
        """
        try:
            with _unlogged(self._url):
                answer = httpx.post(self._url, json=common_alert(notice), timeout=_SECONDS)
        except httpx.HTTPError as error:
            raise AlertError(
                f"the webhook cannot be reached ({type(error).__name__}): check SENTIMENT_ALERT_WEBHOOK_URL"
            ) from None
        if not answer.is_success:
            raise AlertError(f"the webhook answered {answer.status_code}: check its receiver")


@contextmanager
def _unlogged(url: httpx.URL) -> Iterator[None]:
    """Suppress httpx's own log line about the request, which shows the address."""

    def names_another(record: logging.LogRecord) -> bool:
        return not (isinstance(record.args, tuple) and url in record.args)

    log = logging.getLogger("httpx")
    log.addFilter(names_another)
    try:
        yield
    finally:
        log.removeFilter(names_another)


class Mail:
    """Sends one mail to all recipients, over a server whose certificate this machine trusts.

    `SSL_CERT_FILE` names further certificates to trust.
    """

    name = "mail"

    def __init__(self, url: str, look_at: str, *, to: str, sender: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), 0
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or port == 0:
            raise ConfigError(
                "SENTIMENT_SMTP_URL is no address such as smtp://user:password@host:587 "
                "or smtps://host:465: correct it"
            )
        self._is_tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._port = port or (465 if self._is_tls else 587 if self._password else 25)
        self._to = _addresses(to, "SENTIMENT_ALERT_MAIL_TO")
        self._sender = _addresses(sender, "SENTIMENT_ALERT_MAIL_FROM")[0]
        self._look_at = look_at

    def send(self, notice: Notice) -> None:
        """Send the mail; log the recipients that the server refuses, if not all.

        Raises:
            AlertError: The server cannot be reached, is too slow, refuses us, or refuses every
                recipient.
        """
        try:
            with self._connected() as server:
                refused = server.send_message(self._message(notice), self._sender, self._to)
        except (OSError, smtplib.SMTPException) as error:
            where = f"{self._host}:{self._port}"
            raise AlertError(
                f"the mail cannot be sent over {where} ({_reason(error)}): "
                "check the server and SENTIMENT_SMTP_URL"
            ) from None
        if refused:
            _logger.warning(
                "the mail server %s refuses %s: check SENTIMENT_ALERT_MAIL_TO", self._host, ", ".join(refused)
            )

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """Connect and sign in; an error when the connection closes does not fail a sent mail."""
        context = ssl.create_default_context()
        if self._is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_SECONDS)
        try:
            self._sign_in(server, context)
            yield server
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _sign_in(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        server.ehlo()
        if not self._is_tls and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif not self._is_tls and self._password and not is_loopback(self._host):
            raise smtplib.SMTPNotSupportedError(
                "it offers no STARTTLS, and the password would travel in the clear"
            )
        if self._password:
            server.login(self._user, self._password)

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = f"[{notice.change}] {notice.text}"
        message["From"] = self._sender
        message["To"] = ", ".join(self._to)
        message["Date"] = format_datetime(notice.at)
        message["Message-ID"] = f"<{notice.alert_id}.{notice.change}@sentiloop.invalid>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(
            f"{notice.text}.\n\n{notice.rule.description}\n\nLook at the Monitor tab of {self._look_at}\n"
        )
        return message


def _addresses(text: str, setting: str) -> list[str]:
    addresses = [address for _, address in getaddresses([text])]
    are_valid = all(address.isascii() and address.count("@") == 1 for address in addresses)
    if not addresses or not text.isprintable() or not are_valid:
        raise ConfigError(f"{setting} is no list of mail addresses, comma between them: correct it")
    return addresses


def _reason(error: Exception) -> str:
    """Return the reason of a failed mail without the server's text, which may hold an address."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"{type(error).__name__}: all {len(error.recipients)}"
    return f"{type(error).__name__}: {error}"
