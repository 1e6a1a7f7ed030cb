"""`POST /v2.1/track`: reads a post, has it written, and answers as Azure does, item by item.

How envelopes are read: `envelopes`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from monitor import memory
from monitor.envelopes import BodyError, Row, parse, rows_of, unpack
from monitor.items import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

    from monitor.writer import Writer

MAX_BODY = 16_000_000
MAX_PENDING = 64_000_000
_THREAD_FROM = 64_000  # bytes; reading more would hold up other requests
_ALONE_FROM = 1_000_000  # bytes; as rows, a body takes some ten times the memory


@dataclass(frozen=True)
class Taken:
    """The content of a post: rows to insert, the number of envelopes, and the refusals."""

    rows: list[Row]
    received: int
    errors: list[dict[str, Any]]


class Ingest:
    """Reads posts within a bounded amount of memory; beyond it, senders are asked to retry."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.max_body = MAX_BODY
        self.free = MAX_PENDING
        self._alone = asyncio.Lock()

    async def track(self, request: Request) -> JSONResponse:
        """Answer a post with 200, 206 or 400 once all its good envelopes are on the disk."""
        held = [0]
        try:
            body = unpack(
                await self._read(request, held), request.headers.get("content-encoding", ""), self.max_body
            )
            self._hold(held, len(body) - held[0])
            if len(body) > _ALONE_FROM:
                async with self._alone:
                    taken = await self._store(body)
            else:
                taken = await self._store(body)
        except BodyError as error:
            headers = {"Retry-After": "1"} if error.status == 429 else {}  # noqa: PLR2004
            return refused(error.status, str(error), headers)
        except Exception as error:  # the writer has told the log why; the sender keeps what it has
            if isinstance(error, MemoryError):
                self._writer.make_room()
            return refused(
                503,
                "the telemetry cannot be written at the moment: send it again later",
                {"Retry-After": "5"},
            )
        finally:
            self.free += held[0]
        return _answer(taken)

    async def _store(self, body: bytes) -> Taken:
        with memory.reserve():
            taken = await run_in_threadpool(take, body) if len(body) > _THREAD_FROM else take(body)
        if taken.rows:
            await asyncio.wrap_future(self._writer.submit(taken.rows))
        return taken

    async def _read(self, request: Request, held: list[int]) -> bytes:
        chunks = []
        async for chunk in request.stream():
            self._hold(held, len(chunk))
            chunks.append(chunk)
            if held[0] > self.max_body:
                raise BodyError(
                    413, f"the body is larger than {self.max_body} bytes: send fewer envelopes at once"
                )
        return b"".join(chunks)

    def _hold(self, held: list[int], size: int) -> None:
        if size > self.free:
            raise BodyError(
                429, "more telemetry is waiting than the monitor holds in memory: send it again later"
            )
        self.free -= size
        held[0] += size


def take(body: bytes) -> Taken:
    """Return the rows of a body's envelopes, and the refusals of those that cannot be stored.

    Raises:
        BodyError: It cannot be read as a whole.
    """
    envelopes = parse(body)
    now = datetime.now(UTC)
    rows: list[Row] = []
    errors: list[dict[str, Any]] = []
    for index, envelope in enumerate(envelopes):
        try:
            rows += rows_of(envelope, now)
        except Refusal as refusal:
            errors.append({"index": index, "statusCode": 400, "message": str(refusal)})
        except RecursionError:
            errors.append(
                {"index": index, "statusCode": 400, "message": "100: the item is nested too deeply"}
            )
    return Taken(rows, len(envelopes), errors)


def refused(status: int, message: str, headers: dict[str, str]) -> JSONResponse:
    """Return the answer to a post of which nothing was stored."""
    errors = [{"index": 0, "statusCode": status, "message": message}]
    return JSONResponse(
        {"itemsReceived": 0, "itemsAccepted": 0, "appId": None, "errors": errors}, status, headers
    )


def _answer(taken: Taken) -> JSONResponse:
    accepted = taken.received - len(taken.errors)
    status = 200 if not taken.errors else 206 if accepted else 400
    body = {"itemsReceived": taken.received, "itemsAccepted": accepted, "appId": None, "errors": taken.errors}
    return JSONResponse(body, status)
