"""The signals by which a job is cancelled: the first one stops a release, none its rollback."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)  # a cancelled job gets both, one after the other


def stop_when_cancelled() -> None:
    """Let the first signal raise KeyboardInterrupt; those after it are ignored."""
    for number in _SIGNALS:
        signal.signal(number, _stop)


@contextlib.contextmanager
def uncancellable() -> Iterator[None]:
    """Ignore all signals but SIGKILL until the block ends."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: object) -> NoReturn:
    for other in _SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt(f"stopped by signal {number}")
