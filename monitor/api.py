"""The Log Analytics query API over HTTP: reads requests, runs queries in parallel, answers.

What a query means is in `query`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
from starlette.responses import Response

from monitor import memory
from monitor.answers import Answer, QueryRefusal
from monitor.query import Wishes
from monitor.timespan import read_timespan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from monitor.query import QueryEngine

_LOG = logging.getLogger(__name__)
_AT_ONCE = 4  # queries that run beside each other
_MOST_WAITING = 200
MAX_UNREAD = 200_000_000  # bytes of answers that callers have not read to the end
_MAX_BODY = 1_000_000
_MOST_IN_BATCH = 100
_WAIT = re.compile(r"\bwait\s*=\s*(\d{1,6})", re.ASCII)


class QueryApi:
    """Answers the API's requests; a few queries run at once, the others queue."""

    def __init__(self, engine: QueryEngine, workspace: str | None) -> None:
        """Take the only workspace that is answered for; None is any."""
        self._engine = engine
        self._workspace = workspace
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="monitor-query")
        self._waiting = 0
        self.free = MAX_UNREAD

    def close(self) -> None:
        """Interrupt running queries, drop queued ones."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._engine.close()

    async def query(self, request: Request) -> Response:
        """Answer `/v1/workspaces/{id}/query` and `/v1/{resource id}/query`, by POST or GET."""
        try:
            fields = dict(request.query_params) if request.method == "GET" else await _read(request)
            answer = await self._answer(
                fields, request.headers.get("prefer", ""), request.path_params.get("workspace")
            )
        except QueryRefusal as refusal:
            answer = refusal.answer
        return self._send(answer)

    async def batch(self, request: Request) -> Response:
        """Answer `/v1/$batch`: each of its queries separately."""
        try:
            requests = (await _read(request)).get("requests")
            if (
                not isinstance(requests, list)
                or not all(isinstance(item, dict) for item in requests)
                or len(requests) > _MOST_IN_BATCH
            ):
                raise QueryRefusal.bad_argument(
                    f"a batch is {{'requests': [...]}} with at most {_MOST_IN_BATCH} of them"
                )
        except QueryRefusal as refusal:
            return self._send(refusal.answer)
        answers = await asyncio.gather(*(self._batch_item(item, len(requests)) for item in requests))
        parts = (
            b'{"id":'
            + json.dumps(item.get("id")).encode()
            + f',"status":{answer.status},"headers":{{}},"body":'.encode()
            + answer.body
            + b"}"
            for item, answer in zip(requests, answers, strict=True)
        )
        return self._send(Answer(200, b"".join((b'{"responses":[', b",".join(parts), b"]}"))))

    def _send(self, answer: Answer) -> Response:
        """Return an answer as a response; until it is read, its bytes count as unread."""
        if len(answer.body) > self.free:
            message = "answers of before wait to be read: ask again later"
            answer = QueryRefusal(429, "TooManyRequests", message, retry_after=5).answer
        return _Held(self, answer)

    async def _batch_item(self, item: Mapping[str, Any], answers: int) -> Answer:
        headers = item.get("headers")
        prefer = (
            next((str(value) for key, value in headers.items() if key.lower() == "prefer"), "")
            if isinstance(headers, dict)
            else ""
        )
        body, workspace = item.get("body"), item.get("workspace")
        try:
            fields = body if isinstance(body, dict) else {}
            return await self._answer(fields, prefer, str(workspace or ""), answers)
        except QueryRefusal as refusal:
            return refusal.answer

    async def _answer(
        self, fields: Mapping[str, Any], prefer: str, workspace: str | None, answers: int = 1
    ) -> Answer:
        self._check_workspaces(workspace, fields.get("workspaces"))
        query, timespan = fields.get("query"), fields.get("timespan")
        if not isinstance(query, str) or not query.strip():
            raise QueryRefusal.bad_argument("the property 'query' is missing or no text")
        try:
            window = read_timespan(_text(timespan), datetime.now(UTC))
        except ValueError as error:
            raise QueryRefusal.bad_argument(str(error)) from error
        if self._waiting >= _MOST_WAITING:
            raise QueryRefusal(
                429,
                "TooManyRequests",
                f"{self._waiting} queries are waiting already: ask again later",
                retry_after=5,
            )
        self._waiting += 1
        try:
            with memory.reserve():
                work = asyncio.get_running_loop().run_in_executor(
                    self._pool, lambda: self._engine.answer(query, window, self._wishes(prefer, answers))
                )
            return await work
        except (MemoryError, RuntimeError, duckdb.Error) as error:  # there is no room for a thread either
            _LOG.warning("a query was not begun: %s", error)
            message = "the monitor has no memory for a query at the moment: ask again later"
            raise QueryRefusal(503, "ServiceUnavailable", message, retry_after=5) from error
        finally:
            self._waiting -= 1

    def _check_workspaces(self, workspace: str | None, others: Any) -> None:
        """Refuse a workspace that is not ours; a resource's own queries (None) are always ours."""
        asked = [] if workspace is None else [workspace]
        asked += [str(other) for other in others] if isinstance(others, list) else []
        for name in asked:
            if self._workspace is not None and name.lower() != self._workspace.lower():
                raise QueryRefusal(404, "WorkspaceNotFoundError", "The workspace could not be found")

    def _wishes(self, prefer: str, answers: int) -> Wishes:
        limits = self._engine.limits
        wait = _WAIT.search(prefer)
        seconds = min(max(float(wait[1]), 1), limits.max_seconds) if wait else limits.default_seconds
        return Wishes(seconds, "include-statistics=true" in prefer, "include-render=true" in prefer, answers)


class _Held(Response):
    """A response whose bytes count as unread until it is sent, or its caller has gone."""

    media_type = "application/json; charset=utf-8"

    def __init__(self, api: QueryApi, answer: Answer) -> None:
        super().__init__(answer.body, answer.status, dict(answer.headers))
        self._api = api
        api.free -= len(answer.body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._api.free += len(self.body)


def _text(timespan: Any) -> str | None:
    if timespan is not None and not isinstance(timespan, str):
        raise ValueError("the property 'timespan' is no text")
    return timespan


async def _read(request: Request) -> dict[str, Any]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise QueryRefusal(413, "RequestTooLarge", f"the request is larger than {_MAX_BODY} bytes")
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise QueryRefusal.bad_argument("the body is not valid JSON") from error
    if not isinstance(fields, dict):
        raise QueryRefusal.bad_argument("the body is no JSON object")
    return fields
