"""The probe tweet of a model: the one it is surest of; readiness asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models import LABELS
from sentiment.errors import StoreError
from sentiment.probe_tweets import PROBES

if TYPE_CHECKING:
    from models import Classifier


def choose_probe(model: Classifier) -> tuple[str, str]:
    """Return the probe tweet that the model labels correctly with the highest score, and its label.

    Raises:
        StoreError: There is none.
    """
    probes = [(text, label) for label, texts in PROBES.items() for text in texts]
    rows = model.predict_proba([text for text, _ in probes])
    correct = [
        (row.max(), probe)
        for row, probe in zip(rows, probes, strict=True)
        if LABELS[row.argmax()] == probe[1]
    ]
    if not correct:
        raise StoreError(
            f"the {model.family} model labels none of {len(probes)} unmistakable tweets correctly: "
            f"train it on more or better data"
        )
    return max(correct)[1]
