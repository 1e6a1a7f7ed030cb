"""What computes the scores of a file's batches: this process, or the workers of a cluster.

Reading, checking and writing are the same for every engine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from models import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from models import Classifier, Scores

TEXTS_AT_ONCE = 1024  # enough to sort by length, few enough to show progress

Told = Callable[[int], object]  # how many texts of a batch are scored


class Pending(ABC):
    """A batch of texts whose scores are being computed."""

    @abstractmethod
    def scores(self, tell: Told) -> Scores:
        """Return the scores, shape (n, 3), in the order of the texts; wait for them if necessary.

        Raises:
            EngineError: They cannot be computed.
            ModelError: The model cannot be loaded.
        """


class Engine(ABC):
    """Computes scores. Each engine gives a text of a batch the same scores.

    Attributes:
        temperature: That of the scores, which a resumed run must share.
        most_waiting: How many batches of a file may be under way; they are held in memory.
        files_at_once: How many files to read at once.
    """

    temperature: float
    most_waiting: int = 1
    files_at_once: int = 1

    @abstractmethod
    def begin(self, texts: Sequence[str]) -> Pending:
        """Begin a batch; several threads may do so."""


class LocalEngine(Engine):
    """Computes in this process, a batch at a time."""

    def __init__(self, model: Classifier) -> None:
        self._model = model
        self.temperature = model.temperature_

    def begin(self, texts: Sequence[str]) -> Pending:  # noqa: D102 - as promised above
        return _LocalPending(self._model, texts)


class _LocalPending(Pending):
    def __init__(self, model: Classifier, texts: Sequence[str]) -> None:
        self._model, self._texts = model, texts

    def scores(self, tell: Told) -> Scores:
        done = []
        for start, texts in pieces(self._texts):
            tell(start)
            done.append(self._model.predict_proba(texts))
        return joined(done)


def pieces(texts: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """Return a batch in the pieces that a model scores at once, each after its place."""
    return ((start, texts[start : start + TEXTS_AT_ONCE]) for start in range(0, len(texts), TEXTS_AT_ONCE))


def joined(scores: Sequence[Scores]) -> Scores:
    """Return the scores of a batch's pieces as those of the batch; of no piece, none."""
    return np.concatenate([np.empty((0, len(LABELS))), *scores])
