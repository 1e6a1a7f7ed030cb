"""`make loop`: the whole ring from outside, with nothing of the user's touched but one folder."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow
STEPS = (
    "train",
    "predict",
    "correct",
    "alert",
    "correct",
    "drift",
    "collect",
    "review",
    "dataset",
    "verdict",
    "promote",
    "roll back",
    "meanwhile",
)


@pytest.fixture(scope="module")
def finished_ring(tmp_path_factory):
    """The finished process of one round, its lines by step, and its home."""
    home = tmp_path_factory.mktemp("ring") / "home"
    environment = os.environ | {"SENTIMENT_HOME": str(home)}
    process = subprocess.run(
        [sys.executable, "-m", "loop"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1100,
        check=False,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return re.findall(r"^ {1,10}(\w+(?: \w+)?) {2}(.+)$", process.stdout, re.MULTILINE), home / "loop"


@pytest.mark.timeout(1200)
def test_every_step_of_the_ring_is_taken_in_order(finished_ring):
    steps, _ = finished_ring

    assert tuple(step for step, _ in steps) == STEPS


def test_the_alert_fires_and_people_s_corrections_become_a_dataset_with_a_manifest(finished_ring):
    steps, home = finished_ring
    rows = (home / "feedback_validated.csv").read_text("utf-8").splitlines()
    manifest = json.loads((home / "feedback_validated.json").read_text("utf-8"))

    assert "fired since" in dict(steps)["alert"]
    assert len(rows) > 300
    assert manifest["rows"] == len(rows) - 1


def test_drift_is_seen_and_the_gate_promotes_for_being_better_in_production(finished_ring):
    steps, home = finished_ring
    verdict = json.loads((home / "verdict" / "verdict.json").read_text("utf-8"))
    production = next(check for check in verdict["checks"] if check["name"] == "macro F1 in production")

    assert "its texts differ from those of training" in dict(steps)["drift"]
    assert dict(steps)["verdict"].startswith("PROMOTE: The challenger is better in production")
    assert (verdict["decision"], production["outcome"]) == ("PROMOTE", "pass")
    assert (home / "verdict" / "verdict.png").stat().st_size > 10_000


def test_the_served_version_changes_and_changes_back_while_no_request_fails(finished_ring):
    told = dict(finished_ring[0])
    first, second = told["roll back"].split()[0], told["promote"].split()[0]

    assert first != second
    answered, failed = map(int, re.findall(r"\d+", told["meanwhile"]))
    assert answered > 100
    assert failed == 0


def test_a_ring_that_is_stopped_leaves_no_process_behind(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "loop"],
        cwd=ROOT,
        env=os.environ | {"SENTIMENT_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    started = []
    try:
        # Prefect and the monitor run, and a flow starts.
        assert process.stdout.readline().split()[0] == "train"
        started = psutil.Process(process.pid).children(recursive=True)
        assert len(started) > 1
        process.terminate()
        assert process.wait(60) == 130
        _, alive = psutil.wait_procs(started, timeout=20)
        assert alive == []
    finally:
        process.kill()
        for process_of_the_ring in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                process_of_the_ring.kill()


def test_nothing_is_written_beside_the_folder_of_the_ring(finished_ring):
    assert [path.name for path in finished_ring[1].parent.iterdir()] == ["loop"]
    assert not (ROOT / "feedback_validated.csv").exists()
