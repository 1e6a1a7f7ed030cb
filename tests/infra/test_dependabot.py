"""Newer versions are proposed for what is pinned, and none on the day that it appears."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from workflows import ROOT

FILE = ROOT / ".github" / "dependabot.yml"


def test_actions_and_packages_are_proposed_after_a_week_and_together():
    updates = {one["package-ecosystem"]: one for one in yaml.safe_load(FILE.read_text("utf-8"))["updates"]}

    assert set(updates) == {"docker-compose", "github-actions", "npm", "pip"}
    for one in updates.values():
        assert one["cooldown"]["default-days"] >= 7
        assert [group["patterns"] for group in one["groups"].values()] == [["*"]]


@pytest.mark.parametrize(
    ("check", "old", "new"),
    [
        (
            ["check-jsonschema", "--builtin-schema", "vendor.dependabot"],
            "interval: weekly",
            "interval: often",
        ),
        (["zizmor", "--offline", "--quiet", "--no-progress"], "default-days: 7", "default-days: 1"),
    ],
)
def test_the_checks_of_make_check_pass_and_would_say_so(check, old, new, tmp_path):
    command = [Path(sys.executable).parent / check[0], *check[1:]]
    bad = tmp_path / ".github" / "dependabot.yml"
    bad.parent.mkdir()
    bad.write_text(FILE.read_text("utf-8").replace(old, new))

    good, failed = (
        subprocess.run([*command, file], capture_output=True, check=False) for file in (FILE, bad)
    )

    assert good.returncode == 0, good.stdout
    assert failed.returncode != 0
