"""The monitor as a web application: its routes, and the threads that live as long as it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.api import QueryApi
from monitor.evaluator import start_evaluator
from monitor.ingest import Ingest
from monitor.paths import SingleSlashes
from monitor.query import Limits, QueryEngine
from monitor.retention import start_retention
from monitor.tables import TABLES
from monitor.writer import Writer
from sentiment.body_limit import BodyLimit
from sentiment.errors import SentiloopError
from sentiment.loopback import LoopbackGuard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from monitor.database import Database
    from sentiment.config import Settings

_CLIENT_HUNG_UP = 499  # nobody reads it


class Monitor:
    """All parts of a monitor around one open telemetry file."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        has_alerts: bool = True,
        limits: Limits | None = None,
    ) -> None:
        self.settings = settings
        self.database = database
        self.engine = QueryEngine(database, limits)
        self.writer = Writer(database, {"TenantId": settings.workspace}, self.engine.make_room)
        self.ingest = Ingest(self.writer)
        self.api = QueryApi(self.engine, settings.workspace_id)
        self.has_alerts = has_alerts
        self.failure: SentiloopError | None = None

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Run the threads; at the end, everything acknowledged or queued is in the file."""
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

    async def health(self, _: Request) -> Response:
        """Answer whether telemetry can be written and read."""
        try:
            await asyncio.wait_for(asyncio.wrap_future(self.writer.try_out()), 10)
        except Exception:  # whatever it is, the log has it and the answer is no
            return JSONResponse(
                {"status": "unavailable", "remedy": "see the monitor's log, then start it again"}, 503
            )
        return JSONResponse({"status": "ok"})

    async def welcome(self, _: Request) -> Response:
        """Answer people at `/` with the monitor's name and endpoints."""
        return JSONResponse(
            {
                "name": "Sentiloop's local stand-in for Azure Monitor",
                "ingest": "POST /v2.1/track",
                "query": f"POST /v1/workspaces/{self.settings.workspace}/query",
                "tables": list(TABLES),
            }
        )


async def _answer_nobody(_: Request, __: Exception) -> Response:
    return Response(status_code=_CLIENT_HUNG_UP)


def create_app(monitor: Monitor) -> Starlette:
    """Return the web application of a monitor."""
    return Starlette(
        routes=[
            *(Route(path, monitor.ingest.track, methods=["POST"]) for path in ("/v2.1/track", "/v2/track")),
            Route("/v1/workspaces/{workspace}/query", monitor.api.query, methods=["GET", "POST"]),
            Route("/v1/subscriptions/{resource:path}/query", monitor.api.query, methods=["GET", "POST"]),
            Route("/v1/$batch", monitor.api.batch, methods=["POST"]),
            Route("/healthz", monitor.health),
            Route("/", monitor.welcome),
        ],
        middleware=[
            Middleware(LoopbackGuard, host=monitor.settings.monitor_host),
            Middleware(BodyLimit),  # its size is the routes' matter, which answer as Azure does
            Middleware(SingleSlashes),
        ],
        exception_handlers={ClientDisconnect: _answer_nobody},
        lifespan=monitor.lifespan,
    )
