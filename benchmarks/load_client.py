"""Clients that load a service on connections of their own, and note each answer.

They speak just enough HTTP that 256 of them leave the service the processor.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sentiment.loopback import ADDRESS

ALLOWED = {"200", "429", "503"}
_BACKOFF = 0.05  # before a client that was refused asks again; Retry-After would end the load


@dataclass
class Answers:
    """The answers of a phase: the time of each good one in milliseconds, and all statuses."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def row(self, name: str) -> str:
        """Return the phase as a row of a Markdown table."""
        p50, p99 = np.percentile(self.milliseconds or [0.0], (50, 99))
        refused = ", ".join(
            f"{n} x {status}" for status, n in sorted(self.statuses.items()) if status != "200"
        )
        rate = self.statuses["200"] / max(self.seconds, 0.001)
        return f"| {name} | {rate:.0f} | {p50:.1f} | {p99:.1f} | {refused or 'none'} |"

    @property
    def unwanted(self) -> dict[str, int]:
        """The answers that should not have come, with how often they came."""
        return {status: count for status, count in self.statuses.items() if status not in ALLOWED}


class Client:
    """One connection, made again where the service closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: object) -> tuple[str, Any]:
        """Return status and JSON; a refusal without Retry-After, or no answer, is named."""
        content = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {ADDRESS}:{self._port}\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection(ADDRESS, self._port)
            reader, writer = self._streams
            writer.write(head.encode() + content)
            return await asyncio.wait_for(_read(reader), 30)
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            return type(error).__name__, None

    def close(self) -> None:
        """Close the connection."""
        if self._streams:
            with contextlib.suppress(OSError):
                self._streams[1].close()
        self._streams = None


async def _read(reader: asyncio.StreamReader) -> tuple[str, Any]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    content = await reader.readexactly(int(headers["content-length"]))
    status = first.split()[1]
    if status in ("429", "503") and "retry-after" not in headers:
        status += " without Retry-After"
    return status, json.loads(content)


Work = Callable[[Client, int], Awaitable[str]]


async def load(port: int, clients: int, seconds: float, work: Work) -> Answers:
    """Let so many clients do some work again and again; it returns the status of its answer."""
    answers, end = Answers(), time.perf_counter() + seconds

    async def run(number: int) -> None:
        client, turn = Client(port), 0
        while (start := time.perf_counter()) < end:
            status = await work(client, number * 1_000_000 + turn)
            answers.statuses[status] += 1
            turn += 1
            if status == "200":
                answers.milliseconds.append(1000 * (time.perf_counter() - start))
            else:
                await asyncio.sleep(_BACKOFF)
        client.close()

    began = time.perf_counter()
    await asyncio.gather(*map(run, range(clients)))
    answers.seconds = time.perf_counter() - began
    return answers


@contextlib.asynccontextmanager
async def held(port: int, connections: int, request: bytes = b"") -> AsyncIterator[int]:
    """Hold connections that send some bytes and read nothing; yield how many the service took."""
    writers = []
    for _ in range(connections):
        with contextlib.suppress(OSError):
            writer = (await asyncio.open_connection(ADDRESS, port, limit=1))[1]
            writer.write(request)
            writers.append(writer)
    try:
        yield len(writers)
    finally:
        for writer in writers:
            writer.transport.abort()
