"""The type of a path of the service, and of an admitted request; the list: `endpoints.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope


class Call(NamedTuple):
    """An admitted request; `body` is of the type that its path asks for, None without one."""

    scope: Scope
    receive: Receive
    body: Any


@dataclass(frozen=True)
class Path:
    """A path: what it is for, who may ask, and what answers.

    Attributes:
        summary: Of the description; a path without one is not described.
        answer: The method of `Endpoints` that answers; None where BentoML does.
        body: The type of a POST's body; None: the path is read by GET.
        returns: The type of a POST's answer, or the media type of a GET's.
        is_open: Whether it needs no key where the service has one.
        is_probe: Whether it leaves neither a span nor a count.
    """

    summary: str
    answer: Callable[[Any, Call], Awaitable[Response]] | None = None
    body: type[BaseModel] | None = None
    returns: Any = "text/plain"
    is_open: bool = False
    is_probe: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it takes, its own first."""
        return ("POST",) if self.body else ("GET", "HEAD")
