"""Loopback: which names mean this machine, and a guard for servers that answer this machine only.

The guard is plain ASGI, so that every server of ours can have it, whatever it is built on.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sentiment.plain_asgi import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentiment.plain_asgi import ASGIApp, Receive, Scope, Send

ADDRESS = "127.0.0.1"
_READ = frozenset((b"host", b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest"))
REFUSAL = f"this server answers this machine only: open it as http://{ADDRESS}"


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine only.

    >>> is_loopback("localhost"), is_loopback("[::1]"), is_loopback("0.0.0.0"), is_loopback("")
    (True, True, False, False)
    """
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def loopback_url(port: int) -> str:
    """Return the address of an HTTP server on a port of this machine, without a slash at the end.

    >>> loopback_url(8000)
    'http://127.0.0.1:8000'
    """
    return f"http://{ADDRESS}:{port}"


class LoopbackGuard:
    """Refuses with 403, where a server listens on loopback, what a web page of another site sends.

    That is a request made out to another host (a page that points its own name at 127.0.0.1, DNS
    rebinding), with another site's `Origin`, or that the browser calls `cross-site`. With
    `allows_links`, a link elsewhere may still open a page of this server in a tab.
    """

    def __init__(self, app: ASGIApp, *, host: str = ADDRESS, allows_links: bool = False) -> None:
        """Take the address that the server listens on: beyond loopback nothing is refused."""
        self._app = app
        self._is_active = is_loopback(host)
        self._allows_links = allows_links

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if (
            scope["type"] not in ("http", "websocket")
            or not self._is_active
            or is_ours(scope, allows_links=self._allows_links)
        ):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: a 403
        else:
            await refuse(send, 403, REFUSAL)


def is_ours(scope: Mapping[str, Any], *, allows_links: bool = False) -> bool:
    """Return whether a request names this machine, and no page of another site sent it."""
    headers = _headers(scope)
    addresses = f"//{headers.get('host', ADDRESS)}", headers.get("origin", f"//{ADDRESS}")
    if not all(map(_is_of_this_machine, addresses)):
        return False
    is_foreign = headers.get("sec-fetch-site") == "cross-site"
    return not is_foreign or (allows_links and scope.get("method") == "GET" and _opens_a_tab(headers))


@lru_cache(maxsize=64)  # every request asks, and nearly all ask the same
def _is_of_this_machine(address: str) -> bool:
    try:
        return is_loopback(urlsplit(address).hostname or "")
    except ValueError:  # no address at all
        return False


def _headers(scope: Mapping[str, Any]) -> dict[str, str]:
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in scope["headers"]  # their names are in lower case: ASGI
        if name in _READ
    }


def _opens_a_tab(headers: Mapping[str, str]) -> bool:
    """Return whether a person follows a link: the page that has the link cannot read the answer."""
    return (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == ("navigate", "document")
