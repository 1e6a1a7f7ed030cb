"""The running image and traffic are read from a fake `az`; what cannot be read is an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.running import RunningError, choose_live

ROOT = Path(__file__).parents[2]
APP, GROUP = "ca-sentiloop-prod", "rg-sentiloop-prod"
NEWEST = {"latestRevision": True, "weight": 100}
FAKE = """#!{python}
import json, pathlib, sys
folder = pathlib.Path({folder!r})
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
command = " ".join(sys.argv[2:4]) if sys.argv[2] == "revision" else sys.argv[2]
answer = json.loads((folder / "answers.json").read_text())[command]
print(answer["says"], file=sys.stderr if answer["code"] else sys.stdout)
sys.exit(answer["code"])
"""


class Azure:
    """A fake `az` in a folder: its answers by command, and the calls that it got."""

    def __init__(self, folder):
        self.folder, self.answers = folder, {}
        program = folder / "az"
        program.write_text(FAKE.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)

    def answer(self, command, content, *, code=0):
        self.answers[command] = {
            "says": content if isinstance(content, str) else json.dumps(content),
            "code": code,
        }

    def run(self, *arguments, path=None):
        (self.folder / "answers.json").write_text(json.dumps(self.answers))
        environment = {
            "PATH": path or f"{self.folder}:{os.environ['PATH']}",
            "AZURE_RESOURCE_GROUP": GROUP,
            "AZURE_CONTAINER_APP": APP,
        }
        command = [sys.executable, "-m", "infra.running", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    @property
    def calls(self):
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]


@pytest.fixture
def azure(tmp_path):
    return Azure(tmp_path)


def app(*traffic, name=APP, image="docker.io/o/sentiloop:newest"):
    ingress = {"traffic": list(traffic)}
    return {
        "name": name,
        "properties": {"configuration": {"ingress": ingress}, "template": {"containers": [{"image": image}]}},
    }


def share(revision, weight, label=None):
    return {"revisionName": revision, "weight": weight, **({"label": label} if label else {})}


def test_the_live_revision_and_its_own_image_are_kept(azure):
    azure.answer("list", [app(name="another"), app(share("ca--old", 100, "stable"), share("ca--new", 0))])
    azure.answer("revision show", app(image="docker.io/o/sentiloop:live"))

    run = azure.run()

    assert run.returncode == 0, run.stderr
    assert run.stdout == "SENTIMENT_IMAGE=docker.io/o/sentiloop:live\nSENTIMENT_LIVE_REVISION=ca--old\n"
    listing, showing = azure.calls
    assert listing[:4] == ["containerapp", "list", "--resource-group", GROUP]
    assert showing[:3] == ["containerapp", "revision", "show"]
    assert showing[showing.index("--revision") + 1] == "ca--old"


def test_where_the_traffic_follows_the_newest_revision_it_goes_on_to(azure):
    azure.answer("list", [app(NEWEST)])

    run = azure.run()

    assert run.stdout == "SENTIMENT_IMAGE=docker.io/o/sentiloop:newest\nSENTIMENT_LIVE_REVISION=\n"
    assert len(azure.calls) == 1


def test_before_the_first_deployment_there_is_nothing_to_keep(azure):
    azure.answer("list", [])

    run = azure.run()

    assert (run.returncode, run.stdout) == (0, "")
    assert f"there is no {APP} in {GROUP} yet" in run.stderr


def test_a_release_under_way_is_not_disturbed(azure):
    azure.answer("list", [app(share("ca--old", 90), share("ca--new", 10))])

    run = azure.run()

    assert (run.returncode, run.stdout) == (1, "")
    assert "ca--old 90%, ca--new 10%" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("command", "says", "code", "reason"),
    [
        (
            "list",
            "ERROR: Please run 'az login'",
            1,
            "'az containerapp list' failed with 1: ERROR: Please run 'az login'",
        ),
        ("list", "not JSON", 0, "'az containerapp list' wrote 'not JSON', which is no JSON"),
        (
            "revision show",
            "ERROR: revision gone",
            3,
            "'az containerapp revision show' failed with 3: ERROR: revision gone",
        ),
    ],
)
def test_a_failure_of_az_is_told_and_writes_no_variable(azure, command, says, code, reason):
    azure.answer("list", [app(share("ca--old", 100))])
    azure.answer(command, says, code=code)

    run = azure.run()

    assert (run.returncode, run.stdout) == (1, "")
    assert reason in run.stderr


def test_without_az_it_says_so(azure, tmp_path):
    run = azure.run(path=str(tmp_path / "nowhere"))

    assert run.returncode == 1
    assert "az cannot be started" in run.stderr


def test_the_options_win_over_the_environment(azure):
    azure.answer("list", [app(NEWEST, name="ca-other")])

    run = azure.run("--app", "ca-other", "--group", "rg-other")

    assert run.stdout.startswith("SENTIMENT_IMAGE=")
    assert "rg-other" in azure.calls[0]


@pytest.mark.parametrize(
    ("traffic", "live"),
    [
        ([], ""),
        ([NEWEST], ""),
        ([share("a", 100)], "a"),
        ([share("a", None, "blue"), share("b", 100)], "b"),
        ([share("a", 0), share("b", 100, "stable")], "b"),
    ],
)
def test_the_live_revision_is_the_one_with_all_the_traffic(traffic, live):
    assert choose_live(traffic) == live


@pytest.mark.parametrize(
    ("traffic", "shares"),
    [
        ([NEWEST | {"weight": 50}, share("a", 50)], "the newest 50%, a 50%"),
        # The first minutes of a release: b is watched, a is what it goes back to.
        ([share("a", 0, "stable"), share("b", 100)], "b 100%"),
    ],
)
def test_during_a_release_there_is_no_live_revision(traffic, shares):
    with pytest.raises(RunningError, match=rf"a release is under way \({shares}\)"):
        choose_live(traffic)
