"""A comparison that was killed resumes: trained models stay until it is done."""

import os
import time

import pytest

import models
from models import ModelError
from sentiment.training import unfinished as room
from sentiment.training.unfinished import trained, unfinished


def fit_on(corpus, calls: list):
    def fit(checkpoint):
        calls.append(checkpoint)
        model = models.create("tfidf", features=("words (1,1)",)).fit(
            models.TrainingData(*corpus, validation=corpus), progress=lambda line: None
        )
        model.earlier_seconds_ = 100.0
        return model

    return fit


def test_a_trained_model_is_not_trained_again_after_a_kill(small_corpus, tmp_path):
    calls, results = [], []

    def train_and_be_killed():
        with unfinished(tmp_path, "recipe") as folder:
            results.append(trained(folder / "tfidf", fit_on(small_corpus, calls)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_and_be_killed()
    ((first, seconds),) = results

    with unfinished(tmp_path, "recipe") as folder:
        again, same_seconds = trained(folder / "tfidf", fit_on(small_corpus, calls))

    assert calls == [folder / "tfidf" / "checkpoint"]
    assert (again.predict_proba(small_corpus[0]) == first.predict_proba(small_corpus[0])).all()
    assert same_seconds == seconds > 100


def test_a_model_that_was_not_wholly_written_is_trained_again(small_corpus, tmp_path):
    calls = []
    trained(tmp_path, fit_on(small_corpus, calls))
    (tmp_path / "seconds.json").unlink()
    (tmp_path / "model" / "model.json").write_text("{")

    model, _ = trained(tmp_path, fit_on(small_corpus, calls))

    assert len(calls) == 2
    assert models.load(tmp_path / "model").predict(["I love this"]) == model.predict(["I love this"])


def test_a_model_that_did_not_reach_the_disk_is_trained_again(small_corpus, tmp_path):
    calls = []
    trained(tmp_path, fit_on(small_corpus, calls))
    (tmp_path / "model" / "pipeline.skops").unlink()

    trained(tmp_path, fit_on(small_corpus, calls))

    assert len(calls) == 2


def test_nothing_is_left_of_a_training_that_is_done(tmp_path):
    with unfinished(tmp_path, "recipe") as folder:
        (folder / "file").write_text("x")

    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_another_recipe_or_another_code_of_the_models_has_another_folder(tmp_path, monkeypatch):
    def folder_of(recipe):
        with unfinished(tmp_path, recipe) as folder:
            return folder

    first = folder_of(["rows", {"seed": 0}])

    assert folder_of(["rows", {"seed": 0}]) == first
    assert folder_of(["rows", {"seed": 1}]) != first
    monkeypatch.setattr(room, "_source_digest", lambda: "another version")
    assert folder_of(["rows", {"seed": 0}]) != first


def test_the_same_training_twice_at_once_is_refused(tmp_path):
    with (
        unfinished(tmp_path, "recipe"),
        pytest.raises(ModelError, match="the same training runs already"),
        unfinished(tmp_path, "recipe"),
    ):
        pytest.fail("entered twice")


def test_what_was_left_a_week_ago_is_removed(tmp_path):
    for name, days in (("old", 8), ("young", 6)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - days * 86_400,) * 2)

    with unfinished(tmp_path, "recipe"):
        assert not (tmp_path / "old").exists()
        assert (tmp_path / "young").exists()
