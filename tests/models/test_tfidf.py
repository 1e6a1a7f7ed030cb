"""The search and the features of TF-IDF: what is counted, weighed and raced, and on which rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from progress import quiet

import models
from models import LABELS, TrainingData


def test_tfidf_counts_ngrams_once_for_all_folds_and_classifiers_and_once_for_the_model(
    small_corpus, monkeypatch
):
    from sklearn.feature_extraction.text import CountVectorizer

    calls = []
    original = CountVectorizer.fit_transform
    monkeypatch.setattr(
        CountVectorizer, "fit_transform", lambda self, *args: calls.append(self) or original(self, *args)
    )

    model = models.create("tfidf", features=("words (1,2)", "characters (2,5)")).fit(
        TrainingData(*small_corpus, validation=small_corpus), progress=quiet
    )

    assert len(calls) == 2 + 1
    assert len(model.trials) == 2 * 3 * 2


@pytest.mark.parametrize("part", ["reference", "words_1", "words_2", "characters"])
def test_tfidf_weighs_the_ngrams_of_a_fold_as_a_vectoriser_of_its_own_rows_would(small_corpus, part):
    from sklearn.feature_extraction.text import TfidfVectorizer

    from models import tfidf_features as tfidf

    texts = [f"{text} {'again and again' * (number % 3)}" for number, text in enumerate(small_corpus[0])]
    held_out = np.arange(len(texts)) % 3 == 0
    vectorizer = TfidfVectorizer(**tfidf.OPTIONS[part])
    expected = vectorizer.fit_transform([text for text, out in zip(texts, held_out, strict=True) if not out])

    learnt, judged = tfidf.weigh(
        part, tfidf.count(part, texts), np.flatnonzero(~held_out), np.flatnonzero(held_out)
    )

    np.testing.assert_allclose(learnt.toarray(), expected.toarray(), atol=1e-6)
    others = vectorizer.transform([text for text, out in zip(texts, held_out, strict=True) if out])
    np.testing.assert_allclose(judged.toarray(), others.toarray(), atol=1e-6)


def test_tfidf_tries_what_is_far_behind_on_one_fold_only_and_chooses_among_the_others(
    small_corpus, monkeypatch
):
    """With next to no weights a classifier says `positive` of all, here the most frequent label."""
    kept = [
        (text, label)
        for number, (text, label) in enumerate(zip(*small_corpus, strict=True))
        if label == "positive" or number % 3
    ]
    rows = tuple(zip(*kept, strict=True))
    model = models.create(
        "tfidf", features=("words (1,2)",), regularisations=(1e-9, 1.0), class_weights=(None,)
    )
    data = TrainingData(*rows, validation=rows)
    raced = model.fit(data, progress=quiet).trials
    monkeypatch.setattr("models.tfidf._STANDARD_ERRORS", 1000)
    searched = model.fit(data, progress=quiet).trials

    assert [(trial["C"], trial["folds"]) for trial in raced] == [(1e-9, 1), (1.0, 3)]
    assert [trial["folds"] for trial in searched] == [3, 3]
    assert raced[1] == searched[1]  # the same figures, whatever else was tried
    assert model.hyperparameters["C"] == 1.0


def test_tfidf_weighs_an_ngram_by_how_well_it_tells_labels_apart():
    """Three texts, one of each label; the first column is in all, the second in the first."""
    from scipy.sparse import csr_matrix

    from models.tfidf_features import log_count_ratios

    ratios = log_count_ratios(csr_matrix([[0.5, 0.5], [1.0, 0.0], [1.0, 0.0]]), np.array([0, 1, 2]))

    # one more everywhere: the first label has 2 and 2 entries, the others together 4 and 2; the
    # other labels 2 and 1 against 4 and 3
    even = max(abs(np.log((2 / 4) / (4 / 6))), abs(np.log((2 / 3) / (4 / 7))))
    telling = max(abs(np.log((2 / 4) / (2 / 6))), abs(np.log((1 / 3) / (3 / 7))))
    np.testing.assert_allclose(ratios, np.sqrt(np.array([even, telling]) / np.mean([even, telling])))
    # It tells nothing apart.
    np.testing.assert_allclose(
        log_count_ratios(csr_matrix([[1.0], [2.0], [3.0]]), np.array([0, 1, 2])), [1.0]
    )


def test_tfidf_keeps_what_it_learnt_of_scaled_weights_as_coefficients_of_plain_ones(small_corpus):
    from models.tfidf import logistic_regression
    from models.tfidf_features import log_count_ratios, scale

    texts, labels = small_corpus
    model = models.create("tfidf", features=("words (1,2)",), regularisations=(1.0,), class_weights=(None,))
    plain = models.create(
        "tfidf", features=("words (1,2)",), regularisations=(1.0,), class_weights=(None,), has_ratios=False
    )
    data = TrainingData(*small_corpus, validation=small_corpus)
    weights = model.fit(data, progress=quiet).tokenise(texts)
    targets = np.array([LABELS.index(label) for label in labels])
    ratios = log_count_ratios(weights, targets)
    expected = (
        logistic_regression(0).fit(scale(weights, ratios), targets).predict_proba(scale(weights, ratios))
    )

    np.testing.assert_allclose(model.infer_uncalibrated(weights), expected, atol=1e-12)
    unscaled = plain.fit(data, progress=quiet).infer_uncalibrated(weights)
    assert not np.allclose(unscaled, expected, atol=1e-3)


def test_tfidf_searches_with_the_ratios_of_the_rows_that_a_fold_learns(small_corpus, monkeypatch):
    """Valences, the last columns, have none; labels of the rows held out change nothing."""
    from models import tfidf, tfidf_features

    texts, labels = small_corpus
    targets = np.array([LABELS.index(label) for label in labels])
    held_out = np.arange(len(texts)) % 3 == 0
    name = tfidf_features.FEATURES[-1]
    tables = {part: tfidf_features.count(part, texts) for part in tfidf_features.PARTS[name]}
    shuffled = np.where(held_out, targets[::-1], targets)
    learnt_rows, judged_rows = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    rows = learnt_rows, judged_rows, np.zeros(len(judged_rows), dtype=bool)
    fits = {}
    for case, model, given in (
        ("ratios", tfidf.TfidfModel(), targets),
        ("other labels held out", tfidf.TfidfModel(), shuffled),
        ("plain", tfidf.TfidfModel(has_ratios=False), targets),
    ):
        ((_, (_, learnt, judged), _),) = model._fits(
            [(name, {"C": 1.0, "class_weight": None})], tables, given, rows
        )
        fits[case] = learnt[0].toarray(), judged[0].toarray()

    scaled, plain = (np.abs(np.concatenate(fits[case])).sum(axis=0) for case in ("ratios", "plain"))
    factors = np.divide(scaled, plain, out=np.ones_like(plain), where=plain > 0)
    np.testing.assert_allclose(factors[-11:], 1.0, rtol=1e-6)
    assert factors[:-11].std() > 0.1
    for actual, expected in zip(fits["other labels held out"], fits["ratios"], strict=True):
        np.testing.assert_array_equal(actual, expected)
    for actual, unscaled in zip(fits["ratios"], fits["plain"], strict=True):
        np.testing.assert_allclose(actual[:, :-11], unscaled[:, :-11] * factors[:-11], rtol=1e-5)


def test_a_race_goes_on_for_those_that_chance_may_have_put_behind():
    """Of 100 rows the second differs from the best in 9 (an error of 0.03), the fourth in 25.

    The third differs in none, and the error of the fourth is 0.05.
    """
    from models.tfidf import near_the_best

    best, second, fourth = (np.arange(100) >= wrong for wrong in (0, 9, 25))

    answers, one_class = [best, second, best, fourth], np.zeros(100, dtype=int)
    assert near_the_best([0.80, 0.75, 0.80, 0.69], answers, one_class) == [True, True, True, False]
    assert near_the_best([0.80, 0.73, 0.79, 0.71], answers, one_class) == [True, False, False, True]


def test_points_that_differ_in_a_rare_class_stay_in_the_race_longer():
    """Nine rows of a class of 300 move macro recall by 0.01, nine of a class of 20 by 0.15."""
    from models.tfidf import near_the_best

    best, other = np.ones(620, dtype=bool), np.arange(620) >= 9
    rare, frequent = (np.repeat([0, 1, 2], sizes) for sizes in ((20, 300, 300), (300, 300, 20)))

    assert near_the_best([0.80, 0.72], [best, other], rare) == [True, True]
    assert near_the_best([0.80, 0.72], [best, other], frequent) == [True, False]


def test_tfidf_reports_the_reference_choice_and_every_kind_of_features(fitted):
    tried = [(trial["features"], trial["C"], trial["class_weight"]) for trial in fitted["tfidf"].trials]

    assert ("reference (1,2)", 1.0, None) in tried
    assert {features for features, _, _ in tried} >= {"words (1,1)", "words (1,2)", "characters (2,5)"}


def test_tfidf_learns_a_text_that_counts_three_times_as_if_it_were_there_three_times(small_corpus):
    texts, labels = small_corpus
    data = TrainingData(texts, labels, small_corpus, repeats=[1, 3] * (len(texts) // 2))

    searched = models.create("tfidf", features=("words (1,2)",)).fit(data, progress=quiet)

    chosen = searched.chosen_
    point = {"regularisations": (chosen["C"],), "class_weights": (chosen["class_weight"],)}
    alone = models.create("tfidf", features=("words (1,2)",), **point)
    alone.fit(data.repeated(), progress=quiet)
    np.testing.assert_allclose(searched.predict_proba(texts), alone.predict_proba(texts), atol=1e-6)


def test_tfidf_that_repeats_nothing_is_the_same_model_as_before(small_corpus):
    data = TrainingData(*small_corpus, validation=small_corpus)
    once = replace(data, repeats=[1] * len(data.texts))

    first, second = (
        models.create("tfidf", features=("words (1,2)",)).fit(each, progress=quiet) for each in (data, once)
    )

    assert first.trials == second.trials
    assert (first.predict_proba(data.texts) == second.predict_proba(data.texts)).all()


def test_texts_that_count_several_times_are_judged_in_every_fold():
    from models.tfidf_rows import make_folds

    is_heavy = np.arange(60) % 10 == 0
    folds = make_folds(50, 10, 0, is_heavy=is_heavy & (np.arange(60) < 50))

    assert (folds[50:] == 2).all()
    assert (folds[:50][~is_heavy[:50]] == make_folds(50, 10, 0)[:50][~is_heavy[:50]]).all()
    many = make_folds(300, 10, 0, is_heavy=np.arange(310) < 300)
    assert np.bincount(many[:300]).tolist() == [100, 100, 100]


def test_a_small_part_that_counts_by_half_widens_what_is_near_the_best():
    from models.tfidf import near_the_best

    heavy = np.arange(1000) >= 980
    best, other = np.ones(1000, dtype=bool), np.arange(1000) < 990

    one_class = np.zeros(1000, dtype=int)
    assert near_the_best([0.80, 0.75], [best, other], one_class) == [True, False]
    assert near_the_best([0.80, 0.75], [best, other], one_class, heavy) == [True, True]
