"""The model that a worker serves: loaded, probed, and exchanged while requests run."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import models
from models import ModelError
from models.attribution import advance, tokens_of
from sentiment.champions import store
from sentiment.champions.calibration import Calibration, load_calibrated, read_calibration
from sentiment.errors import StoreError
from sentiment.serving.batching import Batcher
from sentiment.telemetry.spans import timed_child

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.trace import Tracer

    from models.attribution import Variant, WordWeight

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0  # seconds
_logger = logging.getLogger("bentoml.sentiment")


class ServedModel:
    """A model with its calibration and tag, so that all of an answer is from the same model."""

    def __init__(self, model: models.Classifier, calibration: Calibration, most_waiting: int) -> None:
        self.model, self.tag, self.calibration = model, calibration.tag, calibration
        self._batcher = Batcher(self._compute, most_waiting=most_waiting, most_batches=model.calls_at_once)

    @property
    def is_busy(self) -> bool:
        """Whether it scores a text now."""
        return self._batcher.is_busy

    async def score(self, texts: Sequence[Variant], tracer: Tracer) -> list[list[float]]:
        """Return the scores of texts, one row each; texts of several callers are computed together.

        Raises:
            OverloadError: Too many texts wait already.
        """
        rows, (tokenised, inferred, ended) = await self._batcher.score(texts)
        timed_child(tracer, "tokenise", tokenised, inferred)
        timed_child(tracer, "inference", inferred, ended)
        return rows

    async def explain(self, text: str, scores: Sequence[float], tracer: Tracer) -> list[WordWeight]:
        """Return the weight of each word for the text's label; `scores` are those of the text.

        What has to be scored for it shares the batches of all callers, and waits as their texts do.

        Raises:
            OverloadError: Too many texts wait already.
        """
        explaining = self.model.explain(text, scores)
        variants, weights = await asyncio.to_thread(advance, explaining, None)
        while weights is None:
            rows = await self.score(variants, tracer)
            variants, weights = await asyncio.to_thread(advance, explaining, rows)
        return weights

    def _compute(self, texts: list[Variant]) -> tuple[list[list[float]], tuple[int, int, int]]:
        start = time.time_ns()
        tokens = tokens_of(self.model, texts)
        middle = time.time_ns()
        rows: list[list[float]] = self.model.infer(tokens).tolist()
        return rows, (start, middle, time.time_ns())


@dataclass(frozen=True)
class _Failure:
    """Why the last look exchanged nothing.

    Attributes:
        what: A model's tag, or whatever else failed; what failed last is not reported again.
        problem: The message.
        pause: Seconds before the next try, after a failure that may pass.
        until: The end of that pause, by the monotonic clock.
    """

    what: str = ""
    problem: str = ""
    pause: float = 0.0
    until: float = 0.0

    def after_pause(self, what: str, problem: str) -> _Failure:
        """Return the next failure that may pass: its pause is twice as long."""
        pause = min(_LONGEST_PAUSE, 2 * self.pause or _FIRST_PAUSE)
        return _Failure(what, problem, pause, time.monotonic() + pause)


class Champion:
    """Holds the champion, and exchanges it without a pause.

    A request ends on the model that it began with.

    A new champion that cannot be loaded, or labels its probe tweet wrongly, changes nothing: the
    old one goes on. At the start, the newest of the earlier champions that can be loaded serves
    instead.
    """

    def __init__(
        self,
        find: Callable[[], store.StoredModel] = store.champion,
        *,
        role: str = "champion",
        note: Callable[[bool], None] | None = None,
        most_waiting: int = 1,
        find_earlier: Callable[[], list[store.StoredModel]] = store.earlier_champions,
    ) -> None:
        self._find, self._find_earlier, self._role = find, find_earlier, role
        self._note, self._most_waiting = note, most_waiting
        self._served: ServedModel | None = None
        self._failure = _Failure(problem="no model is loaded yet")
        self._damage = ""
        self._stop = threading.Event()

    @property
    def problem(self) -> str:
        """Why no model is served; empty if one is."""
        return "" if self._served else self._failure.problem

    @property
    def warning(self) -> str:
        """Why another model is served than the champion; empty if it is the champion, or none."""
        return f"{self.tag} serves instead: {self._failure.problem}" if self._is_stand_in else ""

    @property
    def tag(self) -> str:
        """The tag of the model that is served, `none` if there is none."""
        return self._served.tag if self._served else "none"

    @property
    def _is_stand_in(self) -> bool:
        return self._served is not None and bool(self._failure.problem)

    def get(self) -> ServedModel:
        """Return the model to answer a request with.

        Raises:
            StoreError: None is ready; the message says why.
        """
        served = self._served
        if served is None:
            raise StoreError(self.problem)
        return served

    def is_busy(self) -> bool:
        """Return whether a request is being answered."""
        served = self._served
        return served is not None and served.is_busy

    def look(self) -> bool:
        """Load the champion unless it is served already; return whether it was exchanged."""
        try:
            # Cheap: to find a model, the store reads what it holds.
            if self._serves(store.pointer()):
                self._failure = _Failure()
                return False
            stored = self._find()
        except StoreError as error:
            return self._refuse(replace(self._failure, what="the store", problem=str(error)))
        is_tried_later = stored.tag == self._failure.what and time.monotonic() < self._failure.until
        if self._serves(stored.tag) or is_tried_later:
            return False
        try:
            served = _load(stored, self._calibration(stored.tag), self._most_waiting)
        except ModelError as error:
            return self._refuse(self._failure.after_pause(stored.tag, str(error)))
        # A lack of memory may pass, and workers of one service must not differ for ever.
        except Exception as error:
            kind = type(error).__name__
            problem = (
                f"the model {stored.tag} cannot be loaded ({kind}): it is tried again; else run 'make train'"
            )
            return self._refuse(self._failure.after_pause(stored.tag, problem))
        if self._served:
            calibration = f" (scores by {served.calibration.labels} labels of production)"
            what = served.tag + (calibration if served.calibration.labels else "")
            _logger.warning("%s takes over from %s", what, self.tag)
            self._count(is_taken_up=True)
        self._served, self._failure = served, _Failure()
        return True

    def watch(self, seconds: float) -> None:
        """Look every so many seconds, in the background, until `stop`; 0 seconds: never."""
        if seconds:
            threading.Thread(target=self._watch, args=(seconds,), daemon=True, name="champion").start()

    def stop(self) -> None:
        """End the looking."""
        self._stop.set()

    def _watch(self, seconds: float) -> None:
        while not self._stop.wait(seconds):
            try:
                self.look()
            except Exception as error:  # the thread must live on
                _logger.error("looking for a new champion failed with %s", type(error).__name__)  # noqa: TRY400

    def _serves(self, tag: str | None) -> bool:
        """Return whether the model of this tag is served, with its present calibration."""
        served = self._served
        return served is not None and served.tag == tag and served.calibration == self._calibration(tag)

    def _calibration(self, tag: str) -> Calibration:
        """Return a model's calibration; while it cannot be read, the one that is served stays."""
        served = self._served
        try:
            calibration = read_calibration(tag)
        except StoreError as error:
            if str(error) != self._damage:
                self._damage = str(error)
                _logger.error("the calibration of %s stays as it was: %s", tag, error)  # noqa: TRY400
            return served.calibration if served and served.tag == tag else Calibration(tag)
        self._damage = ""
        return calibration

    def _refuse(self, failure: _Failure) -> bool:
        """Report a failure once; without a served model it is why the service is not ready."""
        if failure.what != self._failure.what:
            state = f"{self.tag} goes on" if self._served else f"the {self._role} is not ready"
            _logger.error("%s: %s", state, failure.problem)
            if not self._served:
                self._fall_back()
            if self._served:
                self._count(is_taken_up=False)
        self._failure = failure
        return False

    def _fall_back(self) -> None:
        """Serve the newest of the earlier champions that can be loaded, if there is one."""
        try:
            earlier = self._find_earlier()
        except StoreError:  # what led here says why the store cannot be read
            return
        for stored in earlier:
            try:
                self._served = _load(stored, self._calibration(stored.tag), self._most_waiting)
            except Exception as error:  # whatever ails it, the next one may be whole
                _logger.error("%s does not serve either (%s)", stored.tag, type(error).__name__)  # noqa: TRY400
            else:
                remedy = "restore it, or run python -m flows.promote --rollback"
                _logger.warning("%s, an earlier champion, serves until it can: %s", stored.tag, remedy)
                return

    def _count(self, *, is_taken_up: bool) -> None:
        if self._note:
            self._note(is_taken_up)


def _load(stored: store.StoredModel, calibration: Calibration, most_waiting: int) -> ServedModel:
    """Load a model, calibrate its scores, and ask it its probe tweet.

    Raises:
        ModelError: It cannot be read, or labels its probe tweet wrongly.
    """
    served = ServedModel(load_calibrated(stored, calibration), calibration, most_waiting)
    text, expected = stored.metadata.get("probe_text", ""), stored.metadata.get("probe_label", "")
    label = served.model.predict([text])[0]
    if label != expected:
        raise ModelError(
            f"{served.tag} labels its probe tweet {label}, not {expected or 'known'}: run 'make train' again"
        )
    return served
