"""The probe tweet of a stored model: one that it labels correctly, and the surest."""

import numpy as np
import pytest

from sentiment.champions import probe, store
from sentiment.errors import StoreError


class Stubborn:
    """A model with one answer to everything."""

    family = "tfidf"

    def __init__(self, *scores):
        self._scores = scores

    def predict_proba(self, texts):
        return np.array([self._scores] * len(texts))


def test_the_stored_probe_is_one_that_the_model_labels_correctly(home, served_model):
    metadata = store.find(store.save(served_model, metadata={})).metadata
    assert metadata["probe_text"] in probe.PROBES[metadata["probe_label"]]
    assert served_model.predict([metadata["probe_text"]]) == [metadata["probe_label"]]


def test_the_probe_is_the_one_with_the_highest_score():
    surest = probe.PROBES["positive"][1]

    class Unsure(Stubborn):
        def predict_proba(self, texts):
            return np.array([(0.0, 0.1, 0.9) if text == surest else (0.1, 0.2, 0.7) for text in texts])

    assert probe.choose_probe(Unsure()) == (surest, "positive")


def test_a_probe_that_the_model_gets_wrong_is_never_chosen():
    assert probe.choose_probe(Stubborn(0.1, 0.7, 0.2))[1] == "neutral"


def test_a_model_that_gets_every_probe_wrong_is_not_stored(home, monkeypatch):
    monkeypatch.setattr(probe, "PROBES", {"negative": ("awful",), "neutral": ("at nine",)})
    with pytest.raises(StoreError, match=r"none of 2 unmistakable tweets .*: train it on"):
        store.save(Stubborn(0.1, 0.2, 0.7), metadata={})
    assert not store.has_champion()
