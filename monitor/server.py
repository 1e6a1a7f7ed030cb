"""The monitor as a web application: its routes, and what starts and stops with it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.api import QueryApi, query_fault
from monitor.evaluator import start_evaluator
from monitor.faults import Faults
from monitor.ingest import Ingest, refused
from monitor.paths import SingleSlashes
from monitor.query import Limits, QueryEngine
from monitor.retention import start_retention
from monitor.tables import TABLES
from monitor.writer import Writer
from sentiment.errors import SentiloopError
from sentiment.loopback import LoopbackGuard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import duckdb
    from starlette.requests import Request

    from monitor.database import Database
    from sentiment.config import Settings

_PASSED_ON = (200, 206)  # faults that let the request through


class Monitor:
    """All parts of a monitor around one open telemetry file."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        has_faults: bool = False,
        has_alerts: bool = True,
        limits: Limits | None = None,
    ) -> None:
        self.settings = settings
        self.database = database
        self.writer = Writer(database, {"TenantId": settings.workspace})
        self.engine = QueryEngine(database, limits)
        self.ingest = Ingest(self.writer)
        self.api = QueryApi(self.engine, settings.workspace_id)
        self.faults = Faults() if has_faults else None
        self.has_alerts = has_alerts
        self.failure: SentiloopError | None = None

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Run the threads; at the end everything that was acknowledged or still waits is in the file."""
        self.writer.start()
        warming = threading.Thread(target=self.engine.warm, name="monitor-warm")
        warming.start()
        stops = [start_retention(self.writer, self.settings.monitor_retention_days)]
        try:
            stops += [start_evaluator(self.engine, self.settings)] if self.has_alerts else []
        except SentiloopError as error:
            self.failure = error
            raise
        yield
        await asyncio.to_thread(warming.join)  # it reads the file that is about to be closed
        self.api.close()
        for stop in stops:
            await asyncio.to_thread(stop)
        await asyncio.to_thread(self.writer.close)
        self.database.close()

    async def track(self, request: Request) -> Response:
        """Take in telemetry."""
        fault = self.faults.next("track") if self.faults else None
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.status not in _PASSED_ON:
                headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
                return refused(fault.status, "a fault that a test asked for", headers)
        return await self.ingest.track(request, fault)

    async def query(self, request: Request) -> Response:
        """Answer one query, or a batch of them."""
        fault = self.faults.next("query") if self.faults else None
        if fault is not None:
            await asyncio.sleep(fault.delay)
            if fault.status not in _PASSED_ON:
                return query_fault(fault)
        is_batch = request.url.path.endswith("$batch")
        return await (
            self.api.batch(request, fault) if is_batch else self.api.workspace_query(request, fault)
        )

    async def health(self, _: Request) -> Response:
        """Say whether telemetry can be written and read."""
        try:
            await asyncio.wait_for(asyncio.wrap_future(self.writer.call(_probe)), 5)
        except Exception:  # whatever it is, the log has it and the answer is no
            return JSONResponse(
                {"status": "unavailable", "remedy": "see the monitor's log, then start it again"}, 503
            )
        return JSONResponse({"status": "ok"})

    async def welcome(self, _: Request) -> Response:
        """Tell a person what this is."""
        return JSONResponse(
            {
                "name": "Sentiloop's local stand-in for Azure Monitor",
                "ingest": "POST /v2.1/track",
                "query": f"POST /v1/workspaces/{self.settings.workspace}/query",
                "tables": list(TABLES),
            }
        )

    async def change_faults(self, request: Request) -> Response:
        """Set or clear the faults of a test."""
        if self.faults is None:
            return JSONResponse({"error": "start the monitor with --allow-faults for this"}, 404)
        if request.method == "DELETE":
            self.faults.clear()
        else:
            try:
                self.faults.set(await request.json())
            except ValueError as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"status": "ok"})


def _probe(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SELECT 1")


def create_app(monitor: Monitor) -> Starlette:
    """Return the web application of a monitor."""
    return Starlette(
        routes=[
            *(Route(path, monitor.track, methods=["POST"]) for path in ("/v2.1/track", "/v2/track")),
            Route("/v1/workspaces/{workspace}/query", monitor.query, methods=["GET", "POST"]),
            Route("/v1/subscriptions/{resource:path}/query", monitor.query, methods=["GET", "POST"]),
            Route("/v1/$batch", monitor.query, methods=["POST"]),
            Route("/healthz", monitor.health),
            Route("/faults", monitor.change_faults, methods=["PUT", "DELETE"]),
            Route("/", monitor.welcome),
        ],
        middleware=[
            Middleware(LoopbackGuard, host=monitor.settings.monitor_host),
            Middleware(SingleSlashes),
        ],
        lifespan=monitor.lifespan,
    )
