"""The ablation benchmark: its arms, its held-out tweets, and the form of a row."""

import pytest

from benchmarks import ablation
from benchmarks.ablation import ARMS, arms_for, related_rows, row
from sentiment.data.dataset import load_dataset


def test_without_related_tweets_no_arm_does_the_same_twice():
    assert arms_for(["tfidf", "keras", "bert"], has_related=True) == list(ARMS)
    assert [arm.name for arm in arms_for(["bert"], has_related=False)] == [
        "as it is",
        "without default corpus and push",
    ]


def test_nothing_of_the_data_is_among_the_related_tweets(corpus, corpus_file, tweets_file, monkeypatch):
    monkeypatch.setattr(ablation, "load_dataset", lambda: corpus)
    assert related_rows(corpus) is None
    assert len(related_rows(load_dataset(str(corpus_file)))[0]) == pytest.approx(
        len(corpus.train.texts), rel=0.01
    )

    mine = load_dataset(str(tweets_file))
    kept = related_rows(mine)[0]
    assert len(kept) > len(corpus.train.texts) - 3000
    assert not {text for split in mine.splits.values() for text in split.texts} & set(kept)


def test_a_row_has_means_spreads_and_paired_differences():
    reference, without = [(70.0, 60.0, 2.0), (72.0, 61.0, 4.0)], [(69.0, 61.0, 1.0), (70.0, 61.0, 2.0)]

    assert (
        row(ARMS[0], reference, reference) == "| tfidf | as it is | 71.00 ± 1.41 | 60.50 ± 0.71 |  |  | 3 s |"
    )
    found = row(ARMS[1], without, reference)
    assert (
        found
        == "| tfidf | without ratios | 69.50 ± 0.71 | 61.00 ± 0.00 | -1.50 ± 0.71 | +0.50 ± 0.71 | 2 s |"
    )
