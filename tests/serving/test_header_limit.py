"""The limit on headers: complete ones, one without an end, and those of the next request."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
import uvicorn
from uvicorn.server import ServerState

from sentiment.serving.connection_limit import limit_connections
from sentiment.serving.header_limit import MOST_BYTES, LimitedHeaders

START = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n"
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"


class Transport(asyncio.Transport):
    """A connection that keeps what is written to it."""

    def __init__(self):
        super().__init__()
        self.written, self.is_closed = b"", False

    def write(self, data):
        self.written += data

    def close(self):
        self.is_closed = True

    def pause_reading(self):
        pass

    def resume_reading(self):
        pass

    def is_closing(self):
        return self.is_closed


async def answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


async def read(scope, receive, send):
    """Answer when the whole body has come, with its size and the headers' number."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    said = (b"size", str(size).encode()), (b"number", str(len(scope["headers"])).encode())
    headers = [(b"content-length", b"0"), *said]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})


def sent(*pieces, app=answer):
    """The connection after these bytes have arrived, piece by piece, as at BentoML's server."""

    async def talk():
        config = uvicorn.Config(app, log_config=None, lifespan="off")
        config.load()
        protocol = config.http_protocol_class(config=config, server_state=ServerState(), app_state={})
        assert isinstance(protocol, LimitedHeaders)
        transport = Transport()
        protocol.connection_made(transport)
        for piece in pieces:
            if not transport.is_closed:
                protocol.data_received(piece)
            for _ in range(5):
                await asyncio.sleep(0)
        is_closed = transport.is_closed  # the loss of the connection closes it in any case
        protocol.connection_lost(None)
        transport.is_closed = is_closed
        return transport

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(uvicorn.config.HTTP_PROTOCOLS, "auto", "set by limit_connections")
        limit_connections()
        return asyncio.run(talk())


@pytest.mark.parametrize(
    "pieces",
    [
        [START + b"a: " + b"x" * MOST_BYTES + b"\r\n\r\n"],
        [START + b"".join(b"a%d: b\r\n" % number for number in range(MOST_BYTES // 4)) + b"\r\n"],
        [START + b"a: ", *[b"x" * 1024] * 65],  # one that never ends
        [b"GET /" + b"x" * 1024, *[b"x" * 1024] * 65],
        [START + b"\r\n", START + b"a: ", *[b"x" * 1024] * 65],  # in the second request
    ],
)
def test_too_large_headers_are_a_431_in_json_and_the_end_of_the_connection(pieces):
    transport = sent(*pieces)
    head, _, body = transport.written.rpartition(b"\r\n\r\n")
    assert TOO_LARGE in head + b"\r\n"
    assert b"x-trace-id: " in head
    assert "headers are over 65536 bytes" in json.loads(body)["error"]
    assert transport.is_closed


def test_headers_below_the_limit_and_large_bodies_are_taken():
    large = START + b"a: " + b"x" * (MOST_BYTES - 1000) + b"\r\n\r\n"
    post = START.replace(b"GET", b"POST") + b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000
    transport = sent(large, large, post, START + b"\r\n")
    assert transport.written.count(b"HTTP/1.1 200 OK") == 4
    assert TOO_LARGE not in transport.written


CHUNKED = START.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = [b"x" * 1024] * 65


@pytest.mark.parametrize(
    "pieces",
    [
        [CHUNKED + b"0\r\nX: ", *ENDLESS],
        [CHUNKED + b"3\r\nabc\r\n0\r\n", b"".join(b"a%d: b\r\n" % n for n in range(MOST_BYTES // 4))],
        [CHUNKED + b"3;x=", *ENDLESS],
    ],
    ids=["an endless trailer", "many trailers", "an endless extension"],
)
@pytest.mark.parametrize(("app", "answers"), [(read, [b"431"]), (answer, [b"200"])])
def test_trailers_and_extensions_of_chunks_have_the_same_limit(pieces, app, answers):
    transport = sent(*pieces, app=app)
    assert re.findall(rb"HTTP/1.1 (\d+)", transport.written) == answers
    assert transport.is_closed


def test_bodies_in_many_chunks_and_short_trailers_are_taken_and_trailers_are_no_headers():
    pieces = [CHUNKED, *[b"400;a=b\r\n" + b"x" * 1024 + b"\r\n"] * 100, b"0\r\nHost: evil\r\n\r\n"]
    transport = sent(*pieces, app=read)
    assert b"size: 102400\r\nnumber: 2\r\n" in transport.written
    assert not transport.is_closed


def test_what_is_no_request_is_a_400():
    answered = sent(b"\x00" * 2 * MOST_BYTES).written
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert TOO_LARGE not in answered
