"""The training flow end to end on a small corpus, and what happens when a part fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pytest

import models
from flows import promote as promote_room
from flows import train as room
from flows.train import train
from sentiment.champions import store
from sentiment.config import EXPERIMENT_NAME
from sentiment.errors import DataError
from sentiment.evaluation.behaviour_report import metric_of
from sentiment.evaluation.behaviour_suite import capabilities, suite_digest
from sentiment.evaluation.metrics import COST_METRICS, QUALITY_METRICS
from sentiment.training import versions

pytestmark = pytest.mark.usefixtures("prefect_server", "memory_measured_once")

ROOT = Path(__file__).parents[2]


def runs_by_name() -> dict[str, mlflow.entities.Run]:
    return {
        run.info.run_name: run
        for run in mlflow.search_runs(experiment_names=[EXPERIMENT_NAME], output_format="list")
    }


def python(*arguments: str) -> subprocess.CompletedProcess:
    from prefect.settings import PREFECT_API_URL

    environment = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value()}
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_smoke_profile_trains_compares_and_promotes_all_three(loop_home, corpus_file, small_encoder):
    comparison = train(data=str(corpus_file), profile="smoke", base_model=str(small_encoder))

    runs = runs_by_name()
    parent, verdict = runs.pop("comparison smoke"), runs.pop("verdict")
    assert verdict.data.tags["decision"] == "PROMOTE"
    assert set(runs) == set(models.FAMILIES)
    names = {f"{split}_{name}" for split in ("val", "test") for name in QUALITY_METRICS} | set(COST_METRICS)
    names |= {"export_labels_changed", "export_score_difference", "export_f1_lost"}
    names |= {"val_aurc", "test_aurc", "test_coverage_at_90"}
    names |= {metric_of(capability) for capability in capabilities()}
    for run in runs.values():
        assert run.info.status == "FINISHED"
        assert set(run.data.metrics) - {"uncertain_below", "test_coverage_kept", "test_risk_kept"} == names
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.tags["behaviour_suite"] == suite_digest()
        assert "cases of the behavioural suite fail" in mlflow.artifacts.load_text(
            f"runs:/{run.info.run_id}/behaviour.md"
        )
    assert (
        parent.data.tags["winner"]
        == comparison.winner
        == max(comparison.models, key=lambda m: m.metrics["val_f1_macro"]).family
    )
    content = json.loads((loop_home / "comparison" / "comparison.json").read_text("utf-8"))
    assert [model["family"] for model in content["models"]] == list(models.FAMILIES)
    assert content["behaviour"]["suite"] == suite_digest()
    assert {path.name for path in (loop_home / "comparison").glob("*.png")} == {
        "comparison.png",
        "comparison.fr.png",
        "behaviour.png",
        "risk_coverage.png",
        "risk_coverage.fr.png",
    }
    champion, challenger = versions.read_version("champion"), versions.read_version("challenger")
    assert champion.number == challenger.number == store.champion().metadata["mlflow_version"]
    assert champion.run_id == runs[comparison.winner].info.run_id
    assert models.load(store.champion().path).family == comparison.winner


@pytest.mark.usefixtures("pictures_blank")
def test_the_same_recipe_is_known_again_and_another_seed_is_another_one(loop_home, corpus_file):
    for seed in (0, 0, 1):
        train(data=str(corpus_file), profile="smoke", families=("tfidf",), seed=seed)
    first, again, other = (versions.read_version(number).tags for number in "123")

    assert first["recipe"] == again["recipe"] != other["recipe"]
    assert first["started_at"] <= first["trained_at"]


@pytest.mark.usefixtures("pictures_blank")
def test_a_model_that_fails_stops_the_run_and_keeps_the_others(
    loop_home, corpus_file, small_encoder, monkeypatch
):
    calls = []

    def create(family, **hyperparameters):
        calls.append(family)
        if family == "keras":
            raise models.ModelError("the weights cannot be fetched")
        return real(family, **hyperparameters)

    real = models.create
    monkeypatch.setattr(models, "create", create)

    with pytest.raises(models.ModelError, match="cannot be fetched"):
        train(
            data=str(corpus_file),
            profile="smoke",
            families=["keras", "tfidf", "bert"],
            base_model=str(small_encoder),
        )

    assert calls == ["bert", "keras"]  # the teacher first, no second try, and nothing after it
    assert {name: run.info.status for name, run in runs_by_name().items()} == {
        "bert": "FINISHED",
        "keras": "FAILED",
        "comparison smoke": "FAILED",
    }
    assert not (loop_home / "comparison").exists()
    assert versions.find_version("challenger") is None


@pytest.mark.usefixtures("pictures_blank")
def test_a_disk_that_was_away_gets_a_second_try(loop_home, corpus_file, monkeypatch):
    failures = [OSError("stale file handle")]

    def create(family, **hyperparameters):
        if failures:
            raise failures.pop()
        return real(family, **hyperparameters)

    real = models.create
    monkeypatch.setattr(models, "create", create)
    monkeypatch.setattr(room, "train_model", room.train_model.with_options(retry_delay_seconds=0))

    assert train(data=str(corpus_file), profile="smoke", families=["tfidf"]).winner == "tfidf"


def test_data_that_cannot_be_read_stops_before_any_run(loop_home):
    with pytest.raises(DataError, match=r"nowhere\.csv"):
        train(data="nowhere.csv", profile="smoke")

    assert runs_by_name() == {}


def test_command_reports_an_error_in_one_line_and_exits_with_1(loop_home):
    answer = python("-m", "flows.train", "--data", "nowhere.csv", "--profile", "smoke")

    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert [line for line in answer.stderr.splitlines() if line.startswith("error: nowhere.csv")]


def test_flows_are_found_by_their_entrypoints(home):
    load = "from prefect.flows import load_flow_from_entrypoint as load"
    names = "print(load('flows/train.py:train').name, load('flows/promote.py:promote').name)"
    answer = python("-c", f"import sys; sys.path.remove(''); {load}; {names}")

    assert answer.stdout.strip() == "train promote", answer.stderr


@pytest.mark.parametrize("main", [room.main, promote_room.main])
def test_help_names_the_options(main, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["flow", "--help"])

    with pytest.raises(SystemExit, match="0"):
        main()
    assert "--data" in capsys.readouterr().out


@pytest.mark.usefixtures("pictures_blank")
def test_keras_learns_from_bert_and_the_others_from_nobody(
    loop_home, corpus_file, small_encoder, monkeypatch
):
    given = {}

    def create(family, **hyperparameters):
        """Make a Keras network of one architecture: its input counts here, not its choice."""
        less = {"architectures": ("average",)} if family == "keras" else {}
        model = real(family, **hyperparameters | less)
        fit = model.fit
        model.fit = lambda data, **options: (
            given.update({family: data.teacher_scores}) or fit(data, **options)
        )
        return model

    real = models.create
    monkeypatch.setattr(models, "create", create)
    train(
        data=str(corpus_file),
        profile="smoke",
        families=["keras", "tfidf", "bert"],
        base_model=str(small_encoder),
    )
    assert given["bert"] is given["tfidf"] is None
    np.testing.assert_allclose(given["keras"].sum(axis=1), 1)
    assert runs_by_name()["keras"].data.params["is_taught"] == "True"

    train(data=str(corpus_file), profile="smoke", families=["keras"])
    assert given["keras"] is None


@pytest.mark.slow
def test_a_comparison_that_was_killed_goes_on_with_the_models_that_it_had(
    loop_home, corpus_file, small_encoder
):
    from prefect.settings import PREFECT_API_URL

    options = ["--data", str(corpus_file), "--profile", "smoke", "--base-model", str(small_encoder)]
    command = [sys.executable, "-m", "flows.train", *options]
    environment = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value()}
    killed = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    while "keras: " not in (line := killed.stdout.readline()):
        assert line or killed.poll() is None
    killed.kill()
    killed.communicate()
    assert [path.name for path in (loop_home / "unfinished").glob("*/bert/seconds.json")] == ["seconds.json"]

    done = python(*command[1:])

    assert done.returncode == 0, done.stderr
    assert "bert: step" not in done.stdout + done.stderr
    assert "keras: " in done.stdout + done.stderr
    assert [path.suffix for path in (loop_home / "unfinished").iterdir()] == [".lock"]
