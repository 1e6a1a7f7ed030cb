"""The rules of the workflows: pinned actions, few permissions, one gate, the order of a release.

Their form and their security are checked by `make check`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess

import pytest
from workflows import JOBS, STEPS, TEXTS, WORKFLOWS, scripts

# Every action in use, with the version whose commit it is pinned to.
ACTIONS = {
    "actions/attest": ("1e69f48acb82d1966a394da916b4c1698aa569d6", "v4.2.2"),
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/download-artifact": ("3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
    "actions/setup-python": ("e797f83bcb11b83ae66e0230d6156d7c80228e7c", "v6.0.0"),
    "actions/upload-artifact": ("043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "v7.0.1"),
    "anchore/scan-action": ("e1165082ffb1fe366ebaf02d8526e7c4989ea9d2", "v7.4.0"),
    "azure/login": ("f5d393ae46f8fde4be8b75f32e3fc50e654ad0ca", "v3.0.1"),
}
# What each job may write; all others may read the code and no more.
WRITES = {
    "calibrate/champion": {"id-token"},
    "calibrate/publish": {"id-token"},
    "calibrate/release": {"actions"},
    "release/champion": {"id-token"},
    "release/push": {"id-token"},
    "release/attest": {"attestations", "id-token"},
    "release/deploy": {"id-token"},
    "release/roll-back": {"id-token"},
    "retrain/collect": {"id-token"},
    "retrain/propose": {"actions", "contents", "pull-requests"},
    "retrain/champion": {"id-token"},
    "retrain/publish": {"id-token"},
    "retrain/azure": {"id-token"},
    "retrain/release": {"actions"},
    "infra/what-if": {"id-token"},
    "infra/deploy": {"id-token"},
    "subject/subject": {"id-token"},
    "upkeep/retire": {"id-token"},
}
WITH_GATE = ("ci", "release", "retrain", "infra")


def test_there_are_the_workflows_of_the_documents():
    assert set(WORKFLOWS) == {*WITH_GATE, "calibrate", "subject", "upkeep"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_to_a_commit_that_is_known(name):
    used = re.findall(r"uses: (\S+)@(\S+)(?: # (v[0-9.]+))?", TEXTS[name])

    assert len(used) == TEXTS[name].count("uses:")
    for action, commit, version in used:
        assert (commit, version) == ACTIONS[action]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_read_and_each_job_writes_only_what_it_must(name):
    assert WORKFLOWS[name]["permissions"] == ({} if name == "subject" else {"contents": "read"})
    for job_id, job in JOBS.items():
        if job_id.startswith(f"{name}/"):
            granted = {scope for scope, level in job.get("permissions", {}).items() if level == "write"}
            assert granted == WRITES.get(job_id, set()), job_id


@pytest.mark.parametrize("job_id", JOBS)
def test_no_job_hides_a_failure_or_goes_on_for_ever(job_id):
    job = JOBS[job_id]

    assert "continue-on-error" not in str(job)
    assert "|| true" not in str(job)
    assert job["timeout-minutes"] <= 300
    assert job["runs-on"] == "ubuntu-24.04"


@pytest.mark.parametrize("name", WITH_GATE)
def test_one_gate_at_the_end_looks_at_every_other_job(name):
    jobs = WORKFLOWS[name]["jobs"]
    gate = jobs["gate"]

    assert list(jobs)[-1] == "gate"
    assert set(gate["needs"]) == set(jobs) - {"gate"}
    assert gate["if"].startswith("always()")
    assert gate["permissions"] == {}


@pytest.mark.parametrize(
    ("name", "results", "passes"),
    [
        ("ci", ["success", "success"], True),
        ("ci", ["success", "skipped"], False),
        *(
            (name, results, passes)
            for name in ("release", "retrain", "infra")
            for results, passes in [
                (["success", "skipped"], True),
                (["success", "failure"], False),
                (["success", "cancelled"], False),
                (["skipped", "skipped"], False),
            ]
        ),
    ],
)
def test_the_gate_passes_what_succeeded_alone(name, results, passes, tmp_path):
    """Runs the gate's jq program, where jq is installed; GitHub's machines have it."""
    script = WORKFLOWS[name]["jobs"]["gate"]["steps"][0]["run"]
    needs = json.dumps({f"job{number}": {"result": result} for number, result in enumerate(results)})
    if not shutil.which("jq"):
        pytest.skip("no jq on this machine")

    run = subprocess.run(
        ["bash", "-e", "-c", script], env={**os.environ, "NEEDS": needs}, capture_output=True, check=False
    )

    assert (run.returncode == 0) == passes


@pytest.mark.parametrize(
    ("job_id", "step"), [(job_id, step) for job_id, step in STEPS if "checkout" in step.get("uses", "")]
)
def test_no_credential_stays_on_disk(job_id, step):
    assert step["with"]["persist-credentials"] is False


def test_no_two_jobs_have_one_name_since_the_rules_of_a_branch_know_a_check_by_it():
    names = [job["name"] for job in JOBS.values()]

    assert len(set(names)) == len(names)
    assert JOBS["ci/gate"]["name"] == "ci"


def test_nothing_is_red_until_people_switch_it_on():
    on = {"release": "vars.REGISTRY_IMAGE", "upkeep": "vars.REGISTRY_IMAGE"}
    on |= {"retrain": "vars.LEARNING", "calibrate": "vars.LEARNING"}
    for name, switch in on.items():
        jobs = WORKFLOWS[name]["jobs"]
        first = [job for job in jobs.values() if "needs" not in job and job["name"] != "release-roll-back"]
        assert first
        assert all(switch in job["if"] for job in first)
        assert "gate" not in jobs or switch in jobs["gate"]["if"]


def test_torch_comes_without_cuda_wherever_everything_is_installed():
    for job_id, step in STEPS:
        if "make setup" in step.get("run", "") or ".ci/run" in step.get("run", ""):
            env = {**WORKFLOWS[job_id.split("/")[0]].get("env", {}), **JOBS[job_id].get("env", {})}
            assert env["PIP_EXTRA_INDEX_URL"] == "https://download.pytorch.org/whl/cpu", job_id


def test_a_release_takes_nothing_from_a_cache():
    for job_id, step in STEPS:
        if job_id.split("/")[0] != "ci":
            assert "cache" not in str(step.get("with", "")), job_id


def test_every_job_that_logs_in_to_azure_is_in_an_environment_and_no_secret_of_azure_is_stored():
    for job_id, step in STEPS:
        if "azure/login" in step.get("uses", ""):
            assert JOBS[job_id]["environment"] in (
                *("production", "learning", "upkeep", "preview", "infrastructure"),
            )
            assert JOBS[job_id]["permissions"]["id-token"] == "write"
            assert set(step["with"]) == {"client-id", "tenant-id", "subscription-id"}
            assert all(value.startswith("${{ vars.AZURE_") for value in step["with"].values())
    secrets = set(re.findall(r"secrets\.(\w+)", "".join(TEXTS.values())))
    assert secrets == {
        *("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "REGISTRY_PULL_PASSWORD", "REGISTRY_TOKEN"),
        *("SENTIMENT_API_KEY", "SENTIMENT_REVIEW_URL", "SENTIMENT_SIGNING_KEY"),
    }


def test_no_program_is_told_a_client_id_which_it_would_take_for_a_managed_identity():
    for job_id, step in STEPS:
        names = {
            **WORKFLOWS[job_id.split("/")[0]].get("env", {}),
            **JOBS[job_id].get("env", {}),
            **step.get("env", {}),
        }
        assert "AZURE_CLIENT_ID" not in names, job_id


@pytest.mark.parametrize("job_id", JOBS)
def test_variables_of_an_environment_are_read_in_steps_where_they_are_known(job_id):
    assert "vars." not in str(JOBS[job_id].get("env", ""))
    assert "vars." not in str(WORKFLOWS[job_id.split("/")[0]].get("env", ""))


def test_no_expression_is_pasted_into_a_script():
    for script in scripts():
        assert "${{" not in script
        assert "eval" not in script
