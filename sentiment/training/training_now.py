"""What the training that runs now is doing: a file below SENTIMENT_HOME that the page reads."""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sentiment import durable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

FILE = "training.json"
_SILENT_SECONDS = 600.0  # a training that has told nothing for so long was killed
_STEP = re.compile(r"step (\d+)/(\d+)")


@dataclass(frozen=True)
class TrainingNow:
    """A training that runs.

    Attributes:
        families: The models that it trains, in this order.
        family: The one that it trains now.
        share: How much of that one is done, 0 to 1; None if it does not tell.
        seconds_left: Until that one is trained; None while it is not known.
        told_at: When this was written, in seconds since 1970.
    """

    families: tuple[str, ...]
    family: str
    share: float | None
    seconds_left: float | None
    told_at: float


@contextmanager
def telling(home: Path, families: Sequence[str]) -> Iterator[Callable[[str, str], None]]:
    """Yield a function that takes a family and a line of its progress, and writes them to the file.

    The file is removed at the end.
    """
    first: dict[str, tuple[float, float]] = {}

    def tell(family: str, line: str) -> None:
        step, now = _STEP.search(line), time.time()
        share = int(step[1]) / int(step[2]) if step else None
        seconds_left = None
        if share is not None:
            began, at = first.setdefault(family, (share, now))
            seconds_left = (now - at) / (share - began) * (1 - share) if share > began else None
        told = TrainingNow(tuple(families), family, share, seconds_left, now)
        with suppress(OSError):  # a full disk stops no training for this file
            durable.replace(home / FILE, json.dumps(asdict(told)).encode())

    try:
        yield tell
    finally:
        (home / FILE).unlink(missing_ok=True)


def read_training(home: Path) -> TrainingNow | None:
    """Return the training that runs now; None if there is none, or its file cannot be read."""
    try:
        content = json.loads((home / FILE).read_text("utf-8"))
        told = TrainingNow(**{**content, "families": tuple(content["families"])})
        return told if time.time() - told.told_at < _SILENT_SECONDS else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
