"""What runs on the nodes of a Ray cluster: a process with the model, on one core.

No Ray is imported here.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import models
from sentiment.bulk.model_archive import bound_to, unpack
from sentiment.config import read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models import Classifier, Scores
    from sentiment.bulk.model_archive import ModelArchive

CORES = 1  # of a worker: many small calculations on a core each are faster than large ones on many


class Worker:
    """Scores texts. `begin` comes first."""

    _model: Classifier

    def begin(self, archive: ModelArchive, factor: float) -> tuple[float, str, int]:
        """Load the model; return the temperature of its scores, this node's name and the process.

        Raises:
            EngineError: The model's files are damaged.
            ModelError: They are no model.
        """
        folder = unpack(archive, read_settings().home / "ray" / "models")
        with bound_to(CORES):
            self._model = models.load(folder)
        self._model.temperature_ *= factor
        return self._model.temperature_, socket.gethostname(), os.getpid()

    def score(self, texts: Sequence[str]) -> Scores:
        """Return the scores of raw texts, shape (n, 3)."""
        return self._model.predict_proba(texts)
