"""The reader's endpoints and tokens: nothing unencrypted, no token to the local monitor."""

from __future__ import annotations

import time

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from logs_fixtures import ANSWER, WORKSPACE, serve_logs

from sentiment.errors import ConfigError, QueryError
from sentiment.supervision.reader import LogsReader


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://example.org",
        "http://10.0.0.1:8600",
        "ftp://127.0.0.1",
        "127.0.0.1:8600",
        "",
        "https://user:secret@example.org",
    ],
)
def test_an_endpoint_that_would_send_in_the_clear_or_is_none_is_refused(endpoint):
    with pytest.raises(ConfigError, match="logs endpoint"):
        LogsReader(endpoint, WORKSPACE)


def test_no_token_is_sent_or_fetched_over_http(logs):
    class Loud:
        def get_token(self, *_, **__):
            raise AssertionError("a token was asked for")

    logs.reader(credential=Loud()).frame("T", None)

    assert "Authorization" not in logs.headers[0]


def test_a_proxy_in_the_environment_does_not_see_what_stays_on_this_machine(logs, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert logs.reader().frame("T", None)["n"].tolist() == [3]


def test_over_https_the_token_of_a_managed_identity_is_sent(certificate, monkeypatch, logs):
    logs.answer = {
        "access_token": "t0ken",
        "expires_on": str(int(time.time()) + 3600),
        "resource": "x",
        "token_type": "Bearer",
    }
    monkeypatch.setenv("AZURE_CLIENT_ID", "11111111-1111-1111-1111-111111111111")
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{logs.address}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "h")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))

    with serve_logs(certificate) as azure:
        azure.answer = ANSWER
        frame = LogsReader(azure.address, WORKSPACE).frame("T", None)

    assert frame["n"].tolist() == [3]
    assert azure.headers[0]["Authorization"] == "Bearer t0ken"
    assert "client_id=11111111" in logs.paths[0]


def test_no_credential_says_how_to_get_one(certificate, monkeypatch, logs):
    logs.answer = (400, {}, {"error": "invalid_request", "error_description": "Identity not found"})
    monkeypatch.setenv("AZURE_CLIENT_ID", "11111111-1111-1111-1111-111111111111")
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{logs.address}/token")
    monkeypatch.setenv("IDENTITY_HEADER", "h")

    with pytest.raises(QueryError, match=r"no credential.*az login.*AZURE_CLIENT_ID") as caught:
        LogsReader("https://127.0.0.1:1", WORKSPACE).frame("T", None)

    assert caught.value.reason == "credential"


def test_a_credential_that_fails_is_told_apart_from_a_token_that_is_refused(certificate, monkeypatch):
    class Failing:
        def get_token(self, *_, **__):
            raise ClientAuthenticationError("AADSTS7000215: secret s3cret is wrong")

    class Stale:
        def get_token(self, *_, **__):
            return AccessToken("stale", int(time.time()) + 3600)

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serve_logs(certificate) as azure:
        azure.answer = (401, {}, {"error": {"code": "InvalidTokenError", "message": "The token is invalid"}})
        messages = []
        for credential in (Failing(), Stale()):
            with pytest.raises(QueryError) as caught:
                azure.reader(credential=credential).frame("T", None)
            messages.append(str(caught.value))
            assert caught.value.reason == "credential"

    assert "was found" in messages[0]
    assert "was refused" in messages[1]
    assert not any(secret in message for secret in ("s3cret", "stale") for message in messages)
