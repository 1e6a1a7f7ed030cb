"""Waiting for a condition, with a deadline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def wait_until(condition: Callable[[], T], *, seconds: float, pause: float = 0.5) -> T:
    """Return a condition's first true value; at the deadline return its last one, which is false.

    >>> wait_until(lambda: 7, seconds=1)
    7
    >>> wait_until(lambda: "", seconds=0)
    ''
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()) and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(pause, left))
    return value
