"""The gate at work: a real MLflow, a real store, and who is champion afterwards."""

import shutil

import pytest
from filelock import FileLock, Timeout

import models
from flows import promote as room
from flows.promote import promote
from sentiment import registry, store, tracking
from sentiment.config import read_settings
from sentiment.data import load_dataset
from sentiment.errors import StoreError, TrackingError

pytest_plugins = ["loop_fixtures"]
pytestmark = pytest.mark.usefixtures("prefect_server")

GOOD, POOR, TWIN, FOREIGN = "1", "2", "3", "4"


def fitted(dataset, labels):
    options = {"features": ("words (1,2)",), "regularisations": (3.0,), "class_weights": (None,)}
    return models.create("tfidf", **options).fit(
        dataset.train.texts, labels, validation=(dataset.validation.texts, dataset.validation.labels), progress=lambda line: None
    )


@pytest.fixture(scope="module")
def registered(corpus_file, tmp_path_factory, empty_mlflow):
    """A home whose MLflow holds four candidates: a good one, a poor one, the good one again, and it with another dataset's digest."""
    home = tmp_path_factory.mktemp("registered")
    shutil.copy(empty_mlflow, home / "mlflow.db")
    dataset = load_dataset(str(corpus_file))
    good = fitted(dataset, dataset.train.labels)
    hidden = ["neutral" if label == "positive" and number % 12 else label for number, label in enumerate(dataset.train.labels)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(home))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
        tracking.connect(read_settings())
        for model, digest in ((good, dataset.digest), (fitted(dataset, hidden), dataset.digest), (good, dataset.digest), (good, "f" * 64)):
            register(model, digest, tmp_path_factory.mktemp("saved"))
    return home


def register(model, digest, folder):
    model.save(folder / tracking.MODEL_FOLDER)
    with tracking.start_run(model.family):
        uri = tracking.log_model(folder / tracking.MODEL_FOLDER, model.family)
    registry.register(uri, tags={"family": model.family, "dataset_digest": digest, "git_commit": "abc"})


@pytest.fixture
def gate(home, registered, corpus_file):
    """Promote a version in a home of the test's own, which starts without a champion."""
    home.mkdir()
    shutil.copy(registered / "mlflow.db", home / "mlflow.db")
    tracking.connect(read_settings())
    return lambda candidate: promote(candidate, data=str(corpus_file))


def champions() -> tuple[str | None, str | None]:
    """Who is champion: the version in MLflow, and the version that the served model came from."""
    alias = registry.find_version("champion")
    try:
        served = store.champion().metadata["mlflow_version"]
    except StoreError:
        served = None
    return alias.number if alias else None, served


def test_first_candidate_becomes_champion_with_its_origin(gate):
    verdict = gate(POOR)

    assert verdict.is_promoted
    assert champions() == (POOR, POOR)
    metadata = store.champion().metadata
    assert metadata["run_id"] == registry.read_version(POOR).run_id
    assert metadata["git_commit"] == "abc"
    assert metadata["family"] == "tfidf"
    assert metadata["dataset_digest"] == registry.read_version(POOR).tags["dataset_digest"]
    assert float(metadata["test_f1_macro"]) == pytest.approx(verdict.candidate_f1_macro, abs=1e-6)


def test_better_candidate_replaces_the_champion(gate):
    gate(POOR)
    verdict = gate(GOOD)

    assert verdict.is_promoted
    assert verdict.difference > 0
    assert champions() == (GOOD, GOOD)
    assert registry.read_version(GOOD).tags["verdict"] == verdict.reason


def test_worse_candidate_leaves_the_champion(gate):
    gate(GOOD)
    verdict = gate(POOR)

    assert not verdict.is_promoted
    assert champions() == (GOOD, GOOD)
    assert f"{verdict.difference:+.4f}" in registry.read_version(POOR).tags["verdict"]


def test_equal_candidate_leaves_the_champion(gate):
    gate(GOOD)
    verdict = gate(TWIN)

    assert verdict.difference == 0
    assert champions() == (GOOD, GOOD)


def test_champion_of_other_data_is_scored_anew_and_said(gate):
    gate(FOREIGN)
    verdict = gate(POOR)

    assert champions() == (FOREIGN, FOREIGN)
    assert "the digests differ: the champion learned from other data" in verdict.reason
    assert "digests differ" not in gate(TWIN).reason.partition("champion learned")[2]


def test_same_data_needs_no_caveat(gate):
    gate(GOOD)

    assert "digests" not in gate(POOR).reason


def test_missing_champion_stops_the_promotion(gate):
    gate(POOR)
    shutil.rmtree(store.champion().path)

    with pytest.raises(StoreError, match="not in the store"):
        gate(GOOD)
    assert registry.read_version("champion").number == POOR


def test_damaged_champion_stops_the_promotion(gate):
    gate(POOR)
    (store.champion().path / "pipeline.skops").write_bytes(b"damaged")

    with pytest.raises(models.ModelError, match=r"champion tweet-sentiment:\w+ cannot be loaded"):
        gate(GOOD)
    assert champions() == (POOR, POOR)


def test_empty_store_gets_back_the_champion_that_mlflow_knows(gate, home):
    gate(GOOD)
    shutil.rmtree(home / "bentoml")
    verdict = gate(POOR)

    assert not verdict.is_promoted
    assert champions() == (GOOD, GOOD)
    assert float(store.champion().metadata["test_f1_macro"]) == pytest.approx(verdict.champion_f1_macro, abs=1e-6)


def test_interrupted_promotion_is_put_right_by_the_next_one(gate):
    gate(GOOD)
    registry.set_alias("champion", registry.read_version(POOR))
    gate(TWIN)

    assert champions() == (GOOD, GOOD)


def test_unknown_candidate_is_refused(gate):
    with pytest.raises(TrackingError, match="'99'"):
        gate("99")
    assert champions() == (None, None)


def test_decision_is_taken_under_the_lock(gate, home, monkeypatch):
    def decide(version, dataset):
        with pytest.raises(Timeout), FileLock(home / "promote.lock", timeout=0):
            pass
        return real(version, dataset)

    real = room._decide
    monkeypatch.setattr(room, "_decide", decide)

    assert gate(GOOD).is_promoted


def test_second_promotion_does_not_pass_the_first(gate, home, monkeypatch):
    monkeypatch.setattr(room, "_LOCK_SECONDS", 0.1)

    with FileLock(home / "promote.lock"), pytest.raises(StoreError, match=r"another promotion has held .*promote\.lock"):
        gate(GOOD)
    assert champions() == (None, None)
