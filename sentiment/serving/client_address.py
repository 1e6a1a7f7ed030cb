"""Who sent a request, as a pseudonym: a keyed hash of the address, so that a flood from one place can be seen and nobody be named."""

from __future__ import annotations

import ipaddress
import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Scope

_WITH_PORT = re.compile(r"\[(?P<v6>.+)\](?::\d+)?|(?P<v4>[\d.]+):\d+")  # as some gateways write it
_HOMES_OF_V6 = 64  # bits: whoever has one IPv6 address has the whole network

_address: ContextVar[str] = ContextVar("address", default="")


def client_address(scope: Scope, trusted_proxies: int) -> str:
    """Return the address of the client: the peer's own, or the one that the outermost of so many trusted proxies saw.

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


@contextmanager
def sent_from(address: str) -> Iterator[None]:
    """Let `sender` know the address for as long as the request lasts."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


def sender() -> str:
    """Return whose request runs: an IPv4 address, an IPv6 network, or whatever else a proxy calls it; empty outside a request."""
    address = _address.get()
    found = _WITH_PORT.fullmatch(address)
    bare = (found["v6"] or found["v4"]) if found else address
    try:
        parsed = ipaddress.ip_address(bare)
    except ValueError:
        return bare
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed), _HOMES_OF_V6), strict=False))
    return str(parsed)
