"""Bodies that take too long or are too large, whatever the application makes of its reading."""

from __future__ import annotations

import asyncio

import pytest

from sentiment import body_limit
from sentiment.body_limit import BodyLimit

START = {"type": "http.response.start", "status": 200, "headers": []}


def ask(app, *pieces, path="/", pause=0.0, **limits):
    """The status of the answers to a body in pieces; one that is None never comes."""
    answers = []

    async def talk():
        waiting = list(pieces)

        async def receive():
            await asyncio.sleep(pause)
            piece = waiting.pop(0)
            if piece is None:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

        async def send(message):
            if message["type"] == "http.response.start":
                answers.append(message["status"])

        await BodyLimit(app, **limits)({"type": "http", "path": path}, receive, send)

    asyncio.run(talk())
    return answers


async def read(receive):
    while (await receive())["more_body"]:
        pass


async def plain(scope, receive, send):
    await read(receive)
    await send(START)


async def hiding(scope, receive, send):
    """As Gradio and FastAPI do: whatever the reading raises becomes an answer of their own."""
    try:
        await read(receive)
    except Exception:
        await send(START | {"status": 400})
        return
    await send(START)


async def early(scope, receive, send):
    await send(START)
    await read(receive)


@pytest.mark.parametrize(("app", "status"), [(plain, 408), (hiding, 408), (early, 200)])
def test_a_body_that_does_not_end_is_a_408_if_nothing_was_answered(monkeypatch, app, status):
    monkeypatch.setattr(body_limit, "BODY_SECONDS", 0.05)
    assert ask(app, b"a", None) == [status]


@pytest.mark.parametrize("app", [plain, hiding])
def test_a_body_that_is_too_large_is_a_413_and_paths_may_take_more(app):
    pieces = [b"x" * 10] * 3
    assert ask(app, *pieces, most_bytes=30) == [200]
    assert ask(app, *pieces, most_bytes=29) == [413]
    assert ask(app, *pieces, most_bytes=29, larger={"/upload": 30}, path="/upload") == [200]


def test_what_arrives_earns_time(monkeypatch):
    monkeypatch.setattr(body_limit, "BODY_SECONDS", 0.1)
    pieces = [b"x" * 10] * 10
    assert ask(plain, *pieces, pause=0.05) == [408]
    assert ask(plain, *pieces, pause=0.05, bytes_per_second=10) == [200]


def test_a_fault_of_the_application_stays_one():
    async def fail(scope, receive, send):
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        ask(fail, b"")
