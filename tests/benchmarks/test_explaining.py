"""The benchmark of explanations tells a faithful order of words from a random one."""

import numpy as np

import models
from benchmarks.explaining import losses, report, weights_by_leaving_out
from models.attribution import explain
from sentiment.data.dataset import DataReport, Dataset, Split

SHORT = "at the gate I love this"  # a model leaves out every word of it
TEXT = "the train to Boston stops here and we are waiting at the gate but I love this so much"


def test_the_heaviest_words_cost_a_label_more_than_the_lightest(tfidf_model):
    weights = weights_by_leaving_out(tfidf_model, SHORT)
    falling = sorted(range(len(weights)), key=lambda number: -weights[number])

    assert weights == [one.weight for one in explain(tfidf_model, SHORT)]
    heavy, light = losses(tfidf_model, SHORT, falling), losses(tfidf_model, SHORT, falling[::-1])
    assert all(first > second for (first, _), (second, _) in zip(heavy, light, strict=True))
    assert losses(tfidf_model, SHORT, falling)[0][0] == np.max(weights)


def test_the_tables_have_a_row_per_model_and_count(tfidf_model, tmp_path):
    tfidf_model.export(tmp_path, [TEXT])
    split = Split((TEXT,) * 50, ("positive",) * 50)
    lines = report(
        [models.load(tmp_path)],
        Dataset("tweets", "here", split, split, split, DataReport(50, {}, 0, {}, {}), "digest"),
        tweets=2,
    ).splitlines()

    assert [line.split(" | ")[:2] for line in lines if line.startswith("| tfidf")] == [
        ["| tfidf", name] for name in ("1", "2", "3", "15 to 30 words", "1000 characters")
    ]
