"""`make bundle`: a real Bento, and which of the store's models it carries."""

import os
import subprocess
import sys
from pathlib import Path

import yaml
from crowning import crown

from sentiment.champions import store
from sentiment.champions.calibration import VARIABLE, Calibration, keep_calibration, parse_calibrations

ROOT = Path(__file__).parents[2]


def bundle(home):
    return subprocess.run(
        [sys.executable, "-m", "flows.bundle"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_the_bento_carries_the_champion_and_not_what_was_saved_last(home, served_model):
    champion = store.save(served_model, metadata={})
    crown(champion)
    learned = Calibration(champion, 1.5, 0.7, 500)
    keep_calibration(learned)
    store.save(served_model, metadata={})
    answer = bundle(home)

    assert answer.returncode == 0, answer.stderr
    name, _, version = answer.stdout.strip().partition(":")
    bento = store.store_home() / "bentos" / name / version
    assert [
        model["tag"] for model in yaml.safe_load((bento / "bento.yaml").read_text("utf-8"))["models"]
    ] == [champion]
    variables = yaml.safe_load((bento / "bento.yaml").read_text("utf-8"))["envs"]
    [calibration] = [each["value"] for each in variables if each["name"] == VARIABLE]
    assert parse_calibrations(calibration, VARIABLE) == {champion: learned}
    assert f"{VARIABLE}=" in (bento / "env" / "docker" / "Dockerfile").read_text("utf-8")
    assert {path.name for path in (bento / "src").iterdir()} >= {"service.py", "models", "sentiment"}


def test_without_a_champion_there_is_no_bento(home):
    answer = bundle(home)

    assert answer.returncode == 1
    assert answer.stderr.strip() == "error: no model 'tweet-sentiment' in the store: run 'make train' first"
