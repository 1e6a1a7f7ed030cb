"""Prepared datasets: what is kept, what is dropped, samples, and the file that holds one."""

from __future__ import annotations

import json

import pytest
from labelled_rows import enough_rows, source_of

from sentiment.data.dataset import Dataset, load_dataset, prepare
from sentiment.data.labelled_rows import Row
from sentiment.errors import DataError


def test_every_row_of_the_default_corpus_is_kept_or_dropped_for_a_reason(corpus):
    kept = sum(len(split.texts) for split in corpus.splits.values())

    assert corpus.report.rows_read == 38_158
    assert kept + sum(corpus.report.dropped.values()) == 38_158
    assert kept == sum(count for by_label in corpus.report.counts.values() for count in by_label.values())
    assert sum(corpus.report.lengths.values()) == kept


def test_the_default_corpus_is_always_the_same(corpus):
    assert corpus.digest == "861028b98e034c682f1a8ea4b36e84881552715eb6558ee16fd2e3d454599135"


def test_labels_hardly_better_than_chance_are_not_trained_on_but_tested_on():
    rows = [Row(row.text, row.label, 0.39) for row in enough_rows()]

    doubtful = prepare(source_of(rows[:150] + enough_rows()[150:]), "rows")
    sure = prepare(source_of(enough_rows()), "rows")

    assert (
        doubtful.report.dropped["low confidence"] == len(sure.train.texts) - len(doubtful.train.texts) > 100
    )
    assert (doubtful.validation, doubtful.test) == (sure.validation, sure.test)


def test_dropped_rows_are_counted_by_reason():
    rows = [*enough_rows(), Row(" \u200b ", "neutral"), Row("one two three four five six", "neutral")]
    rows += [
        Row("ONE two three four five six http://t.co/x", "neutral"),
        Row("one two three four five six seven", "neutral"),
    ]

    report = prepare(source_of(rows), "rows").report

    none = {"too long": 0, "low confidence": 0}
    assert report.dropped == {"empty": 1, "duplicate": 1, "near-duplicate": 1, **none}


def test_a_saved_dataset_loads_equal_and_a_damaged_one_is_refused(tmp_path):
    dataset = prepare(source_of(enough_rows()), "rows")
    dataset.save(tmp_path)

    assert Dataset.load(tmp_path) == dataset

    path = tmp_path / "dataset.json"
    content = json.loads(path.read_text("utf-8"))
    content["test"]["labels"][0] = "neutral" if content["test"]["labels"][0] != "neutral" else "positive"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(DataError, match="does not match its digest"):
        Dataset.load(tmp_path)


def test_a_sample_keeps_every_label_in_every_split(corpus):
    sample = corpus.sample(400)

    assert 380 < sum(len(split.texts) for split in sample.splits.values()) < 440
    assert all(count >= 2 for by_label in sample.report.counts.values() for count in by_label.values())
    assert sample == corpus.sample(400)
    assert set(sample.test.texts) <= set(corpus.test.texts)


def test_one_class_only_is_refused(tmp_path):
    path = tmp_path / "tweets.csv"
    path.write_text("text,label\n" + "".join(f"{row.text},positive\n" for row in enough_rows()), "utf-8")

    with pytest.raises(DataError, match="the train split has no 'negative' row"):
        load_dataset(str(path))
