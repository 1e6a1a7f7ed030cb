"""Where the page listens, and whether a visitor is at this machine; the port is a setting."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sentiment.loopback import ADDRESS, is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

# A proxy sends one of them; a browser never does.
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


def listening_host() -> str:
    """Return what Gradio's own variable GRADIO_SERVER_NAME says; unset or blank, it is loopback."""
    return os.environ.get("GRADIO_SERVER_NAME", "").strip() or ADDRESS


def is_here(address: str, headers: Mapping[str, str]) -> bool:
    """Return whether a request comes from this machine and, as far as one can see, by no proxy.

    >>> is_here("127.0.0.1", {}), is_here("127.0.0.1", {"x-real-ip": "192.0.2.7"})
    (True, False)
    """
    return is_loopback(address) and not any(name in headers for name in _FORWARDED)
