"""The rows of a TF-IDF search: what is learned, and what judges."""

import numpy as np

from models.learning import TrainingData
from models.tfidf_rows import NEVER, SearchRows

DATA = TrainingData(
    list("abcdef"),
    ["negative", "neutral", "positive"] * 2,
    (["v", "w", "x"], ["positive", "neutral", "negative"]),
    repeats=[1, 1, 1, 1, 1, 4],
    supplement=(["s", "t"], ["positive", "negative"]),
)


def test_a_supplement_is_learned_in_every_fold_and_judged_in_none():
    rows = SearchRows.of(DATA, seed=0)

    assert rows.texts == [*"abcdef", "s", "t", "v", "w", "x"]
    assert rows.targets.tolist()[6:] == [2, 0, 2, 1, 0]
    assert (rows.folds[6:8] == NEVER).all()
    for number in range(3):
        learnt, judged = rows.fold(number)
        assert {6, 7} <= set(learnt.tolist())
        assert not {6, 7} & set(judged.tolist())
        assert not set(learnt.tolist()) & set(judged.tolist())


def test_what_counts_several_times_is_learned_so_and_the_supplement_once():
    rows = SearchRows.of(DATA, seed=0)

    assert rows.learned.tolist() == [0, 1, 2, 3, 4, *[5] * 4, 6, 7]
    assert np.flatnonzero(rows.is_heavy).tolist() == [5]
