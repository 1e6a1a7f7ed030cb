"""Back to the champion before: with MLflow there or away, and what fell stays out."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from promotion_fixtures import GOOD, POOR, TWIN, champions

from sentiment.champions import store
from sentiment.config import read_settings
from sentiment.errors import StoreError
from sentiment.gate.verdict import Decision
from sentiment.promotion.rollback import roll_back_champion
from sentiment.training import versions

ROOT = Path(__file__).parents[2]


def roll_back(because=""):
    return roll_back_champion(read_settings(), because)


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
