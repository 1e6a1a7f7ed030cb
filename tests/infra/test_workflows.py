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
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/download-artifact": ("3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "v8.0.1"),
    "actions/setup-python": ("e797f83bcb11b83ae66e0230d6156d7c80228e7c", "v6.0.0"),
    "actions/upload-artifact": ("043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "v7.0.1"),
    "azure/login": ("f5d393ae46f8fde4be8b75f32e3fc50e654ad0ca", "v3.0.1"),
}
# What each job may write; all others may read the code and no more.
WRITES = {
    "release/build": {"id-token"},
    "release/deploy": {"id-token"},
    "release/roll-back": {"id-token"},
    "retrain/collect": {"id-token"},
    "retrain/propose": {"actions", "contents", "pull-requests"},
    "retrain/retrain": {"id-token"},
    "retrain/release": {"actions"},
    "infra/what-if": {"id-token"},
    "infra/deploy": {"id-token"},
}


def test_there_are_the_four_workflows():
    assert set(WORKFLOWS) == {"ci", "release", "retrain", "infra"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_to_a_commit_that_is_known(name):
    used = re.findall(r"uses: (\S+)@(\S+)(?: # (v[0-9.]+))?", TEXTS[name])

    assert used
    assert len(used) == TEXTS[name].count("uses:")
    for action, commit, version in used:
        assert (commit, version) == ACTIONS[action]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_read_and_each_job_writes_only_what_it_must(name):
    assert WORKFLOWS[name]["permissions"] == {"contents": "read"}
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


@pytest.mark.parametrize("name", WORKFLOWS)
def test_one_gate_at_the_end_looks_at_every_other_job(name):
    jobs = WORKFLOWS[name]["jobs"]
    gate = jobs["gate"]

    assert list(jobs)[-1] == "gate"
    assert set(gate["needs"]) == set(jobs) - {"gate"}
    assert gate["if"] == "always()"
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


def test_releases_never_cross_and_are_never_cut_off():
    # Else a way back would wait for a build, and a push cancel it.
    group = "${{ inputs.do == 'roll back' && 'roll-back' || 'release' }}"
    assert WORKFLOWS["release"]["concurrency"] == {"group": group, "cancel-in-progress": False}
    for job_id in ("release/deploy", "release/roll-back", "infra/deploy"):
        assert JOBS[job_id]["concurrency"] == {"group": "traffic", "cancel-in-progress": False}
    assert JOBS["retrain/retrain"]["concurrency"] == {"group": "retrain", "cancel-in-progress": False}
    assert JOBS["retrain/collect"]["concurrency"] == {"group": "collect", "cancel-in-progress": False}


def test_every_job_that_logs_in_to_azure_is_in_an_environment_and_no_secret_of_azure_is_stored():
    for job_id, step in STEPS:
        if "azure/login" in step.get("uses", ""):
            assert JOBS[job_id]["environment"] in ("production", "learning", "infrastructure")
            assert JOBS[job_id]["permissions"]["id-token"] == "write"
            assert set(step["with"]) == {"client-id", "tenant-id", "subscription-id"}
            assert all(value.startswith("${{ vars.AZURE_") for value in step["with"].values())
    secrets = set(re.findall(r"secrets\.(\w+)", "".join(TEXTS.values())))
    assert secrets == {
        *("MLFLOW_TRACKING_TOKEN", "REGISTRY_PULL_PASSWORD", "REGISTRY_TOKEN"),
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


def test_the_image_is_deployed_by_its_digest():
    deploy = next(step for _, step in STEPS if step.get("id") == "deploy")

    assert deploy["run"] == 'exec python -m infra.release deploy --image "$IMAGE" --commit "$GITHUB_SHA"'
    # `exec`: else the shell would get the signals of a job that is cancelled, and not pass them on
    assert deploy["env"]["IMAGE"] == "${{ needs.push.outputs.image }}"
    assert WORKFLOWS["release"]["jobs"]["push"]["outputs"] == {"image": "${{ steps.image.outputs.image }}"}


@pytest.mark.parametrize(("job", "step"), [("deploy", "deploy"), ("roll-back", "rollback")])
def test_what_moves_traffic_and_is_killed_is_put_right(job, step):
    steps = JOBS[f"release/{job}"]["steps"]

    assert steps[-2]["id"] == step
    assert steps[-1]["run"] == "python -m infra.release restore"
    assert steps[-1]["if"] == f"(failure() || cancelled()) && steps.{step}.outcome != 'skipped'"


def test_only_promote_leads_to_a_release():
    promoted = "needs.retrain.outputs.promoted == 'true'"

    assert JOBS["retrain/release"]["if"] == promoted
    assert JOBS["retrain/retrain"]["outputs"] == {"promoted": "${{ steps.verdict.outputs.promoted }}"}
    publish = next(step for _, step in STEPS if "flows.publish" in step.get("run", ""))
    assert publish["if"] == "steps.verdict.outputs.promoted == 'true'"


def test_validated_rows_lead_to_a_retraining_and_to_no_release_by_themselves():
    on = {name: workflow[True] for name, workflow in WORKFLOWS.items()}  # YAML takes `on` for a truth value

    assert on["retrain"]["push"]["paths"] == ["data/feedback_validated.csv"]
    assert "data/feedback_validated.csv" in on["release"]["push"]["paths-ignore"]
    assert on["retrain"]["schedule"]
    assert on["release"]["push"]["tags"] == ["v*"]


def test_infrastructure_is_deployed_by_hand_and_after_a_look():
    deploy = JOBS["infra/deploy"]

    assert "workflow_dispatch" in deploy["if"]
    assert "refs/heads/main" in deploy["if"]
    assert deploy["needs"] == ["what-if"]
    assert "head.repo.full_name == github.repository" in JOBS["infra/what-if"]["if"]


def test_a_tag_releases_only_a_commit_that_main_contains(tmp_path):
    steps = JOBS["release/build"]["steps"]
    assert steps[0]["with"]["fetch-depth"] == 0
    script = steps[1]["run"]
    git = ["git", "-c", "user.name=ann", "-c", "user.email=ann@x.example"]

    def commit(message):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], cwd=tmp_path, check=True)
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return head.stdout.strip()

    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)
    old, new = commit("one"), commit("two")
    subprocess.run(["git", "update-ref", "refs/remotes/origin/main", new], cwd=tmp_path, check=True)
    stray = commit("never reviewed")
    runs = [
        subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=tmp_path,
            env={**os.environ, "GITHUB_SHA": sha},
            capture_output=True,
            text=True,
            check=False,
        )
        for sha in (old, new, stray)
    ]

    assert [run.returncode for run in runs] == [0, 0, 1]
    assert f"::error::{stray} is not on main: merge it first" in runs[2].stdout


def test_the_job_that_runs_every_package_has_neither_the_registrys_token_nor_the_release_identity():
    full = {job_id for job_id, step in STEPS if "make setup" in step.get("run", "")}

    assert "release/build" in full
    for job_id in full:
        assert "REGISTRY_TOKEN" not in str(JOBS[job_id]), job_id
        assert JOBS[job_id].get("environment") in (None, "learning"), job_id
    assert "id-token" not in JOBS["release/push"]["permissions"]
    assert "make" not in str(JOBS["release/push"]["steps"])
