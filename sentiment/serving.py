"""The model that a worker serves: loaded, asked its probe tweet, and exchanged while requests run when the champion changes."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import models
from models import ModelError
from sentiment import store
from sentiment.errors import StoreError
from sentiment.tracing import child

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.trace import Tracer

    from models.base import Scores

_logger = logging.getLogger("bentoml.sentiment")


@dataclass(frozen=True)
class ServedModel:
    """A model and its tag, together: an answer's label and the version that it names come from one and the same."""

    model: models.SentimentModel
    tag: str
    lock: threading.Lock = field(default_factory=threading.Lock)  # TensorFlow and torch models are not promised to bear several threads

    def score(self, texts: Sequence[str], tracer: Tracer) -> Scores:
        """Return the scores of texts, one caller at a time."""
        with self.lock:
            with child(tracer, "tokenise"):
                tokens = self.model.tokenise(texts)
            with child(tracer, "inference"):
                return self.model.infer(tokens)


class Champion:
    """Holds the champion, and takes up a new one without a pause: requests that run end on the model that they began with.

    A new champion that cannot be loaded, or labels its probe tweet wrongly, changes nothing: the old one goes on.
    """

    def __init__(
        self, find: Callable[[], store.StoredModel] = store.champion, *, role: str = "champion", note: Callable[[bool], None] | None = None
    ) -> None:
        self._find, self._role, self._note = find, role, note
        self._served: ServedModel | None = None
        self._refused = ""
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
        return served is not None and served.lock.locked()

    def look(self) -> bool:
        """Load the champion if it is another one than is served; return whether it was exchanged."""
        try:
            if self._served and store.pointer() == self.tag:  # cheap: to find a model, the store reads what it holds
                self._refused = ""
                return False
            stored = self._find()
        except StoreError as error:
            return self._refuse("the store", str(error))
        if stored.tag in (self.tag, self._refused):
            return False
        try:
            served = ServedModel(models.load(stored.path), stored.tag)
            problem = _probe(served, stored)
        except ModelError as error:
            problem = str(error)
        except Exception as error:  # whatever a framework raises on files that it does not understand
            problem = f"the model {stored.tag} cannot be loaded ({type(error).__name__}): run 'make train' again"
        if problem:
            return self._refuse(stored.tag, problem)
        if self._served:
            _logger.warning("%s takes over from %s", served.tag, self.tag)
            self._count(is_taken_up=True)
        self._served, self.problem, self._refused = served, "", ""
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
            _logger.error("%s: %s", f"{self.tag} goes on" if self._served else f"the {self._role} is not ready", problem)
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
    return "" if label == expected else f"{served.tag} labels its probe tweet {label}, not {expected or 'known'}: run 'make train' again"
