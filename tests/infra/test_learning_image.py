"""The image of everything but the service: its Dockerfile, and what it is asked to run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import yaml
from bicep_fixtures import MODULES, ROOT
from rooms import ROOMS

FILE = ROOT / "infra" / "learning.Dockerfile"
TEXT = FILE.read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
IGNORED = [
    line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] not in ("#", "")
]


def test_hadolint_finds_nothing():
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    run = subprocess.run([hadolint, str(FILE)], capture_output=True, text=True, check=False)

    assert (run.returncode, run.stdout) == (0, "")


def test_it_installs_every_extra_but_those_of_the_development_and_of_clusters():
    extras = PROJECT["optional-dependencies"]
    (chosen,) = re.findall(r"^sentiloop\[(.+)\]$", "\n".join(extras["learning"]), re.MULTILINE)
    installed = {package for name in chosen.split(",") for package in extras[name]}

    for name in extras.keys() - {"audit", "build", "dev", "ray"}:
        assert {package for package in extras[name] if not package.startswith("sentiloop[")} <= installed, (
            name
        )
    assert 'ARG LISTS="locks/learning.txt locks/torch.txt data-packages.txt"' in TEXT
    assert re.search(r'--require-hashes --only-binary :all: \\\n .*--requirement "\$\{list\}"', TEXT)
    assert "--constraint" not in TEXT


def test_everything_that_it_copies_and_runs_is_in_the_context():
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+) \./?$", TEXT, re.MULTILINE)
        for name in line.split()
    ]
    needed = {*copied, "prefect.yaml", "data", *(name for room in ROOMS for name in (room, f"{room}.py"))} - {
        "."
    }
    present = {name for name in needed if (ROOT / name).exists()} - {"benchmarks"}

    assert set(copied) - {"."} <= present
    assert {name for name in present if any(fnmatch(name, pattern) for pattern in IGNORED)} == set()
    assert {".venv", ".sentiloop", ".git"} == {
        n for n in (".venv", ".sentiloop", ".git") if fnmatch(n, IGNORED[0])
    }


def test_it_runs_as_nobody_special_and_writes_to_its_home_alone():
    assert re.search(r"^USER 1034:1034$", TEXT, re.MULTILINE)
    assert re.search(r"^VOLUME /home/sentiloop/home$", TEXT, re.MULTILINE)
    assert "SENTIMENT_HOME=/home/sentiloop/home" in TEXT
    for path in ("learning_app", "learning_jobs"):
        assert "mountPath: '/home/sentiloop/home'" in (MODULES / f"{path}.bicep").read_text("utf-8")


def test_every_module_that_it_is_asked_to_run_exists():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    modules = {
        each["command"][0] for each in services.values() if "learning" in each.get("image", "").lower()
    }
    modules |= set(
        re.findall(r"'((?:infra|flows)\.\w+)'", "".join(p.read_text("utf-8") for p in MODULES.glob("learn*")))
    )

    assert {"infra.learning_job", "infra.mlflow_server", "flows.deploy", "prefect"} <= modules
    for module in modules - {"prefect"}:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
