"""An engine scores a batch in pieces that are the same for every engine."""

from __future__ import annotations

import numpy as np
from bulk_fixtures import tweets

from sentiment.bulk import engine


def test_the_local_engine_scores_in_pieces_and_tells_how_far_it_is(served_model, monkeypatch):
    monkeypatch.setattr(engine, "TEXTS_AT_ONCE", 4)
    told = []

    scores = engine.LocalEngine(served_model).begin(tweets(11)).scores(told.append)

    assert told == [0, 4, 8]
    assert np.allclose(scores, served_model.predict_proba(tweets(11)))


def test_a_batch_without_a_text_has_no_scores(served_model):
    assert engine.LocalEngine(served_model).begin([]).scores(print).shape == (0, 3)
