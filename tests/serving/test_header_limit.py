"""The limit on headers: complete ones, one without an end, and those of the next request."""

from __future__ import annotations

import asyncio
import json

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


def sent(*pieces):
    """The connection after these bytes have arrived, piece by piece, as at BentoML's server."""

    async def talk():
        config = uvicorn.Config(answer, log_config=None, lifespan="off")
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
        protocol.connection_lost(None)
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


def test_what_is_no_request_is_a_400():
    answered = sent(b"\x00" * 2 * MOST_BYTES).written
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert TOO_LARGE not in answered
