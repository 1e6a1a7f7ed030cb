"""MLflow's runs and registered versions, on a temporary SQLite file."""

import json
import subprocess
import sys
import time

import mlflow
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException
from ports import free_port

import models
from sentiment.config import read_settings
from sentiment.data.dataset import DataReport, Dataset, Split
from sentiment.errors import TrackingError
from sentiment.reports.canvas import new_figure
from sentiment.training import runs, versions

DIGEST = "0123456789abcdef" * 4


@pytest.fixture(scope="module")
def tracked(tmp_path_factory):
    """An MLflow of this module's own, connected."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("tracked")
        patch.setenv("SENTIMENT_HOME", str(home))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
        runs.connect(read_settings())
        yield home


@pytest.fixture(scope="module")
def version(tracked, tfidf_model, tmp_path_factory):
    """The small TF-IDF model, logged and registered."""
    folder = tmp_path_factory.mktemp("saved") / runs.MODEL_FOLDER
    tfidf_model.save(folder)
    tfidf_model.export(folder / runs.SERVED_FOLDER, [])
    with runs.start_run("tfidf") as run_id:
        uri = runs.log_model(folder, "tfidf")
    registered = versions.register(uri, tags={"family": "tfidf", "dataset_digest": DIGEST})
    assert registered.run_id == run_id
    return registered


def dataset() -> Dataset:
    split = Split(("good", "bad", "ok"), ("positive", "negative", "neutral"))
    report = DataReport(
        9,
        {"empty": 0},
        0,
        {name: {"negative": 1, "neutral": 1, "positive": 1} for name in ("train", "validation", "test")},
        {},
    )
    return Dataset("tweets", "tweets.csv", split, split, split, report, DIGEST)


def test_a_run_holds_parameters_trials_metrics_pictures_data_and_commit(tracked):
    with runs.start_run("tfidf", tags={"profile": "smoke"}) as run_id:
        runs.log_training(
            {"C": 3.0},
            [{"C": 1.0, "f1_macro": 0.5}, {"C": 3.0, "note": "x", "f1_macro": 0.6}],
            {"val_f1_macro": 0.6},
        )
        runs.log_pictures({"confusion_matrix": new_figure(2, 2, "", "")})
        runs.log_dataset(dataset())

    run = mlflow.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "tfidf"
    assert run.data.params == {"C": "3.0"}
    assert run.data.metrics == {"val_f1_macro": 0.6}
    assert set(run.data.tags) >= {"profile", "git_commit", "git_dirty"}
    assert {item.path for item in mlflow.artifacts.list_artifacts(run_id=run_id)} >= {
        "trials.json",
        "confusion_matrix.png",
        "data_report.json",
    }
    assert mlflow.load_table("trials.json", run_ids=[run_id])["f1_macro"].tolist() == pytest.approx(
        [0.5, 0.6]
    )
    logged = run.inputs.dataset_inputs[0].dataset
    assert (logged.name, logged.digest) == ("tweets", DIGEST[:36])
    assert DIGEST in logged.source


def test_artifacts_lie_below_the_home(tracked):
    with runs.start_run("any"):
        assert mlflow.get_artifact_uri().startswith((tracked / "mlartifacts").as_uri())


def test_a_child_run_names_its_parent(tracked):
    with runs.start_run("comparison") as parent, runs.start_run("bert", parent_run_id=parent) as child:
        pass

    assert mlflow.get_run(child).data.tags["mlflow.parentRunId"] == parent


def test_an_exception_fails_the_run_and_passes_through(tracked):
    with pytest.raises(ZeroDivisionError), runs.start_run("bert") as run_id:
        raise ZeroDivisionError

    assert mlflow.get_run(run_id).info.status == "FAILED"


def test_a_version_loads_back_as_the_same_model(version, tfidf_model):
    with versions.downloaded(version) as folder:
        model = models.load(folder)

    texts = ["I love this", "worst flight ever"]
    assert model.predict_proba(texts) == pytest.approx(tfidf_model.predict_proba(texts))


@pytest.mark.slow
def test_a_version_predicts_in_another_place_without_our_code(version, tracked, tmp_path):
    code = (
        "import mlflow, pandas; model = mlflow.pyfunc.load_model('models:/tweet-sentiment/1');"
        "table = pandas.DataFrame({'text': ['I love this, thank you so much!']});"
        "print(model.predict(table).to_json(orient='records'))"
    )
    # Inherits the URI.
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    (row,) = json.loads(answer.stdout.splitlines()[-1])
    assert list(row) == ["label", *models.LABELS]
    assert row["label"] == "positive"


def test_a_version_answers_on_the_rows_that_it_was_asked_and_names_a_row_without_text(version):
    model = mlflow.pyfunc.load_model(f"models:/tweet-sentiment/{version.number}")
    texts = pd.DataFrame({"text": ["I love this, thank you so much!", "this is terrible, I hate it"]}, [3, 1])

    answer = model.predict(texts)

    assert list(answer.index) == [3, 1]
    assert list(answer["label"]) == ["positive", "negative"]
    with pytest.raises(MlflowException, match=r"1 of 2 rows have no text, the first with the index 1: leave"):
        model.predict(pd.DataFrame({"text": ["fine", None]}, [3, 1]))


def test_a_version_holds_no_pickle(version):
    files = {
        item.path for item in mlflow.artifacts.list_artifacts(f"models:/tweet-sentiment/{version.number}")
    }
    with versions.downloaded(version) as folder:
        every = [path.name for path in folder.parents[2].rglob("*") if path.is_file()]

    assert {"pyfunc_model.py", "requirements.txt"} <= files
    assert not [name for name in every if name.endswith((".pkl", ".pickle", ".joblib"))]


def test_requirements_are_those_of_the_family():
    assert any(line.startswith("scikit-learn") for line in runs.requirements("tfidf"))
    assert not any(line.startswith("torch") for line in runs.requirements("tfidf"))


def test_an_alias_moves_from_one_version_to_the_next(version):
    second = versions.register(f"models:/tweet-sentiment/{version.number}", tags={"family": "tfidf"})
    versions.set_alias("challenger", version)
    versions.set_alias("challenger", second)

    assert versions.read_version("challenger").number == second.number
    assert versions.read_version(version.number).tags["dataset_digest"] == DIGEST


def test_versions_are_found_by_their_tags_the_newest_first(version):
    uri = f"models:/tweet-sentiment/{version.number}"
    first, second = (versions.register(uri, tags={"recipe": "soup", "cook": cook}) for cook in ("ann", "bob"))

    assert [registered.number for registered in versions.find_versions(recipe="soup")] == [
        second.number,
        first.number,
    ]
    assert [registered.tags["cook"] for registered in versions.find_versions(recipe="soup", cook="ann")] == [
        "ann"
    ]
    assert versions.find_versions(recipe="none") == []
    assert {first.number, version.number} <= {registered.number for registered in versions.find_versions()}


def test_an_alias_can_be_taken_away_and_one_that_is_not_there_is_no_error(version):
    versions.set_alias("previous", version)
    versions.delete_alias("previous")
    versions.delete_alias("previous")

    assert versions.find_version("previous") is None


def test_a_run_that_has_ended_can_be_tagged(tracked):
    with runs.start_run("any") as run_id:
        pass
    runs.tag_run(run_id, {"outcome": "held"})

    assert mlflow.get_run(run_id).data.tags["outcome"] == "held"


@pytest.mark.parametrize("reference", ["nobody", "999"])
def test_an_unknown_version_is_named_with_a_remedy(version, reference):
    assert versions.find_version(reference) is None
    with pytest.raises(TrackingError, match=f"'{reference}'.*make train"):
        versions.read_version(reference)


@pytest.mark.parametrize("scheme", ["http", "postgresql"])
def test_an_address_where_nothing_answers_fails_at_once_and_hides_the_password(home, monkeypatch, scheme):
    port = free_port()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{scheme}://ann:secret@127.0.0.1:{port}/x?token=hidden")
    before, start = mlflow.get_tracking_uri(), time.monotonic()
    try:
        with pytest.raises(
            TrackingError, match=f"{scheme}://127.0.0.1:{port}/x .*MLFLOW_TRACKING_URI"
        ) as caught:
            runs.connect(read_settings())
    finally:
        mlflow.set_tracking_uri(before)

    assert time.monotonic() - start < 10
    assert "secret" not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_a_file_that_is_no_database_fails_at_once(home, monkeypatch, tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"not a database, but long enough to be looked at as one" * 20)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    before = mlflow.get_tracking_uri()
    try:
        with pytest.raises(TrackingError, match="DatabaseError"):
            runs.connect(read_settings())
    finally:
        mlflow.set_tracking_uri(before)
