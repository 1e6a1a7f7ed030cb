"""The order of delivery: who waits for whom, who holds which credential, what follows from what."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from workflows import JOBS, ROOT, STEPS, WORKFLOWS

from infra.attestation import WORKFLOW


class Group:
    """A concurrency group as GitHub runs it: one in progress; who else waits, by `queue`."""

    def __init__(self, queue="single", **_):
        self.queue, self.waiting, self.cancelled = queue, [], []

    def enter(self, job):
        if self.queue != "max":
            self.cancelled += self.waiting
            self.waiting = []
        self.waiting.append(job)


MOVE_TRAFFIC = ("release/deploy", "release/roll-back", "infra/deploy", "upkeep/retire")


def test_a_rollback_that_waits_is_thrown_out_by_nobody():
    """The belief that the default group does that (delivery facts, 53) is caught by its model."""
    groups = [JOBS[job_id]["concurrency"] for job_id in MOVE_TRAFFIC]
    waiting, default = Group(**groups[0]), Group()
    for job_id in ("release/roll-back", "release/deploy", "infra/deploy"):
        waiting.enter(job_id)
        default.enter(job_id)

    assert groups == [{"group": "traffic", "cancel-in-progress": False, "queue": "max"}] * 4
    assert waiting.cancelled == []
    assert default.cancelled == ["release/roll-back", "release/deploy"]


def test_what_waits_for_people_is_in_no_group():
    """A job that waits for its reviewers may count in its group, and stand in a rollback's way."""
    for name in ("infra", "release"):
        approve = JOBS[f"{name}/approve"]
        assert approve["environment"] == "approval"
        assert "concurrency" not in approve
    assert JOBS["infra/deploy"]["needs"] == ["approve"]
    assert JOBS["release/push"]["needs"] == ["approve"]
    assert "needs" not in JOBS["release/roll-back"]


def test_a_release_waits_for_no_rollback_and_a_tag_is_not_replaced_by_a_push():
    concurrency = WORKFLOWS["release"]["concurrency"]

    assert concurrency["cancel-in-progress"] is False
    assert "format('roll-back-{0}', github.run_id)" in concurrency["group"]
    assert "format('release-{0}', github.ref)" in concurrency["group"]
    retraining = WORKFLOWS["retrain"]["concurrency"]  # of the run, since several jobs make a retraining
    assert retraining["cancel-in-progress"] is False
    assert (
        "(github.event_name == 'push' || inputs.do == 'retrain') && 'train' || 'collect'"
        in retraining["group"]
    )
    assert all("concurrency" not in job for name, job in JOBS.items() if name.startswith("retrain/"))


def test_an_image_with_a_weakness_that_is_mended_elsewhere_is_not_released():
    scans = {job: step["with"] for job, step in STEPS if "anchore/scan-action" in step.get("uses", "")}
    rules = {"severity-cutoff": "high", "only-fixed": True, "output-format": "table"}

    assert scans == {
        "ci/bundle": {"image": "sentiloop:ci", **rules},
        "release/scan": {"image": "${{ vars.REGISTRY_IMAGE }}:${{ github.sha }}", **rules},
    }
    assert JOBS["release/scan"]["permissions"] == {}
    assert JOBS["release/scan"]["needs"] == ["build"]
    assert JOBS["release/approve"]["needs"] == ["scan"]
    assert 'make image FLAGS="--image-tag sentiloop:ci"' in str(JOBS["ci/bundle"]["steps"])


def test_what_signs_runs_nobody_elses_code_and_signs_the_digest_that_is_deployed():
    attest, deploy = JOBS["release/attest"], JOBS["release/deploy"]
    steps = attest["steps"]

    assert attest["permissions"] == {"attestations": "write", "id-token": "write"}
    assert [step["uses"].split("@")[0] for step in steps] == [
        *("actions/download-artifact", "actions/attest", "actions/attest"),
    ]
    assert not {"environment", "env", "container", "services"} & set(attest)
    assert [step["with"].get("sbom-path") for step in steps[1:]] == [None, "sbom.json"]
    for step in steps[1:]:
        assert {**step["with"], "sbom-path": ""} == {
            "sbom-path": "",
            "subject-name": "${{ vars.REGISTRY_IMAGE }}",
            "subject-digest": "${{ needs.push.outputs.digest }}",
        }
    assert [job for job in JOBS if "attestations" in JOBS[job].get("permissions", {})] == [
        *("release/attest", "release/deploy"),
    ]
    assert deploy["permissions"]["attestations"] == "read"
    assert JOBS["release/push"]["outputs"]["digest"] == "${{ steps.image.outputs.digest }}"


def test_nothing_is_deployed_that_nobody_attests_unless_people_switch_that_off():
    attest, deploy = JOBS["release/attest"], JOBS["release/deploy"]
    step = next(step for step in deploy["steps"] if step.get("id") == "deploy")

    assert attest["if"] == "vars.ATTESTATIONS != 'off'"
    assert "(needs.attest.result == 'success' || vars.ATTESTATIONS == 'off')" in deploy["if"]
    assert "needs.push.result == 'success'" in deploy["if"]
    assert step["env"]["ATTESTATIONS"] == "${{ vars.ATTESTATIONS || 'on' }}"
    assert step["env"]["GH_TOKEN"] == "${{ github.token }}"
    assert (ROOT / WORKFLOW).is_file()


def test_the_image_is_deployed_by_its_digest():
    deploy = next(step for _, step in STEPS if step.get("id") == "deploy")

    assert deploy["run"] == 'exec python -m infra.release deploy --image "$IMAGE" --commit "$GITHUB_SHA"'
    # `exec`: else the shell would get the signals of a job that is cancelled, and not pass them on
    assert deploy["env"]["IMAGE"] == "${{ needs.push.outputs.image }}"
    assert WORKFLOWS["release"]["jobs"]["push"]["outputs"] == {
        name: f"${{{{ steps.image.outputs.{name} }}}}" for name in ("digest", "image")
    }


@pytest.mark.parametrize(("job", "step"), [("deploy", "deploy"), ("roll-back", "rollback")])
def test_what_moves_traffic_and_is_killed_is_put_right(job, step):
    steps = JOBS[f"release/{job}"]["steps"]

    assert steps[-2]["id"] == step
    assert steps[-1]["run"] == "python -m infra.release restore"
    assert steps[-1]["if"] == f"(failure() || cancelled()) && steps.{step}.outcome != 'skipped'"


def test_only_promote_leads_to_a_release():
    promoted = "needs.publish.result == 'success' || needs.azure.outputs.promoted == 'true'"

    assert JOBS["retrain/release"]["if"] == f"${{{{ !cancelled() && ({promoted}) }}}}"
    assert JOBS["retrain/retrain"]["outputs"] == {"promoted": "${{ steps.verdict.outputs.promoted }}"}
    assert JOBS["calibrate/calibrate"]["outputs"] == {"changed": "${{ steps.calibrate.outputs.changed }}"}
    assert JOBS["calibrate/release"]["needs"] == ["publish"]
    for job, output, step in (
        ("retrain", "promoted", "verdict"),
        ("calibrate", "changed", "calibrate"),
    ):
        publish = JOBS[f"{job}/publish"]
        assert (publish["needs"], publish["if"]) == ([job], f"needs.{job}.outputs.{output} == 'true'")
        handing_over = [
            each for each in JOBS[f"{job}/{job}"]["steps"] if "new-champion" in str(each.get("with"))
        ]
        handing_over += [
            each for each in JOBS[f"{job}/{job}"]["steps"] if "--hand-over" in each.get("run", "")
        ]
        assert [each["if"] for each in handing_over] == [f"steps.{step}.outputs.{output} == 'true'"] * 2
    publishing = {job for job, step in STEPS if re.search("flows.publish|--upload", step.get("run", ""))}
    assert publishing == {"retrain/publish", "calibrate/publish"}


def test_validated_rows_lead_to_a_retraining_and_to_no_release_by_themselves():
    on = {name: workflow[True] for name, workflow in WORKFLOWS.items()}  # YAML takes `on` for a truth value

    assert on["retrain"]["push"]["paths"] == ["data/feedback_validated.csv"]
    assert "data/feedback_validated.csv" in on["release"]["push"]["paths-ignore"]
    assert on["retrain"]["schedule"]
    assert on["release"]["push"]["tags"] == ["v*"]


def test_infrastructure_is_deployed_by_hand_and_after_a_look():
    approve = JOBS["infra/approve"]

    assert "workflow_dispatch" in approve["if"]
    assert "refs/heads/main" in approve["if"]
    assert approve["needs"] == ["what-if"]
    assert "head.repo.full_name == github.repository" in JOBS["infra/what-if"]["if"]


def test_a_tag_releases_only_a_commit_that_main_contains(tmp_path):
    steps = JOBS["release/tested"]["steps"]
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


def test_the_job_that_builds_has_no_credential_and_those_with_one_have_few_packages():
    build = JOBS["release/build"]
    assert "environment" not in build
    assert build["permissions"] == {"contents": "read"}
    assert "secrets." not in str(build)
    assert "azure/login" not in str(build)
    assert build["needs"] == ["champion"]
    for job in ("champion", "push", "deploy", "roll-back"):
        assert "make" not in str(JOBS[f"release/{job}"]["steps"]), job
    for job_id, step in STEPS:
        if "make " in step.get("run", "") or ".ci/run" in step.get("run", ""):
            assert "REGISTRY_TOKEN" not in str(JOBS[job_id]), job_id
            assert JOBS[job_id].get("environment") in (None, "learning"), job_id


MOST_PACKAGES = 40  # those of `collect`, the largest lock that a job with an identity may install


def test_a_job_that_may_write_or_be_an_identity_installs_few_packages_by_hash():
    """What computes installs some 200; none of them shall meet a token."""
    for job_id, job in JOBS.items():
        if "write" in job.get("permissions", {}).values():
            scripts = " ".join(step.get("run", "") for step in job["steps"])
            installed = re.findall(r"locks/(\w+)\.txt", scripts)
            packages = {package for name in installed for package in locked(name)}
            assert not re.search(r"\bmake\b|\.ci/run|\bnpm\b|docker build", scripts), job_id
            assert scripts.count("pip install") == bool(installed), job_id
            assert len(packages) <= MOST_PACKAGES, job_id


def locked(name):
    return re.findall(r"^([\w.-]+)", (ROOT / "locks" / f"{name}.txt").read_text("utf-8"), re.MULTILINE)


def test_a_preview_of_a_pull_request_gets_no_secret_and_an_identity_that_only_reads():
    preview = JOBS["infra/what-if"]

    assert preview["environment"] == "preview"
    assert "secrets." not in str(preview)
    assert "--validation-level ProviderNoRbac" in preview["steps"][-1]["run"]
