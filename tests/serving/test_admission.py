"""Admission: refusals before the body is read, late and encoded bodies, and the key."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import time

import pytest
from pydantic import SecretStr
from service_fixtures import POSTS, TEXT, error_of, listening, started
from starlette.applications import Starlette

from sentiment.config import Settings
from sentiment.serving import admission
from sentiment.serving.application import Application

KEY = {"X-API-Key": "correct horse"}


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"content-length", b"300000")], 413),
        ([(b"content-encoding", b"gzip")], 415),
        ([], 401),
    ],
)
def test_a_request_is_refused_before_its_body_is_read(path, headers, status):
    async def receive():
        pytest.fail("the body was read")

    sent = []

    async def send(message):
        sent.append(message)

    settings = Settings(api_key=SecretStr("a key")) if status == 401 else Settings()
    application = Application(Starlette(), settings, lambda: pytest.fail("it was let in"))
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    asyncio.run(application(scope, receive, send))
    assert sent[0]["status"] == status


# --- bodies ---


@pytest.mark.usefixtures("store_with_champion")
@pytest.mark.parametrize("path", POSTS)
def test_an_encoded_body_is_a_415_and_a_plain_one_is_read(client, path):
    body = json.dumps(POSTS[path]).encode()
    refused = client.post(path, content=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    assert "send it as it is" in error_of(refused, 415)
    assert refused.headers["accept-encoding"] == "identity"
    plain = client.post(path, content=body, headers={"Content-Encoding": "identity"})
    assert plain.status_code == client.post(path, content=body).status_code != 415


def begin(port, path):
    """A connection that has sent one byte of a body of a hundred."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{{".encode())
    return connection


def read_to_the_end(connection):
    """All that a server sends until it closes."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.usefixtures("store_with_champion")
@pytest.mark.parametrize("path", POSTS)
def test_a_body_that_does_not_arrive_is_a_408_no_fault_of_ours_and_the_end_of_the_connection(
    monkeypatch, path
):
    monkeypatch.setattr(admission, "BODY_SECONDS", 0.3)
    with listening() as port, begin(port, path) as connection:
        answer = read_to_the_end(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"x-trace-id" in answer
    assert b"the body did not arrive within 0.3 seconds: send it at once" in answer


@pytest.mark.usefixtures("store_with_champion")
def test_unfinished_bodies_take_no_place_from_others():
    import httpx

    with listening(max_concurrency=1) as port, contextlib.ExitStack() as unfinished:
        for _ in range(3):
            unfinished.enter_context(begin(port, "/feedback"))
        time.sleep(0.2)
        answer = httpx.post(f"http://127.0.0.1:{port}/feedback", json=POSTS["/feedback"], timeout=10)
    assert "not issued by this service" in error_of(answer, 400)


# --- loopback ---

EVIL = "https://evil.example"
LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.usefixtures("store_with_champion")
@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example:8000"}, {"Origin": EVIL}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_on_loopback_no_page_of_another_site_is_answered(client, headers):
    for path, body in POSTS.items():
        refused = client.post(
            path, content=json.dumps(body), headers={"Content-Type": "text/plain", **headers}
        )
        assert "this machine only" in error_of(refused, 403)
        assert refused.headers["x-trace-id"]
    for path in ("/", "/docs.json", "/metrics", "/readyz", "/nope"):
        error_of(client.get(path, headers=headers), 403)


@pytest.mark.usefixtures("store_with_champion")
def test_on_loopback_its_own_page_its_other_names_and_links_are_answered(client):
    for headers in ({"Host": "localhost:8000", "Origin": "http://localhost:8000"}, {"Host": "[::1]:8000"}):
        assert client.post("/predict", json={"text": TEXT}, headers=headers).status_code == 200
    assert client.get("/", headers=LINK).status_code == 200
    error_of(client.post("/predict", json={"text": TEXT}, headers=LINK), 403)


@pytest.mark.usefixtures("store_with_champion")
def test_beyond_loopback_the_service_answers_to_any_name():
    with started(host="0.0.0.0") as client:
        headers = {"Host": "sentiment.example", "Origin": EVIL}
        assert client.post("/predict", json={"text": TEXT}, headers=headers).status_code == 200


# --- the key ---


@pytest.mark.usefixtures("store_with_champion")
@pytest.mark.parametrize("path", POSTS)
def test_with_a_key_set_the_api_asks_for_it_before_it_reads_the_body(path):
    with started(api_key="correct horse") as client:
        for headers in (
            {},
            {"X-API-Key": ""},
            {"X-API-Key": "wrong horse"},
            {"X-API-Key": "correct hors"},
            {"Authorization": "correct horse"},
        ):
            assert "correct" not in error_of(client.post(path, content=b"{", headers=headers), 401)
        assert client.post(path, json=POSTS[path], headers=KEY).status_code in (200, 400)
        assert error_of(client.post(path, content=b"{", headers=KEY), 400)


@pytest.mark.usefixtures("store_with_champion")
def test_with_a_key_set_page_description_and_metrics_need_it_and_the_probes_do_not():
    with started(api_key="correct horse") as client:
        for path in ("/", "/docs.json", "/schema.json"):
            assert "correct" not in error_of(client.get(path), 401)
            assert client.get(path, headers=KEY).status_code == 200
        error_of(client.get("/metrics"), 401)  # a test's service has none
        assert {client.get(path).status_code for path in ("/livez", "/readyz", "/healthz")} == {200}


@pytest.mark.usefixtures("store_with_champion")
def test_without_a_key_all_is_open(client):
    assert {client.get(path).status_code for path in ("/", "/docs.json", "/schema.json", "/livez")} == {200}
    assert client.post("/predict", json={"text": TEXT}).status_code == 200
