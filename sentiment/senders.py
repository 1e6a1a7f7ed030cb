"""Who sent a request, as a pseudonym: a keyed hash of the address, so that a flood from one place can be seen and nobody be named."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Scope

_address: ContextVar[str] = ContextVar("address", default="")


def client_address(scope: Scope, trusted_proxies: int) -> str:
    """Return the address of the client: the peer's own, or the one that the outermost of so many trusted proxies saw.

    Each proxy adds the address that it saw at the end of X-Forwarded-For; what stands before their entries anybody may have written.
    """
    hops = [part.strip() for value in Headers(scope=scope).getlist("x-forwarded-for") for part in value.split(",") if part.strip()]
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
    """Return the address of the request that runs; empty outside one."""
    return _address.get()
