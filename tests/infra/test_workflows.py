"""The workflows obey the house's rules and call only what exists; their form and their security are `make check`'s business."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
FILES = {file.stem: file for file in sorted(FOLDER.glob("*.yml"))}
TEXTS = {name: file.read_text("utf-8") for name, file in FILES.items()}
WORKFLOWS = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = {
    f"{name}/{job}": content
    for name, workflow in WORKFLOWS.items()
    for job, content in workflow["jobs"].items()
}
STEPS = [(place, step) for place, job in JOBS.items() for step in job["steps"]]
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


def scripts(name=""):
    return [step["run"] for place, step in STEPS if "run" in step and place.startswith(name)]


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
    for place, job in JOBS.items():
        if place.startswith(f"{name}/"):
            granted = {scope for scope, level in job.get("permissions", {}).items() if level == "write"}
            assert granted == WRITES.get(place, set()), place


@pytest.mark.parametrize("place", JOBS)
def test_no_job_hides_a_failure_or_goes_on_for_ever(place):
    job = JOBS[place]

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
    """Its jq program is run by jq where that is; GitHub's machines have it."""
    script = WORKFLOWS[name]["jobs"]["gate"]["steps"][0]["run"]
    needs = json.dumps({f"job{number}": {"result": result} for number, result in enumerate(results)})
    if not shutil.which("jq"):
        pytest.skip("no jq on this machine")

    run = subprocess.run(
        ["bash", "-e", "-c", script], env={**os.environ, "NEEDS": needs}, capture_output=True, check=False
    )

    assert (run.returncode == 0) == passes


@pytest.mark.parametrize(
    ("place", "step"), [(place, step) for place, step in STEPS if "checkout" in step.get("uses", "")]
)
def test_no_credential_stays_on_disk(place, step):
    assert step["with"]["persist-credentials"] is False


def test_releases_never_cross_and_are_never_cut_off():
    # Else a way back would wait for a build, and a push cancel it.
    group = "${{ inputs.do == 'roll back' && 'roll-back' || 'release' }}"
    assert WORKFLOWS["release"]["concurrency"] == {"group": group, "cancel-in-progress": False}
    for place in ("release/deploy", "release/roll-back", "infra/deploy"):
        assert JOBS[place]["concurrency"] == {"group": "traffic", "cancel-in-progress": False}
    assert JOBS["retrain/retrain"]["concurrency"] == {"group": "retrain", "cancel-in-progress": False}
    assert JOBS["retrain/collect"]["concurrency"] == {"group": "collect", "cancel-in-progress": False}


def test_every_job_that_logs_in_to_azure_is_in_an_environment_and_no_secret_of_azure_is_stored():
    for place, step in STEPS:
        if "azure/login" in step.get("uses", ""):
            assert JOBS[place]["environment"] in ("production", "learning", "infrastructure")
            assert JOBS[place]["permissions"]["id-token"] == "write"
            assert set(step["with"]) == {"client-id", "tenant-id", "subscription-id"}
            assert all(value.startswith("${{ vars.AZURE_") for value in step["with"].values())
    secrets = set(re.findall(r"secrets\.(\w+)", "".join(TEXTS.values())))
    assert secrets == {
        *("MLFLOW_TRACKING_TOKEN", "REGISTRY_PULL_PASSWORD", "REGISTRY_TOKEN"),
        *("SENTIMENT_API_KEY", "SENTIMENT_REVIEW_URL", "SENTIMENT_SIGNING_KEY"),
    }


def test_no_program_is_told_a_client_id_which_it_would_take_for_a_managed_identity():
    for place, step in STEPS:
        names = {
            **WORKFLOWS[place.split("/")[0]].get("env", {}),
            **JOBS[place].get("env", {}),
            **step.get("env", {}),
        }
        assert "AZURE_CLIENT_ID" not in names, place


@pytest.mark.parametrize("place", JOBS)
def test_variables_of_an_environment_are_read_in_steps_where_they_are_known(place):
    assert "vars." not in str(JOBS[place].get("env", ""))
    assert "vars." not in str(WORKFLOWS[place.split("/")[0]].get("env", ""))


def test_no_expression_is_pasted_into_a_script():
    for script in scripts():
        assert "${{" not in script
        assert "eval" not in script


def test_the_image_is_deployed_by_its_digest():
    deploy = next(step for _, step in STEPS if step.get("id") == "deploy")

    assert deploy["run"] == 'exec python -m infra.release deploy --image "$IMAGE" --commit "$GITHUB_SHA"'
    # `exec`: else the shell would get the signals of a job that is cancelled, and not pass them on
    assert deploy["env"]["IMAGE"] == "${{ needs.build.outputs.image }}"
    assert WORKFLOWS["release"]["jobs"]["build"]["outputs"] == {"image": "${{ steps.image.outputs.image }}"}


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


@pytest.mark.parametrize("name", WORKFLOWS)
def test_only_commands_that_exist_are_called(name):
    text = "\n".join(scripts(f"{name}/"))
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    assert set(re.findall(r"^(?:bash \.ci/run|make) (\w+)", text, re.MULTILINE)) <= targets
    for module in re.findall(r"python3? -m ([\w.]+)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module
    for file in re.findall(r"\.ci/\w+|infra/[\w.]+\.(?:bicep|bicepparam)\b", TEXTS[name]):
        assert (ROOT / file).is_file(), file
    for workflow in re.findall(r"gh workflow run (\S+)", text):
        assert (FOLDER / workflow).is_file()


def commands():
    found = {
        command
        for script in scripts()
        for command in re.findall(r"python3? -m ((?:infra|flows)\.\w+[^\n|&)]*)", script)
    }
    return sorted(found)


@pytest.mark.parametrize("command", commands())
def test_the_commands_take_the_options_that_they_are_given(command, monkeypatch, capsys):
    module, *words = command.split()
    verb = [word for word in words[:1] if not word.startswith("-")]
    monkeypatch.setattr(sys, "argv", [module, *verb, "--help"])

    with pytest.raises(SystemExit) as ended:
        importlib.import_module(module).main()

    assert ended.value.code == 0
    said = capsys.readouterr().out
    for option in re.findall(r"--[a-z-]+", command):
        assert option in said


def test_the_programs_that_python_calls_are_there_as_well():
    sources = "".join(
        (ROOT / "infra" / f"{name}.py").read_text("utf-8")
        for name in ("champion", "container_image", "proposal", "verdict")
    )
    modules = re.findall(r'"-m", "((?:flows|infra)\.\w+)"', sources)
    targets = re.findall(r'"make", "--silent", "(\w+)"', sources)

    assert {"flows.fetch", "flows.train", "flows.retrain", "infra.sbom"} == set(modules)
    for module in modules:
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), target


def test_every_variable_and_secret_is_in_the_documents():
    named = set(re.findall(r"(?:vars|secrets)\.(\w+)", "".join(TEXTS.values())))
    documents = "".join(
        (ROOT / "docs" / name).read_text("utf-8")
        for name in ("release.md", "deploy.md")
        if (ROOT / "docs" / name).exists()
    )

    assert {name for name in named if f"`{name}`" not in documents} == set()


@pytest.mark.parametrize(
    ("check", "old", "new"),
    [
        (["check-jsonschema", "--builtin-schema", "vendor.github-workflows"], "runs-on:", "run-on:"),
        (
            ["zizmor", "--offline", "--quiet", "--no-progress"],
            re.search(r"actions/checkout@\S+", TEXTS["ci"])[0],
            "actions/checkout@v7",
        ),
        (
            ["zizmor", "--offline", "--quiet", "--no-progress"],
            "bash .ci/run check",
            "bash .ci/run ${{ github.head_ref }}",
        ),
    ],
)
def test_the_checks_of_make_check_pass_and_would_say_so(check, old, new, tmp_path):
    """The workflows as they are pass; one that is malformed or unsafe does not."""
    command = [Path(sys.executable).parent / check[0], *check[1:]]
    bad = tmp_path / ".github" / "workflows" / "bad.yml"
    bad.parent.mkdir(parents=True)
    bad.write_text(TEXTS["ci"].replace(old, new, 1))

    good, failed = (
        subprocess.run([*command, *files], capture_output=True, check=False)
        for files in (FILES.values(), [bad])
    )

    assert good.returncode == 0, good.stdout
    assert failed.returncode != 0
