"""Whose request it is: the address of its client, behind proxies too; a pseudonym is made of it.

So a flood from one sender can be seen, and nobody be named.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from starlette.types import Scope

_WITH_PORT = re.compile(r"\[(?P<v6>.+)\](?::\d+)?|(?P<v4>[\d.]+):\d+")  # as some gateways write it
_HOMES_OF_V6 = 64  # bits: whoever has one IPv6 address has the whole network


def client_address(scope: Scope, trusted_proxies: int) -> str:
    """Return the client's address: the peer's, or what the outermost trusted proxy saw.

    Each proxy adds the address that it saw at the end of X-Forwarded-For; what stands before their
    entries anybody may have written.
    """
    hops = [
        part.strip()
        for value in Headers(scope=scope).getlist("x-forwarded-for")
        for part in value.split(",")
        if part.strip()
    ]
    if trusted_proxies and hops:
        return hops[-min(trusted_proxies, len(hops))]
    return scope["client"][0] if scope.get("client") else ""


def read_sender(scope: Scope, trusted_proxies: int) -> str:
    """Return who sent a request: an IPv4 address, an IPv6 network, or what a proxy calls it."""
    return _without_port_and_host(client_address(scope, trusted_proxies))


@lru_cache(maxsize=1024)  # nearly all requests come from few
def _without_port_and_host(address: str) -> str:
    match = _WITH_PORT.fullmatch(address)
    bare = (match["v6"] or match["v4"]) if match else address
    try:
        parsed = ipaddress.ip_address(bare)
    except ValueError:
        return bare
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed), _HOMES_OF_V6), strict=False))
    return str(parsed)
