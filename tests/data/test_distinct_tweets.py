"""Distinct tweets: which label wins, and a split that never moves."""

from __future__ import annotations

import random

from labelled_rows import enough_rows, source_of, splits_by_text

from sentiment.data.dataset import prepare
from sentiment.data.distinct_tweets import choose_split
from sentiment.data.labelled_rows import Row


def test_adding_tweets_moves_no_old_one_and_shuffling_moves_none_at_all():
    rows = enough_rows()
    before = splits_by_text(prepare(source_of(rows), "rows"))

    grown = splits_by_text(prepare(source_of([*rows, *enough_rows(600)[300:]]), "rows"))
    shuffled = splits_by_text(prepare(source_of(random.Random(0).sample(rows, len(rows))), "rows"))

    assert {text: grown[text] for text in before} == before
    assert shuffled == before
    assert len(grown) > len(before)


def test_split_shares_are_about_eight_one_one():
    names = [choose_split(f"text {number}") for number in range(10_000)]

    assert 0.78 < names.count("train") / 10_000 < 0.82
    assert 0.085 < names.count("test") / 10_000 < 0.115


def test_a_contradiction_goes_to_the_label_with_more_confidence():
    rows = enough_rows()
    text = next(text for number in range(100) if choose_split(text := f"disputed tweet {number}") == "test")
    disputed = [
        Row(text, "negative", 0.4),
        Row(f"{text}!".upper(), "positive", 0.9),
        Row(text, "negative", 0.4),
    ]

    dataset = prepare(source_of(disputed + rows), "rows")

    labels = {
        text: label
        for split in dataset.splits.values()
        for text, label in zip(split.texts, split.labels, strict=True)
    }
    assert labels[text] == "positive"
    assert dataset.report.dropped["duplicate"] == 2
    assert dataset.report.contradictions == 1
