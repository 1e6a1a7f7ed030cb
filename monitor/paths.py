"""One form of path for every request: Azure's exporter posts to `//v2.1/track`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_SLASHES = re.compile(r"/{2,}")


class SingleSlashes:
    """Collapses runs of slashes in the path of a request into one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its path collapsed."""
        if scope["type"] == "http":
            scope["path"] = _SLASHES.sub("/", scope["path"])
        await self._app(scope, receive, send)
