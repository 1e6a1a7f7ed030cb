"""Answers that all viewers of the monitor share: each query runs once, its last result is kept."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from page.ranges import floor
from sentiment.errors import SentiloopError

if TYPE_CHECKING:
    import pandas as pd

_LOG = logging.getLogger(__name__)

FRESH = timedelta(seconds=5)
_AT_ONCE = 5  # as many as Azure runs at the same time for one user
_KEPT = 256


class Reader(Protocol):
    """The protocol of `sentiment.supervision.reader.LogsReader`, which runs queries."""

    def frame(self, query: str, period: tuple[datetime, datetime]) -> pd.DataFrame:
        """Return the rows of one query."""


@dataclass(frozen=True)
class Question:
    """A query and its period; `step` rounds the beginning, so that no step is cut."""

    query: str
    length: timedelta
    step: timedelta = FRESH


@dataclass(frozen=True)
class Answer:
    """The last good rows and their time, the newest attempt's error, and whether one is running."""

    frame: pd.DataFrame | None = None
    at: datetime | None = None
    error: BaseException | None = None
    is_waiting: bool = True


@dataclass
class _Slot:
    """One question's newest attempt, when it began, and its last good answer."""

    running: Future[pd.DataFrame]
    asked: datetime
    last: Answer = Answer()


class Answers:
    """Runs questions for all viewers; thread-safe.

    Ten viewers of the same charts cost one set of queries every five seconds.
    """

    def __init__(
        self, make_reader: Callable[[], Reader], clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Take a function that makes the reader; it is called until it succeeds."""
        self._make_reader, self._clock = make_reader, clock
        self._reader: Reader | None = None
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="monitor-query")
        self._lock, self._making = threading.Lock(), threading.Lock()
        self._slots: OrderedDict[Question, _Slot] = OrderedDict()

    def now(self) -> datetime:
        """Return the end of the current five seconds: the moment up to which questions look."""
        return floor(self._clock(), FRESH) + FRESH

    def ask(self, questions: Iterable[Question], timeout: float) -> list[Answer]:
        """Return the answers known after `timeout` seconds; unfinished queries run on."""
        with self._lock:
            slots = [self._slot(question) for question in questions]
        wait([slot.running for slot in slots], timeout)
        with self._lock:
            return [self._answer(slot) for slot in slots]

    def _slot(self, question: Question) -> _Slot:
        """Return the question's slot, with a new attempt where the newest is over and stale."""
        now = self.now()
        slot = self._slots.get(question)
        if slot is None or (slot.running.done() and slot.asked < now):
            last = self._answer(slot) if slot else Answer()
            slot = self._slots[question] = _Slot(self._pool.submit(self._read, question, now), now, last)
        self._slots.move_to_end(question)
        while len(self._slots) > _KEPT:
            self._slots.popitem(last=False)
        return slot

    def _read(self, question: Question, now: datetime) -> pd.DataFrame:
        try:
            with self._making:  # one reader, however many first questions there are
                if self._reader is None:
                    self._reader = self._make_reader()
            return self._reader.frame(question.query, (floor(now - question.length, question.step), now))
        except SentiloopError:
            raise
        except Exception:
            _LOG.exception("a query of the monitor failed in a way that nobody foresaw")
            raise

    def _answer(self, slot: _Slot) -> Answer:
        if not slot.running.done():
            return replace(slot.last, is_waiting=True)
        error = slot.running.exception()
        if error is None:
            return Answer(slot.running.result(), slot.asked, is_waiting=False)
        return Answer(slot.last.frame, slot.last.at, error, is_waiting=False)
