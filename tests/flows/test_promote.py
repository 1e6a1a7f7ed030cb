"""The gate at work: a real MLflow, a real store, and who is champion afterwards."""

import ast
import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest

import models
from flows import judging
from flows.judging import judged_texts
from flows.promote import end_shadow, main, promote, roll_back, shadow
from sentiment.champions import store
from sentiment.config import read_settings
from sentiment.data import fingerprints
from sentiment.data.dataset import load_dataset
from sentiment.errors import GateError, StoreError, TrackingError
from sentiment.gate.verdict import Decision
from sentiment.gate.verdict_text import as_json, digest, headline, read_json
from sentiment.training import runs as tracking
from sentiment.training import versions

pytestmark = pytest.mark.usefixtures("prefect_server", "memory_measured_once")

POOR, GOOD, TWIN = "1", "2", "3"
ROOT = Path(__file__).parents[2]


def fitted(dataset, labels):
    options = {"features": ("words (1,2)",), "regularisations": (3.0,), "class_weights": (None,)}
    validation = (dataset.validation.texts, dataset.validation.labels)
    data = models.TrainingData(dataset.train.texts, labels, validation=validation)
    return models.create("tfidf", **options).fit(data, progress=lambda line: None)


@pytest.fixture(scope="module")
def registered(tweets_file, tmp_path_factory, empty_mlflow):
    """A home whose MLflow holds three candidates, each trained a day after the other: a poor one, a good one, and that one again."""
    home = tmp_path_factory.mktemp("registered")
    shutil.copy(empty_mlflow, home / "mlflow.db")
    dataset = load_dataset(str(tweets_file))
    good = fitted(dataset, dataset.train.labels)
    hidden = [
        "neutral" if label == "positive" and number % 12 else label
        for number, label in enumerate(dataset.train.labels)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(home))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home}/mlflow.db")
        tracking.connect(read_settings())
        for number, model in enumerate((fitted(dataset, hidden), good, good), start=1):
            register(model, dataset, tmp_path_factory.mktemp("saved"), number)
    return home


def register(model, dataset, folder, number):
    model.save(folder / tracking.MODEL_FOLDER)
    model.export(folder / tracking.MODEL_FOLDER / tracking.SERVED_FOLDER, dataset.validation.texts)
    with tracking.start_run(model.family):
        tracking.log_texts({fingerprints.ROWS_FILE: fingerprints.dump(dataset.train.texts)})
        uri = tracking.log_model(folder / tracking.MODEL_FOLDER, model.family)
    tags = {"recipe": "poor" if str(number) == POOR else "good"}
    tags |= {
        "family": model.family,
        "dataset_digest": dataset.digest,
        "git_commit": "abc",
        "test_digest": judged_texts(dataset).digest,
    }
    versions.register(uri, tags=tags | {"trained_at": f"2026-11-2{number}T00:00:00+00:00"})


@pytest.fixture
def gate(home, registered, tweets_file):
    """Promote a version in a home of the test's own, which starts without a champion."""
    home.mkdir()
    shutil.copy(registered / "mlflow.db", home / "mlflow.db")
    tracking.connect(read_settings())
    return lambda candidate, **options: promote(candidate, data=str(tweets_file), **options)


def champions() -> tuple[str | None, str | None]:
    """Who is champion: the version in MLflow, and the version that the served model came from."""
    alias = versions.find_version("champion")
    try:
        served = store.champion().metadata["mlflow_version"]
    except StoreError:
        served = None
    return alias.number if alias else None, served


def outcomes():
    """What came of each verdict, the latest first."""
    runs = mlflow.search_runs(
        experiment_names=["tweet-sentiment"], filter_string="tags.kind = 'verdict'", output_format="list"
    )
    return [run.data.tags.get("outcome") for run in runs]


def verdict_file(home):
    return read_json((home / "verdict" / "verdict.json").read_text("utf-8"))


def test_first_candidate_becomes_champion_with_its_origin(gate):
    verdict = gate(POOR)

    assert verdict.decision is Decision.PROMOTE
    assert champions() == (POOR, POOR)
    metadata = store.champion().metadata
    version = versions.read_version(POOR)
    assert metadata["run_id"] == version.run_id
    assert {
        key: metadata[key] for key in ("git_commit", "family", "dataset_digest", "test_digest", "trained_at")
    } == {
        key: version.tags[key]
        for key in ("git_commit", "family", "dataset_digest", "test_digest", "trained_at")
    }
    assert 0 < float(metadata["test_f1_macro"]) < 1


def test_better_candidate_replaces_the_champion_and_the_one_before_is_kept(gate, home):
    gate(POOR)
    before = store.champion().tag
    verdict = gate(GOOD)

    assert verdict.decision is Decision.PROMOTE, verdict.reasons
    assert champions() == (GOOD, GOOD)
    assert store.pointed()[1] == before
    assert versions.read_version("previous").number == POOR
    assert (outcomes(), versions.read_version(GOOD).tags["outcome"]) == (["promoted", "promoted"], "promoted")
    assert verdict_file(home) == read_json(as_json(verdict))
    assert (home / "verdict" / "verdict.png").read_bytes().startswith(b"\x89PNG")


def test_a_verdict_is_a_run_in_mlflow_and_on_the_version_it_is_about(gate):
    gate(POOR)
    verdict = gate(GOOD)
    run = mlflow.search_runs(
        experiment_names=["tweet-sentiment"], filter_string="tags.kind = 'verdict'", output_format="list"
    )[0]

    assert run.data.tags["decision"] == "PROMOTE"
    assert (
        run.data.tags["verdict_digest"]
        == digest(verdict)
        == versions.read_version(GOOD).tags["verdict_digest"]
    )
    assert versions.read_version(GOOD).tags["verdict"] == headline(verdict)
    assert tracking.read_text(run.info.run_id, "verdict.md").startswith("# PROMOTE")
    assert verdict.data["earlier_judgements_on_this_test_split"] == 1


def test_worse_candidate_is_rejected(gate):
    gate(GOOD)
    verdict = gate(POOR)

    assert verdict.decision is Decision.REJECT
    assert champions() == (GOOD, GOOD)
    assert len(store.pointed()) == 1
    assert outcomes() == ["rejected", "promoted"]


def test_the_same_model_again_is_held(gate):
    gate(GOOD)
    verdict = gate(TWIN)

    assert verdict.decision is Decision.HOLD
    assert "the same model" in verdict.reasons[0]
    assert champions() == (GOOD, GOOD)


def test_people_can_override_the_gate_and_their_names_and_reason_are_kept(gate, home):
    gate(GOOD)
    verdict = gate(TWIN, approved_by=("Ann", "Bob"), because="a drill")

    assert verdict.decision is Decision.HOLD
    assert champions() == (TWIN, TWIN)
    assert verdict_file(home).override.approved_by == ("Ann", "Bob")
    run = mlflow.search_runs(
        experiment_names=["tweet-sentiment"], filter_string="tags.kind = 'verdict'", output_format="list"
    )[0]
    assert run.data.tags["override_reason"] == "a drill"


@pytest.mark.parametrize(
    ("approved_by", "because"), [((), "no name"), (("Ann",), " "), (("Ann", " "), "why")]
)
def test_an_override_without_names_or_reason_is_refused(gate, approved_by, because):
    with pytest.raises(GateError, match="who approved it and why"):
        gate(GOOD, approved_by=approved_by, because=because)
    assert champions() == (None, None)


def test_one_command_rolls_back_and_what_fell_does_not_return_by_itself(gate):
    gate(POOR)
    first = store.champion().tag
    gate(GOOD)

    assert roll_back("it annoys people") == first
    assert champions() == (POOR, POOR)
    assert versions.find_version("previous") is None
    assert versions.read_version(GOOD).tags["rolled_back_because"] == "it annoys people"
    assert gate(GOOD).decision is Decision.HOLD
    assert champions() == (POOR, POOR)


def test_what_fell_does_not_return_under_another_number(gate):
    gate(POOR)
    gate(GOOD)
    roll_back("it annoys people")
    verdict = gate(TWIN)

    assert verdict.decision is Decision.HOLD
    assert any("was taken back on" in reason for reason in verdict.reasons)
    assert champions() == (POOR, POOR)


def test_a_roll_back_needs_an_earlier_champion(gate):
    gate(POOR)

    with pytest.raises(StoreError, match="no champion before"):
        roll_back()
    assert champions() == (POOR, POOR)


def test_a_roll_back_is_served_even_if_mlflow_is_away_and_told_later(gate, monkeypatch, caplog):
    gate(POOR)
    first = store.champion().tag
    gate(GOOD)
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        assert roll_back("it annoys people") == first

    assert "rolled back; MLflow will be told by the next run" in caplog.text
    assert store.champion().tag == first
    verdict = gate(GOOD)
    assert any("was taken back on" in reason for reason in verdict.reasons)
    assert versions.read_version(GOOD).tags["rolled_back_because"] == "it annoys people"
    assert champions() == (POOR, POOR)


def test_a_roll_back_needs_neither_prefect_nor_mlflow_nor_the_files_of_what_fell(gate):
    gate(POOR)
    first = store.champion().tag
    gate(GOOD)
    shutil.rmtree(store.champion().path)
    away = {"PREFECT_API_URL": "http://127.0.0.1:9/api", "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "flows.promote", "--rollback"]
    answer = subprocess.run(
        command, cwd=ROOT, env=os.environ | away, capture_output=True, text=True, check=False
    )

    assert (answer.returncode, answer.stdout.strip()) == (0, f"{first} is the champion again"), answer.stderr
    assert "MLflow will be told by the next run" in answer.stderr
    assert gate(TWIN).decision is Decision.HOLD
    assert champions() == (POOR, POOR)


def test_of_two_promotions_at_once_exactly_one_wins_and_only_its_verdict_is_shown(gate, home, monkeypatch):
    gate(POOR)
    before = store.champion().tag
    real, saved = judging.record, len(bentoml_tags())

    def overtaken(verdict, version):
        monkeypatch.setattr(judging, "record", real)
        gate(GOOD)
        return real(verdict, version)

    monkeypatch.setattr(judging, "record", overtaken)
    with pytest.raises(GateError, match="changed meanwhile"):
        gate(TWIN)

    assert champions() == (GOOD, GOOD)
    assert store.pointed()[1] == before
    assert len(bentoml_tags()) == saved + 1
    assert verdict_file(home).challenger["mlflow_version"] == GOOD
    assert outcomes() == ["overtaken", "promoted", "promoted"]
    assert versions.read_version(TWIN).tags["outcome"] == "overtaken"


def bentoml_tags():
    return [str(model.tag) for model in store._all_models()]


def test_missing_champion_stops_the_promotion(gate):
    gate(POOR)
    shutil.rmtree(store.champion().path)

    with pytest.raises(StoreError, match="not in the store"):
        gate(GOOD)
    assert versions.read_version("champion").number == POOR


def test_damaged_champion_stops_the_promotion(gate):
    gate(POOR)
    (store.champion().path / "weights.npz").write_bytes(b"damaged")

    with pytest.raises(models.ModelError, match=r"champion tweet-sentiment:\w+ cannot be loaded"):
        gate(GOOD)
    assert champions() == (POOR, POOR)


def test_empty_store_gets_back_the_champion_that_mlflow_knows(gate, home):
    gate(GOOD)
    shutil.rmtree(home / "bentoml")
    verdict = gate(POOR)

    assert verdict.decision is Decision.REJECT
    assert champions() == (GOOD, GOOD)


def test_a_lost_pointer_is_restored_from_mlflow_and_no_shadow_is_taken_for_the_champion(gate):
    gate(GOOD)
    shadow(POOR)
    (store.store_home() / store.POINTER_FILE).unlink()
    with pytest.raises(StoreError, match="none of the 2 models"):
        store.champion()
    gate(TWIN)

    assert champions() == (GOOD, GOOD)


def test_a_missing_previous_champion_hinders_no_promotion(gate):
    gate(POOR)
    gate(GOOD)
    shutil.rmtree(store.find(store.pointed()[1]).path)
    gate(TWIN, approved_by=("Ann",), because="a drill")

    assert champions() == (TWIN, TWIN)
    assert versions.read_version("previous").number == GOOD


def test_only_the_last_three_champions_stay_in_the_store(gate):
    for version in (POOR, GOOD, TWIN, GOOD):
        gate(version, approved_by=("Ann",), because="a drill")

    assert len(store.pointed()) == 3
    assert sorted(bentoml_tags()) == sorted(store.pointed())


def test_interrupted_promotion_is_put_right_by_the_next_one(gate):
    gate(GOOD)
    versions.set_alias("champion", versions.read_version(POOR))
    gate(TWIN)

    assert champions() == (GOOD, GOOD)


def test_unknown_candidate_is_refused(gate):
    with pytest.raises(TrackingError, match="'99'"):
        gate("99")
    assert champions() == (None, None)


def test_a_champion_of_another_test_split_is_not_judged_blindly(gate, home, tmp_path, tweets_file):
    gate(POOR)
    with tweets_file.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    other = tmp_path / "other.csv"
    with other.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows[:1500])
    verdict = promote(GOOD, data=str(other))

    assert verdict.decision is Decision.HOLD
    assert any("test split is not the one" in reason for reason in verdict.reasons)


def test_the_shadow_is_a_copy_in_the_store_that_ends_with_its_promotion(gate):
    gate(POOR)
    tag = shadow(GOOD)

    assert (store.shadow().tag, store.champion().metadata["mlflow_version"]) == (tag, POOR)
    gate(GOOD)
    assert store.shadow() is None
    assert tag not in bentoml_tags()


def test_a_broken_shadow_hinders_no_promotion_and_can_be_ended(gate):
    gate(POOR)
    store.remove(shadow(GOOD))
    gate(GOOD)
    assert champions() == (GOOD, GOOD)
    assert store.shadow_tag() is None

    store.remove(shadow(TWIN))
    end_shadow()
    assert store.shadow_tag() is None
    shadow(TWIN)
    (store.store_home() / store.SHADOW_FILE).write_text("")
    end_shadow()
    assert store.shadow() is None


def test_without_a_champion_there_is_no_shadow_that_could_be_taken_for_one(gate):
    with pytest.raises(StoreError, match="no champion"):
        shadow(GOOD)
    assert bentoml_tags() == []


@pytest.mark.parametrize(("version", "code"), [(POOR, 4), (TWIN, 3)])
def test_the_command_tells_a_verdict_by_its_exit_code(gate, tweets_file, monkeypatch, version, code):
    gate(GOOD)
    monkeypatch.setattr("sys.argv", ["promote", "--candidate", version, "--data", str(tweets_file)])

    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == code


def test_only_this_flow_writes_who_is_champion():
    writers = {"swap_champion", "roll_back", "set_shadow", "prune", "write_tags", "write_fallen"}
    rooms = ("models", "sentiment", "flows", "monitor", "page", "infra", "loop", "benchmarks")
    paths = [*ROOT.glob("*.py"), *(path for room in rooms for path in (ROOT / room).rglob("*.py"))]
    found = {
        str(path.relative_to(ROOT))
        for path in paths
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in writers
    }

    # fetch takes over a champion that was judged where it was published; publish names it on Blob;
    # the last one has a store of its own
    assert found == {
        "flows/promote.py",
        "flows/fetch.py",
        "flows/publish.py",
        "sentiment/champions/store.py",
        "benchmarks/serving_model.py",
    }
