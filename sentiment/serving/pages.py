"""What the service shows beside its API: the page for people and `/docs.json`.

Nothing on the page comes from anywhere else.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from sentiment.serving.openapi import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

_PAGE = Path(__file__).with_name("page.html")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'"


def make_pages(title: str, model_tag: Callable[[], str]) -> Starlette:
    """Return the application that answers `/` and `/docs.json`; `model_tag` tells the model in service."""

    async def show_page(request: Request) -> HTMLResponse:
        content = _PAGE.read_text("utf-8").replace("{{model}}", html.escape(model_tag()))
        return HTMLResponse(content, headers={"Content-Security-Policy": _POLICY})

    async def show_docs(request: Request) -> JSONResponse:
        return JSONResponse(describe(title))

    return Starlette(routes=[Route("/", show_page), Route("/docs.json", show_docs)])
