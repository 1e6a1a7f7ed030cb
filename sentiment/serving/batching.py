"""Dynamic batching: the texts that arrive while the model computes become the next batch.

No request waits for others to arrive: a lone one is computed at once. Under load a batch takes a
share of every waiting request, so that one of 256 texts delays no other.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment.errors import OverloadError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.attribution import Variant

    Row = list[float]
    # When tokenising began, inference began and inference ended, in nanoseconds since 1970.
    Moments = tuple[int, int, int]
    Score = Callable[[list[Variant]], tuple[list[Row], Moments]]

MOST_TEXTS = 64  # of one batch: larger ones are no faster per text, and delay what arrives later
_RATE_MEMORY = 0.9  # how slowly the measured rate forgets


@dataclass(eq=False)
class _Request:
    """Texts that wait for their scores together; `rows` has one per text when `missing` is 0."""

    texts: Sequence[Variant]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[tuple[list[Row], Moments]]
    rows: list[Row]
    missing: int
    taken: int = 0
    moments: Moments = (0, 0, 0)


@dataclass(frozen=True)
class _Share:
    """What a batch takes of a request: the texts from `start` on."""

    request: _Request
    start: int
    texts: Sequence[Variant]

    def keep(self, rows: list[Row], moments: Moments) -> None:
        """Store the scores of these texts in their request."""
        self.request.rows[self.start : self.start + len(rows)] = rows
        self.request.missing -= len(rows)
        self.request.moments = moments


Ended = tuple[_Request, Exception | None]


class Batcher:
    """Lets many coroutines share one model."""

    def __init__(self, score: Score, *, most_waiting: int, most_batches: int = 1) -> None:
        """Take the function that scores a batch, and the limits.

        Args:
            score: Scores a list of texts; called in threads.
            most_waiting: Texts that may wait before more are refused.
            most_batches: Batches that are scored at once.
        """
        self._score, self._most_waiting, self._most_batches = score, most_waiting, most_batches
        self._lock = threading.Lock()
        self._requests: deque[_Request] = deque()
        self._waiting = self._running = 0  # texts; threads
        self._texts_per_second = 0.0
        self._threads = ThreadPoolExecutor(most_batches, "batches")

    @property
    def is_busy(self) -> bool:
        """Whether a text is being scored or waits."""
        return self._running > 0

    async def score(self, texts: Sequence[Variant]) -> tuple[list[Row], Moments]:
        """Return one row of scores per text, and when its last batch was scored.

        A caller that is cancelled costs nothing more.

        Raises:
            OverloadError: Too many texts wait already.
            Exception: Whatever the model raises on these very texts; texts of others never fail a
                request.
        """
        loop = asyncio.get_running_loop()
        request = _Request(texts, loop, loop.create_future(), [[]] * len(texts), len(texts))
        with self._lock:
            if self._waiting and self._waiting + len(texts) > self._most_waiting:
                raise OverloadError(self._waiting, self._seconds_to_wait())
            self._requests.append(request)
            self._waiting += len(texts)
            if self._running < self._most_batches:
                self._running += 1
                self._threads.submit(self._run)
        return await request.answer

    def _run(self) -> None:
        """Score batches until nothing waits."""
        while batch := self._take():
            start = time.perf_counter()
            ended = self._compute(batch)
            self._note_rate(sum(len(share.texts) for share in batch) / (time.perf_counter() - start))
            _deliver(ended)

    def _take(self) -> list[_Share]:
        """Return the next batch; none, and the end of the run, if nothing waits."""
        with self._lock:
            self._drop(lambda request: request.answer.cancelled())
            batch: list[_Share] = []
            room = MOST_TEXTS
            for left in range(len(self._requests), 0, -1):
                if not room:
                    break
                request = self._requests.popleft()
                texts = request.texts[request.taken : request.taken + max(1, room // left)]
                batch.append(_Share(request, request.taken, texts))
                request.taken += len(texts)
                room -= len(texts)
                self._waiting -= len(texts)
                if request.taken < len(request.texts):
                    self._requests.append(request)
            self._running -= not batch
            return batch

    def _drop(self, is_over: Callable[[_Request], bool]) -> None:
        """Forget what waits of requests that nobody needs any more."""
        for request in [request for request in self._requests if is_over(request)]:
            self._requests.remove(request)
            self._waiting -= len(request.texts) - request.taken

    def _compute(self, batch: list[_Share]) -> list[Ended]:
        """Score a batch; return the completed requests. If it fails, score each share alone."""
        try:
            rows, moments = self._score([text for share in batch for text in share.texts])
        except Exception as error:
            return (
                self._fail(batch[0].request, error)
                if len(batch) == 1
                else [ended for share in batch for ended in self._compute([share])]
            )
        with self._lock:
            start = 0
            for share in batch:
                share.keep(rows[start : start + len(share.texts)], moments)
                start += len(share.texts)
            return [(share.request, None) for share in batch if not share.request.missing]

    def _fail(self, request: _Request, error: Exception) -> list[Ended]:
        with self._lock:
            self._drop(lambda other: other is request)
        return [(request, error)]

    def _note_rate(self, rate: float) -> None:
        everyone = rate * max(1, self._running)
        self._texts_per_second = (
            _RATE_MEMORY * (self._texts_per_second or everyone) + (1 - _RATE_MEMORY) * everyone
        )

    def _seconds_to_wait(self) -> float:
        return self._waiting / self._texts_per_second if self._texts_per_second else 1.0


def _deliver(ended: list[Ended]) -> None:
    """Answer requests in their event loops: one call per loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Ended]] = {}
    for request, error in ended:
        by_loop.setdefault(request.loop, []).append((request, error))
    for loop, several in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it all that waited
            loop.call_soon_threadsafe(_answer, several)


def _answer(ended: list[Ended]) -> None:
    for request, error in ended:
        if request.answer.done():  # cancelled by its caller, or failed in another batch
            continue
        if error:
            request.answer.set_exception(error)
        else:
            request.answer.set_result((request.rows, request.moments))
