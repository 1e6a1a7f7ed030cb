"""A time limit on Python work that knows of none, such as translating a query."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, TypeVar

from monitor import memory

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")
_PAUSE = 0.05


class _OutOfTime(BaseException):
    """Ends a thread whose work took too long; no `except Exception` holds it up."""


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """Return what the work returns, or raise what it raises; after so many seconds, end it.

    It runs in a thread of its own, in which the interpreter raises an exception: other threads know
    nothing of it. When the call returns, the thread has ended.

    Raises:
        TimeoutError: It took longer.
    """
    outcome: Future[Result] = Future()
    thread = threading.Thread(target=_run, args=(outcome, work), name="monitor-limited", daemon=True)
    with memory.reserve():
        thread.start()
    try:
        return outcome.result(seconds)
    except FutureTimeoutError:
        if outcome.done():  # the work's own TimeoutError
            raise
        _end(thread)
        raise TimeoutError(f"it took longer than {seconds:g} s") from None


def _run(outcome: Future[Result], work: Callable[[], Result]) -> None:
    with contextlib.suppress(_OutOfTime):  # it may come at any step; nobody waits any more
        try:
            outcome.set_result(work())
        except BaseException as error:  # whoever waits gets it
            outcome.set_exception(error)


def _end(thread: threading.Thread) -> None:
    identity = ctypes.c_ulong(thread.ident or 0)
    while thread.is_alive():  # a library's `finally` may swallow one
        ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, ctypes.py_object(_OutOfTime))
        thread.join(_PAUSE)
