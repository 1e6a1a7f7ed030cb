"""A learning job on an empty machine: what it fetches, runs and hands on."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import yaml
from publication_fixtures import ROOT, publish, saved_champion

from infra.learning_job import read_jobs, run_job, start_dataset
from infra.programs import ProgramError
from sentiment.champions import store
from sentiment.config import read_settings
from sentiment.errors import ConfigError

JOBS = read_jobs()


@pytest.fixture
def machine(laptop, container, monkeypatch):
    """A machine whose jobs keep their files in the container, and a function that changes it."""
    monkeypatch.setenv("SENTIMENT_STATE_URL", f"az://{container.container_name}/state")
    validated = laptop / "validated" / "feedback_validated.csv"
    monkeypatch.setenv("SENTIMENT_VALIDATED_PATH", str(validated))
    return laptop


def flow(*lines, code=0):
    """A stand-in for `python -m`: it notes what was run, then does these lines for the flow."""
    script = [
        "import os, pathlib, sys",
        "home = pathlib.Path(os.environ['SENTIMENT_HOME'])",
        "home.joinpath('ran').open('a').write(' '.join(sys.argv[1:]) + chr(10))",
        "if sys.argv[1] in ('flows.fetch', 'flows.publish'): sys.exit()",
        *lines,
        f"sys.exit({code})",
    ]
    return (sys.executable, "-c", "\n".join(script))


def writing(text):
    """Lines of a flow that writes the dataset."""
    return (
        "folder = home / 'validated'",
        "folder.mkdir(exist_ok=True)",
        f"(folder / 'feedback_validated.csv').write_text({text!r})",
    )


def ran(home):
    return (home / "ran").read_text().splitlines()


def test_the_jobs_run_when_the_deployments_do():
    book = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))
    crons = {
        each["entrypoint"].removeprefix("flows/").partition(".")[0]: each["schedules"][0]
        for each in book["deployments"]
        if "cron" in each.get("schedules", [{}])[0]
    }

    assert {"collect", "retrain", "calibrate", "drift", "analyse"} <= crons.keys()
    for name, schedule in crons.items():
        assert JOBS[name].cron == schedule["cron"], name
        flags = [
            flag for key, value in schedule.get("parameters", {}).items() for flag in (f"--{key}", value)
        ]
        assert JOBS[name].arguments == tuple(flags), name


def test_every_job_is_a_flow_with_its_arguments():
    for name, job in JOBS.items():
        assert (ROOT / "flows" / f"{name}.py").is_file(), name
        text = (ROOT / "flows" / "arguments" / f"{name}.py").read_text("utf-8")
        assert all(f'"{flag}"' in text for flag in job.arguments if flag.startswith("--")), name


def test_what_a_job_writes_the_next_one_reads(machine, monkeypatch, tmp_path):
    assert run_job("validate", JOBS["validate"], flow(*writing("rows"))) == 0

    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / "next"))
    monkeypatch.setenv(
        "SENTIMENT_VALIDATED_PATH", str(tmp_path / "next" / "validated" / "feedback_validated.csv")
    )
    run_job(
        "analyse", JOBS["analyse"], flow("print((home / 'validated' / 'feedback_validated.csv').read_text())")
    )

    assert ran(tmp_path / "next") == ["flows.analyse"]
    assert (tmp_path / "next" / "validated" / "feedback_validated.csv").read_text() == "rows"


def test_a_new_champion_is_published_and_a_held_challenger_is_an_answer(machine, served_model):
    saved_champion(served_model)
    publish()
    assert run_job("retrain", JOBS["retrain"], flow(code=3)) == 3
    assert ran(machine) == ["flows.fetch", "flows.retrain --trigger rows"]

    other = store.save(served_model, metadata={"run_id": "another"})
    crowned = machine / "crown.py"
    crowned.write_text(
        f"from sentiment.champions import store\nstore.swap_champion({other!r}, expected=store.pointer())"
    )
    line = f"import runpy; sys.path[:0] = [{str(ROOT)!r}]; runpy.run_path({str(crowned)!r})"
    assert run_job("retrain", JOBS["retrain"], flow(line)) == 0
    assert ran(machine)[2:] == ["flows.fetch", "flows.retrain --trigger rows", "flows.publish"]


def test_a_calibration_is_published_although_the_champion_stays(machine, served_model):
    saved_champion(served_model)
    publish()
    run_job("calibrate", JOBS["calibrate"], flow())

    assert ran(machine) == ["flows.fetch", "flows.calibrate", "flows.publish"]


def test_a_flow_that_fails_hands_nothing_on(machine, container):
    with pytest.raises(ProgramError, match=r"flows\.validate failed with 1: see its log above"):
        run_job("validate", JOBS["validate"], flow(*writing("half"), code=1))

    assert list(container.list_blob_names()) == []


def test_without_a_place_for_its_files_the_error_names_the_setting(machine, monkeypatch):
    monkeypatch.delenv("SENTIMENT_STATE_URL")

    with pytest.raises(ConfigError, match=r"SENTIMENT_STATE_URL is not set.*: set it to az://"):
        run_job("drift", JOBS["drift"], flow())


def test_the_first_dataset_is_the_one_in_git(machine, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "feedback_validated.csv").write_text("of Git")
    start_dataset(read_settings(), tmp_path / "data")
    target = read_settings().validated_path
    assert target.read_text() == "of Git"

    target.write_text("of the jobs")
    start_dataset(read_settings(), tmp_path / "data")
    assert target.read_text() == "of the jobs"


@pytest.mark.slow
def test_the_real_flows_work_as_jobs_one_after_the_other(machine, container, served_model, tmp_path):
    saved_champion(served_model)
    publish()
    for number, name in enumerate(("validate", "calibrate")):
        home = tmp_path / f"machine{number}"
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("SENTIMENT_VALIDATED_PATH", "BENTOML_HOME", "MLFLOW_TRACKING_URI", "PREFECT_HOME")
        }
        run = subprocess.run(
            [sys.executable, "-m", "infra.learning_job", name],
            cwd=ROOT,
            env=environment | {"SENTIMENT_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert json.loads(run.stdout.splitlines()[-1]) == {"job": name, "exit": 0}

    assert "state/validated.tar" in set(container.list_blob_names())
    assert "0 audit tweets" in run.stdout  # the dataset of the first job, which the second one read
