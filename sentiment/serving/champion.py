"""The model that a worker serves: loaded, asked its probe tweet, and exchanged while requests run when the champion changes."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import models
from models import ModelError
from models.attribution import advance, tokens_of
from sentiment.champions import store
from sentiment.errors import StoreError
from sentiment.serving.batching import Batcher
from sentiment.serving.score_cache import ScoreCache
from sentiment.telemetry.spans import describe, timed_child

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.trace import Tracer

    from models.attribution import Variant, WordWeight

_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0  # seconds
_logger = logging.getLogger("bentoml.sentiment")


@dataclass(frozen=True)
class Limits:
    """How many texts may wait for a model, and how many it remembers the scores of."""

    waiting_texts: int = 1
    cached_texts: int = 0


class ServedModel:
    """A model and its tag, together: an answer's label and the version that it names come from one and the same."""

    def __init__(self, model: models.Classifier, tag: str, limits: Limits) -> None:
        self.model, self.tag = model, tag
        self._batcher = Batcher(
            self._compute, most_waiting=limits.waiting_texts, most_batches=model.calls_at_once
        )
        self._cache = ScoreCache(limits.cached_texts) if limits.cached_texts else None

    @property
    def is_busy(self) -> bool:
        """Whether it scores a text now."""
        return self._batcher.is_busy

    async def score(self, texts: Sequence[str], tracer: Tracer) -> list[list[float]]:
        """Return the scores of texts, one row each; texts of several callers are computed together.

        Raises:
            OverloadError: Too many texts wait already.
        """
        if self._cache is None:
            return await self._score(texts, tracer)
        known = self._cache.find(texts)
        describe({"cached": len(known)})
        if new := [text for text in dict.fromkeys(texts) if text not in known]:
            scored = dict(zip(new, await self._score(new, tracer), strict=True))
            self._cache.keep(scored)
            known |= scored
        return [known[text] for text in texts]

    async def explain(self, text: str, scores: Sequence[float], tracer: Tracer) -> list[WordWeight]:
        """Return how much each word of a text moved the score of its label; `scores` are those of the text.

        What has to be scored for it shares the batches of all callers, and waits as their texts do.

        Raises:
            OverloadError: Too many texts wait already.
        """
        explaining = self.model.explain(text, scores)
        variants, weights = await asyncio.to_thread(advance, explaining, None)
        while weights is None:
            rows = await self._score(variants, tracer)
            variants, weights = await asyncio.to_thread(advance, explaining, rows)
        return weights

    async def _score(self, texts: Sequence[Variant], tracer: Tracer) -> list[list[float]]:
        rows, (tokenised, inferred, ended) = await self._batcher.score(texts)
        timed_child(tracer, "tokenise", tokenised, inferred)
        timed_child(tracer, "inference", inferred, ended)
        return rows

    def _compute(self, texts: list[Variant]) -> tuple[list[list[float]], tuple[int, int, int]]:
        start = time.time_ns()
        tokens = tokens_of(self.model, texts)
        middle = time.time_ns()
        rows: list[list[float]] = self.model.infer(tokens).tolist()
        return rows, (start, middle, time.time_ns())


class Champion:
    """Holds the champion, and takes up a new one without a pause: requests that run end on the model that they began with.

    A new champion that cannot be loaded, or labels its probe tweet wrongly, changes nothing: the
    old one goes on.
    """

    def __init__(
        self,
        find: Callable[[], store.StoredModel] = store.champion,
        *,
        role: str = "champion",
        note: Callable[[bool], None] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._find, self._role, self._note, self._limits = find, role, note, limits or Limits()
        self._served: ServedModel | None = None
        self._refused = ""  # what was said to be wrong last
        self._pause, self._next_try = 0.0, 0.0  # after a failure that may pass
        self.problem = "no model is loaded yet"
        self._stop = threading.Event()

    @property
    def tag(self) -> str:
        """The tag of the model that is served, `none` if there is none."""
        return self._served.tag if self._served else "none"

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
        """Load the champion if it is another one than is served; return whether it was exchanged."""
        try:
            # Cheap: to find a model, the store reads what it holds.
            if self._served and store.pointer() == self.tag:
                self._refused, self._pause, self._next_try = "", 0.0, 0.0
                return False
            stored = self._find()
        except StoreError as error:
            return self._refuse("the store", str(error))
        if stored.tag in (self.tag, self._refused) or time.monotonic() < self._next_try:
            return False
        try:
            served = ServedModel(models.load(stored.path), stored.tag, self._limits)
            problem = _probe(served, stored)
        except ModelError as error:
            problem = str(error)
        # A lack of memory may pass, and workers of one service must not differ for ever.
        except Exception as error:
            self._pause = min(_LONGEST_PAUSE, 2 * self._pause or _FIRST_PAUSE)
            self._next_try = time.monotonic() + self._pause
            passing = f"the model {stored.tag} cannot be loaded ({type(error).__name__}): it is tried again; else run 'make train'"
            return self._refuse(f"{stored.tag}, {type(error).__name__}", passing)
        if problem:
            return self._refuse(stored.tag, problem)
        if self._served:
            _logger.warning("%s takes over from %s", served.tag, self.tag)
            self._count(is_taken_up=True)
        self._served, self.problem, self._refused, self._pause = served, "", "", 0.0
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

    def _refuse(self, what: str, problem: str) -> bool:
        """Say once what is wrong; without a model in place it is why the service is not ready."""
        if what != self._refused:
            _logger.error(
                "%s: %s", f"{self.tag} goes on" if self._served else f"the {self._role} is not ready", problem
            )
            if self._served:
                self._count(is_taken_up=False)
        self._refused = what
        self.problem = "" if self._served else problem
        return False

    def _count(self, *, is_taken_up: bool) -> None:
        if self._note:
            self._note(is_taken_up)


def _probe(served: ServedModel, stored: store.StoredModel) -> str:
    """Ask a model its probe tweet; return what is wrong, in words, or nothing."""
    text, expected = stored.metadata.get("probe_text", ""), stored.metadata.get("probe_label", "")
    label = served.model.predict([text])[0]
    return (
        ""
        if label == expected
        else f"{served.tag} labels its probe tweet {label}, not {expected or 'known'}: run 'make train' again"
    )
