"""Web pages of other sites that may call the service, by BentoML's own setting `http.cors`.

Our application is before BentoML's, where that setting would else be read in vain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

_DEFAULTS = {"allow_methods": ["GET", "POST"], "allow_headers": ["Content-Type", "X-API-Key"]}
_OF_THE_PAGE = frozenset((b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest"))


class CrossOrigin(CORSMiddleware):
    """Answers preflights, and lets the pages of the sites that are set in; the key is asked for."""

    def __init__(self, app: ASGIApp, options: Mapping[str, Any]) -> None:
        """Take BentoML's options, in which one value may stand for a list of one."""
        lists = {
            name: value.replace(",", " ").split() if isinstance(value, str) and "regex" not in name else value
            for name, value in options.items()
        }
        super().__init__(self._without_origin, **(_DEFAULTS | lists))
        self._application = app

    async def _without_origin(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; on loopback, a page that the setting lets in counts as none."""
        if scope["type"] == "http" and self.is_allowed_origin(Headers(scope=scope).get("origin", "")):
            kept = [(name, value) for name, value in scope["headers"] if name not in _OF_THE_PAGE]
            scope = {**scope, "headers": kept}
        await self._application(scope, receive, send)
