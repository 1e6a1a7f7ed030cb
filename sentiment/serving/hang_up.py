"""Work that ends when the client hangs up: nobody would read its answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sentiment.serving.http_errors import CLIENT_HUNG_UP, RefusedError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from starlette.types import Receive

Result = TypeVar("Result")


async def while_connected(receive: Receive, work: Coroutine[Any, Any, Result]) -> Result:
    """Return what the work returns, or cancel it when the client hangs up.

    Raises:
        RefusedError: The client hung up.
    """
    task = cast("asyncio.Task[Any]", asyncio.current_task())

    def stop(_: object) -> None:
        task.cancel()

    listening = asyncio.ensure_future(_hang_up(receive))
    listening.add_done_callback(stop)
    try:
        return await work
    except asyncio.CancelledError:
        if not listening.done():  # time is over, or the server ends
            raise
        task.uncancel()
        raise RefusedError(CLIENT_HUNG_UP, "the client hung up") from None
    finally:
        listening.remove_done_callback(stop)
        listening.cancel()


async def _hang_up(receive: Receive) -> None:
    """Return when the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass
