"""The shadow: a challenger that also scores a share of the live texts, after their answers.

It never delays or fails a request: it waits until no request runs, its queue drops what it cannot
hold, and its errors are its own.
"""

from __future__ import annotations

import logging
import math
import os
import queue
import random
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.champions import store
from sentiment.errors import StoreError
from sentiment.serving.champion import Champion
from sentiment.telemetry.process import ShadowPrediction

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentiment.config import Settings

_logger = logging.getLogger("bentoml.sentiment")
_WAITING = 1024  # texts, four full batches; what comes while so many wait is not compared
_NICE = 10
_LOOK_SECONDS = 0.02
_IDLE_SECONDS = 0.5
_STOP_SECONDS = 1.0


@dataclass(frozen=True)
class Answered:
    """What the champion said of one text, and who asked."""

    text: str
    label: str
    score: float
    model: str
    prediction_id: str
    sender: str = ""


class Shadow:
    """Compares a share of the answers with what the shadow of the store would have said."""

    def __init__(
        self,
        settings: Settings,
        note: Callable[[Answered, ShadowPrediction], object],
        is_busy: Callable[[], bool],
    ) -> None:
        self._share = settings.shadow_share
        self._seconds = settings.reload_seconds
        self._note, self._is_busy = note, is_busy
        self._waiting: queue.Queue[Answered] = queue.Queue(_WAITING)
        self._model = Champion()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="shadow")
        self._seen = ""
        self._is_on = False

    def start(self) -> None:
        """Start the thread, unless the share is 0."""
        if self._share:
            self._thread.start()

    def offer(self, answered: Answered) -> None:
        """Let the shadow see a text perhaps; returns at once."""
        if self._is_on and random.random() < self._share:  # noqa: S311 - a sample
            try:
                self._waiting.put_nowait(answered)
            except queue.Full:
                return

    def stop(self) -> None:
        """End the thread; a comparison under way is noted first, unless it takes long."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)  # of this thread alone
        next_look = 0.0
        while not self._stop.is_set():
            if time.monotonic() >= next_look:  # by the clock: under steady traffic the queue is never empty
                self._look()
                next_look = time.monotonic() + (self._seconds or math.inf)
            try:
                answered = self._waiting.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                continue
            if not self._stop.is_set():
                self._compare(answered)

    def _look(self) -> None:
        """Take up the store's shadow if it changed; a failed one is not tried again."""
        stored, problem = None, ""
        try:
            stored = store.shadow()
        except StoreError as error:
            problem = str(error)
        except Exception as error:  # the thread must live on
            problem = f"the store failed with {type(error).__name__}"
        seen = stored.tag if stored else problem
        if seen == self._seen:
            return
        self._seen, self._is_on = seen, False
        if problem:
            _logger.error("no shadow: %s", problem)
        if stored:
            named = stored
            self._model = Champion(lambda: named, role="shadow", find_earlier=list)
            self._is_on = self._model.look()

    def _compare(self, answered: Answered) -> None:
        if not self._is_on:  # it waited for a shadow that has ended
            return
        while self._is_busy() and not self._stop.wait(_LOOK_SECONDS):
            pass
        try:
            served = self._model.get()
            row = served.model.predict_proba([answered.text])[0]
            said = ShadowPrediction(
                answered.text,
                predicted_label=answered.label,
                score=answered.score,
                model=answered.model,
                shadow_label=LABELS[int(row.argmax())],
                shadow_score=float(row.max()),
                shadow_model=served.tag,
            )
            self._note(answered, said)
        except Exception as error:  # the champion has answered; the shadow's trouble is nobody else's
            _logger.error(  # noqa: TRY400
                "the shadow %s failed with %s: it rests until another is named",
                self._model.tag,
                type(error).__name__,
            )
            self._is_on = False
