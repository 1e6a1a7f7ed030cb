"""The contract of the three models: one battery over all of them."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from model_fixtures import ODD_TEXTS
from progress import quiet

import models
from models import FAMILIES, LABELS, ModelError, SentimentModel, TrainingData, clean_text
from models.calibration import TEMPERATURES


@pytest.fixture(params=FAMILIES)
def model(request, fitted) -> SentimentModel:
    return fitted[request.param]


def test_scores_have_one_row_per_text_and_sum_to_one(model):
    scores = model.predict_proba(["I love it", "I hate it", "it is Tuesday", "hm"])

    assert scores.shape == (4, 3)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)
    assert (scores >= 0).all()


def test_the_columns_are_in_label_order(model):
    texts = {
        "negative": "this is terrible, I hate it",
        "neutral": "the train to Boston stops here",
        "positive": "best day ever, great crew",
    }

    scores = model.predict_proba(list(texts.values()))

    assert [LABELS[column] for column in scores.argmax(axis=1)] == list(texts)
    assert model.predict(list(texts.values())) == list(texts)


def test_the_temperature_makes_the_validation_labels_likelier_and_changes_no_label(model, small_corpus):
    texts, labels = small_corpus
    truth = np.array([LABELS.index(label) for label in labels])
    before, after = model.infer_uncalibrated(model.tokenise(texts)), model.predict_proba(texts)

    assert TEMPERATURES[0] < model.temperature_ < TEMPERATURES[1] or model.temperature_ == pytest.approx(
        TEMPERATURES[0], rel=0.01
    )
    assert (before.argmax(axis=1) == after.argmax(axis=1)).all()
    assert (
        -np.log(after[range(len(truth)), truth]).mean()
        <= -np.log(before[range(len(truth)), truth]).mean() + 1e-9
    )
    assert not np.allclose(before, after, atol=1e-3)


def test_a_model_saved_without_a_temperature_loads_uncalibrated(fitted, tmp_path):
    fitted["tfidf"].save(tmp_path)
    path = tmp_path / "model.json"
    content = json.loads(path.read_text("utf-8"))
    assert content.pop("temperature") == fitted["tfidf"].temperature_
    path.write_text(json.dumps(content), "utf-8")

    assert models.load(tmp_path).temperature_ == 1


def test_no_texts_give_no_scores(model):
    assert model.predict_proba([]).shape == (0, 3)
    assert model.predict([]) == []


def test_odd_texts_get_finite_scores(model):
    scores = model.predict_proba(ODD_TEXTS)

    assert scores.shape == (len(ODD_TEXTS), 3)
    assert np.isfinite(scores).all()


def test_a_text_gets_the_same_scores_alone_and_in_a_batch(model):
    texts = ["I love it", "the train to Boston stops here, and so on and on and on", "bad 😡", "so"]

    together = model.predict_proba(texts)
    alone = np.concatenate([model.predict_proba([text]) for text in texts])

    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_cleaning_runs_inside_the_model(model):
    raw = "@bob  I don&#39;t like it \u200b https://t.co/abc"

    np.testing.assert_allclose(model.predict_proba([raw]), model.predict_proba([clean_text(raw)]), atol=1e-7)


def test_a_loaded_model_gives_the_same_scores_and_remembers_its_choices(model, small_corpus, tmp_path):
    model.save(tmp_path / "model")

    loaded = models.load(tmp_path / "model")

    assert type(loaded) is type(model)
    np.testing.assert_allclose(
        loaded.predict_proba(small_corpus[0]), model.predict_proba(small_corpus[0]), atol=1e-7
    )
    assert loaded.trials == model.trials
    assert loaded.hyperparameters.keys() == model.hyperparameters.keys()


def test_a_saved_model_holds_no_pickle(model, tmp_path):
    model.save(tmp_path)

    suffixes = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert suffixes <= {".json", ".skops", ".keras", ".safetensors", ".txt"}


def test_trials_tell_what_was_tried(model):
    assert model.trials
    assert all(0 <= trial["f1_macro"] <= 1 for trial in model.trials)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_model_and_a_second_fit_forgets_the_first(
    family, quick, small_corpus, tmp_path
):
    texts, labels = small_corpus[0][:48], small_corpus[1][:48]
    # Of Keras's two networks, the LSTM has more that could differ: its dropout and its recurrence.
    less = {"tfidf": {}, "keras": {"epochs": 1, "architectures": ("lstm",)}, "bert": {"epochs": 1}}
    hyperparameters = quick[family] | less[family]
    data = TrainingData(texts, labels, validation=(texts, labels))
    model = models.create(family, **hyperparameters).fit(data, progress=quiet)
    first = model.predict_proba(texts)

    model.fit(TrainingData(texts, labels[::-1], validation=(texts, labels[::-1])), progress=quiet)
    other = model.predict_proba(texts)
    model.fit(data, progress=quiet)

    np.testing.assert_allclose(model.predict_proba(texts), first, atol=1e-6)
    assert not np.allclose(other, first, atol=1e-3)
    model.save(tmp_path)
    np.testing.assert_allclose(models.load(tmp_path).predict_proba(texts), first, atol=1e-6)


@pytest.mark.parametrize("family", ["keras", "bert"])
def test_a_text_that_counts_twice_is_learned_as_if_it_were_there_twice(family, quick, small_corpus):
    texts, labels = small_corpus[0][:24], small_corpus[1][:24]
    data = TrainingData(texts, labels, validation=(texts, labels), repeats=[1, 2] * 12)
    hyperparameters = quick[family] | {"epochs": 1}

    once = models.create(family, **hyperparameters).fit(data, progress=quiet)
    twice = models.create(family, **hyperparameters).fit(data.repeated(), progress=quiet)

    np.testing.assert_allclose(once.predict_proba(texts), twice.predict_proba(texts), atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("repeats", [[1, 2], [0] * 8], ids=["too few", "less than once"])
def test_repeats_that_do_not_fit_the_texts_are_refused(family, repeats, small_corpus):
    texts, labels = small_corpus[0][:8], small_corpus[1][:8]
    data = TrainingData(texts, labels, validation=small_corpus, repeats=repeats)

    with pytest.raises(ModelError, match="give one per text, 1 or more"):
        models.create(family).fit(data, progress=quiet)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_can_learn_eight_tweets_by_heart(family, small_encoder):
    texts = [
        "love this so much",
        "great day",
        "best crew",
        "hate this flight",
        "awful delay",
        "never again",
        "gate four",
        "it is Tuesday",
    ]
    labels = ["positive"] * 3 + ["negative"] * 3 + ["neutral"] * 2
    by_heart = {
        "tfidf": {},
        "keras": {"architectures": ("average",), "epochs": 40, "learning_rate": 0.02, "patience": 40},
        "bert": {"base_model": str(small_encoder), "epochs": 24, "learning_rate": 3e-3, "patience": 48},
    }

    data = TrainingData(texts, labels, validation=(texts, labels))
    model = models.create(family, **by_heart[family]).fit(data, progress=quiet)

    assert model.predict(texts) == labels


@pytest.mark.parametrize("family", ["tfidf", "bert"])
def test_what_a_family_cannot_learn_is_refused_and_not_ignored(family, small_corpus):
    model = models.create(family)
    data = TrainingData(*small_corpus, validation=small_corpus, teacher_scores=np.ones((8, 3)) / 3)

    with pytest.raises(ModelError, match=f"the {family} model cannot learn teacher_scores: leave them out"):
        model.fit(data, progress=quiet)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        ([], [], "fit got 0 texts and 0 labels"),
        (["a", "b"], ["negative"], "fit got 2 texts and 1 labels"),
        (["a", "b", "c"], ["negative", "neutral", "angry"], r"unknown: \['angry'\], missing: \['positive'\]"),
    ],
)
def test_bad_training_input_is_refused(family, texts, labels, message):
    with pytest.raises(ModelError, match=message):
        models.create(family).fit(TrainingData(texts, labels, validation=(texts, labels)), progress=quiet)


def test_a_directory_without_a_model_is_a_clear_error(tmp_path):
    with pytest.raises(ModelError, match=r"no saved model in .*: run 'make train' first"):
        models.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"arguments": {"grid": 3}}, r"saved by another version .*: run 'make train' again"),
        ({"labels": ["bad", "good"]}, r"has the labels \['bad', 'good'\]"),
    ],
    ids=["other version", "other labels"],
)
def test_a_saved_model_that_does_not_fit_is_a_clear_error(fitted, tmp_path, change, message):
    fitted["tfidf"].save(tmp_path)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")

    with pytest.raises(ModelError, match=message):
        models.load(tmp_path)


def test_an_unknown_family_is_a_clear_error():
    with pytest.raises(ModelError, match="unknown model family 'svm'; choose one of tfidf, keras, bert"):
        models.create("svm")


def test_a_missing_framework_names_the_extra_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "skops", None)
    monkeypatch.delitem(sys.modules, "models.tfidf", raising=False)

    with pytest.raises(
        ModelError, match=r"needs the package 'skops.*pip install -c constraints.txt -e '\.\[tfidf\]'"
    ):
        models.create("tfidf")
