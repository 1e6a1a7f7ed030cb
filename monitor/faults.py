"""Faults that tests cause on purpose: only a monitor started with `--allow-faults` has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KINDS = ("track", "query")


@dataclass
class Fault:
    """What to do with the next `times` requests: wait, and unless `status` is 200 answer with it."""

    status: int = 200
    times: int = 1
    retry_after: float | None = None
    delay: float = 0


class Faults:
    """The faults that are set, by kind of request."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}

    def set(self, wanted: Any) -> None:
        """Set faults from JSON such as `{"track": {"status": 429, "times": 2, "retry_after": 1, "delay": 0}}`.

        Raises:
            ValueError: It names no fault that there is.
        """
        try:
            faults = {kind: Fault(**fields) for kind, fields in wanted.items()}
            is_known = set(faults) <= set(KINDS)
            sound = all(
                200 <= fault.status < 600 and fault.times >= 0 and 0 <= fault.delay <= 600  # noqa: PLR2004
                for fault in faults.values()
            )
        except (AttributeError, TypeError) as error:
            raise ValueError(f"a fault has status, times, retry_after and delay: {error}") from error
        if not (is_known and sound):
            raise ValueError(
                f"faults are for {' and '.join(KINDS)}, with a status from 200 to 599 and a delay of at most 600 s"
            )
        self._faults |= faults

    def clear(self) -> None:
        """Let every request through again."""
        self._faults.clear()

    def next(self, kind: str) -> Fault | None:
        """Return the fault for this request, and count it."""
        fault = self._faults.get(kind)
        if fault is None or fault.times < 1:
            return None
        fault.times -= 1
        return fault
