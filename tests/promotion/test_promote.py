"""A verdict becomes a champion or not: a real MLflow, a real store, no Prefect."""

import csv
import shutil

import mlflow
import pytest
from promotion_fixtures import (
    GOOD,
    PICTURE,
    POOR,
    TWIN,
    champions,
    outcomes,
    stored_tags,
    verdict_file,
    verdict_runs,
)

import models
from sentiment.champions import store
from sentiment.data.dataset import load_dataset
from sentiment.errors import GateError, StoreError
from sentiment.gate.verdict import Decision, make_override
from sentiment.gate.verdict_text import as_json, digest, headline, read_json
from sentiment.language import LANGUAGES, spoken
from sentiment.training import runs, versions

DRILL = make_override(("Ann",), "a drill")


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
    assert (home / "verdict" / "verdict.png").read_bytes() == PICTURE


def test_a_verdict_is_a_run_in_mlflow_and_on_the_version_it_is_about(gate):
    gate(POOR)
    verdict = gate(GOOD)
    run = verdict_runs()[0]

    assert run.data.tags["decision"] == "PROMOTE"
    assert (
        run.data.tags["verdict_digest"]
        == digest(verdict)
        == versions.read_version(GOOD).tags["verdict_digest"]
    )
    assert versions.read_version(GOOD).tags["verdict"] == headline(verdict)
    assert {item.path for item in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)} == {
        "verdict.png",
        "verdict.fr.png",
        "verdict.md",
        "verdict.json",
    }
    assert runs.read_text(run.info.run_id, "verdict.md").startswith("# PROMOTE")
    assert read_json(runs.read_text(run.info.run_id, "verdict.json")) == read_json(as_json(verdict))
    assert verdict.data["earlier_judgements_on_this_test_split"] == 1


def test_a_challenger_is_loaded_once_and_its_verdict_drawn_once_in_each_language(gate, monkeypatch):
    gate(POOR)
    folders, drawn, load = [], [], models.load
    monkeypatch.setattr(models, "load", lambda folder: folders.append(folder) or load(folder))
    gate(GOOD, draw=lambda verdict: drawn.append(verdict) or PICTURE)

    assert len(folders) == len(set(folders)) == 2  # the champion and the challenger
    assert len(drawn) == len(LANGUAGES)


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
    verdict = gate(TWIN, override=make_override(("Ann", "Bob"), "a drill"))

    assert verdict.decision is Decision.HOLD
    assert champions() == (TWIN, TWIN)
    assert verdict_file(home).override.approved_by == ("Ann", "Bob")
    assert verdict_runs()[0].data.tags["override_reason"] == "a drill"


def test_of_two_promotions_at_once_exactly_one_wins_and_only_its_verdict_is_shown(gate, home):
    gate(POOR)
    before = store.champion().tag
    saved = len(stored_tags())

    def overtaken(verdict):
        if spoken() == "en":
            gate(GOOD)
        return PICTURE

    with pytest.raises(GateError, match="changed meanwhile"):
        gate(TWIN, draw=overtaken)

    assert champions() == (GOOD, GOOD)
    assert store.pointed()[1] == before
    assert len(stored_tags()) == saved + 1
    assert verdict_file(home).challenger["mlflow_version"] == GOOD
    assert outcomes() == ["overtaken", "promoted", "promoted"]
    assert versions.read_version(TWIN).tags["outcome"] == "overtaken"


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


def test_a_missing_previous_champion_hinders_no_promotion(gate):
    gate(POOR)
    gate(GOOD)
    shutil.rmtree(store.find(store.pointed()[1]).path)
    gate(TWIN, override=DRILL)

    assert champions() == (TWIN, TWIN)
    assert versions.read_version("previous").number == GOOD


def test_only_the_last_three_champions_stay_in_the_store(gate):
    for version in (POOR, GOOD, TWIN, GOOD):
        gate(version, override=DRILL)

    assert len(store.pointed()) == 3
    assert sorted(stored_tags()) == sorted(store.pointed())


def test_a_champion_of_another_test_split_is_not_judged_blindly(gate, tmp_path, tweets_file):
    gate(POOR)
    with tweets_file.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    other = tmp_path / "other.csv"
    with other.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows[:1500])
    verdict = gate(GOOD, dataset=load_dataset(str(other)))

    assert verdict.decision is Decision.HOLD
    assert any("test split is not the one" in reason for reason in verdict.reasons)


def test_the_thresholds_are_those_of_the_settings_unless_given(gate, monkeypatch):
    monkeypatch.setenv("SENTIMENT_BUDGET_SIZE_MB", "0.001")
    verdict = gate(POOR, thresholds=None)

    assert verdict.decision is Decision.REJECT
    assert (verdict.thresholds["size_mb"], verdict.thresholds["draws"]) == (0.001, 10_000)
    assert champions() == (None, None)
