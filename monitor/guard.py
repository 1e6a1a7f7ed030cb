"""What every request passes: one form of path, and no entry for web pages of other sites."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_SLASHES = re.compile(r"/{2,}")


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine only."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """Collapses slashes (the exporter posts to `//v2.1/track`) and, on loopback, takes no request made out to another host.

    A page elsewhere that points its own name at 127.0.0.1 (DNS rebinding), or posts to us from a
    browser, is refused with 403.
    """

    def __init__(self, app: ASGIApp, *, host: str) -> None:
        self._app = app
        self._is_local = is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http":
            if self._is_local and not _is_ours(Headers(scope=scope)):
                await JSONResponse(
                    {"error": "this monitor serves this machine only: use http://127.0.0.1"}, 403
                )(scope, receive, send)
                return
            scope["path"] = _SLASHES.sub("/", scope["path"])
        await self._app(scope, receive, send)


def _is_ours(headers: Headers) -> bool:
    addresses = [f"//{headers.get('host', 'localhost')}", headers.get("origin", "//localhost")]
    try:
        return all(is_loopback(urlsplit(address).hostname or "") for address in addresses)
    except ValueError:  # no address at all
        return False
