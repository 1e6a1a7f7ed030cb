"""A newcomer's walk: the commands of the documents, in their order, on a first day."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cloud_fixtures import install
from workflows import ROOT

PAGE = (ROOT / "docs" / "thirty-minutes.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)


class Walk:
    """The commands run in one shell over a fake subscription and a fake GitHub."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("az", "gh", "curl"):
            install(folder / "bin", name, Path(__file__).parents[1] / "fixtures" / "fake_subscription.py")
        (folder / "bin" / "sleep").write_text("#!/bin/sh\n")
        (folder / "bin" / "sleep").chmod(0o755)
        (folder / "sentiloop").symlink_to(ROOT)  # what the clone makes

    def run(self, *blocks):
        python = Path(sys.executable).parent
        environment = {
            "PATH": f"{self.folder / 'bin'}:{python}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "SENTILOOP_ROOT": str(ROOT),
            "SENTILOOP_SITE": str(Path(yaml.__file__).parents[1]),
        }
        return subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", "\n".join(blocks)],
            cwd=self.folder,
            env=environment,
            input="",
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def state(self):
        return json.loads((self.folder / "bin" / "state.json").read_text())


@pytest.fixture
def walk(tmp_path):
    return Walk(tmp_path)


def test_the_page_leads_to_a_running_app_and_back_to_nothing(walk):
    run = walk.run(*BLOCKS[:-1], 'cp "$HOME/bin/state.json" "$HOME/before.json"', BLOCKS[-1])

    assert run.returncode == 0, run.stderr
    before = json.loads((walk.folder / "before.json").read_text())
    group = before["az"]["groups"]["rg-sentiloop-prod"]
    assert group["image"] == "sentiloop@sha256:ab"
    assert set(group["deployments"]) == {"bootstrap", "sentiloop"}
    assert set(before["gh"]["environments"]) == {"production", "learning", "upkeep", "approval"}
    assert walk.state["az"]["groups"] == walk.state["gh"]["environments"] == {}
    assert walk.state["gh"]["variables"] == {}


def without(line):
    """The page's commands but for one line, which must be there."""
    text = "\n".join(BLOCKS[:-1])
    assert line in text
    return text.replace(line, ":", 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("az login", "az login"),
        ('az provider register --namespace "Microsoft.$provider" --wait', "MissingSubscriptionRegistration"),
        ("az extension add --name log-analytics --upgrade", "extension log-analytics"),
        ('az group create --name "$AZURE_RESOURCE_GROUP" --location westeurope', "ResourceGroupNotFound"),
        ("gh auth login", "gh auth login"),
        (
            'gh api --method PUT "repos/$GITHUB_REPOSITORY/actions/permissions" '
            "-F enabled=true -f allowed_actions=all",
            "Actions are disabled",
        ),
        ('gh workflow enable "$workflow.yml" --repo "$GITHUB_REPOSITORY"', "disabled workflow"),
        ("export OIDC_SUBJECT_PREFIX=$(python3 -m infra.subject)", "OIDC_SUBJECT_PREFIX"),
        ("export SENTIMENT_ALERT_MAIL_TO=you@example.org", "SENTIMENT_ALERT_MAIL_TO"),
        ("--name bootstrap --template-file", "RoleDefinitionDoesNotExist"),
        ('set_up learning "$AZURE_LEARNING_CLIENT_ID"', "no environment learning"),
        (
            'gh api --method PUT "repos/$GITHUB_REPOSITORY/environments/approval" --silent',
            "environment approval",
        ),
        ('gh workflow run ci.yml --repo "$GITHUB_REPOSITORY" --ref main ', "ci has not passed"),
        (
            'gh variable set REGISTRY_USER --repo "$GITHUB_REPOSITORY" --env production --body "$OWNER"',
            "REGISTRY_USER",
        ),
    ],
)
def test_no_step_can_be_left_out(walk, line, refusal):
    """So each step makes what a later one needs, and the stand-ins notice where it is missing."""
    text = (
        without(line)
        if "bootstrap" not in line
        else "\n".join(BLOCKS[:-1]).replace(line, "--name other --template-file", 1)
    )

    run = walk.run(text)

    assert run.returncode != 0
    assert refusal in run.stderr


def test_a_subject_that_is_built_from_names_is_refused(walk):
    """The belief of before (delivery facts, 1) is caught."""
    text = "\n".join(BLOCKS[:-1]).replace("$(python3 -m infra.subject)", "repo:$GITHUB_REPOSITORY", 1)

    run = walk.run(text)

    assert run.returncode != 0
    assert "AADSTS700213" in run.stderr


def test_the_costs_of_the_page_are_those_of_the_other_document():
    deploy = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    low, high = re.search(r"\$(\d+) if they idle all month, \$(\d+) if they never do", deploy).groups()

    assert f"${low} to ${high}" in PAGE
    assert f"${int(low) / 30:.2f} to ${int(high) / 30:.2f}" in PAGE
