"""The locks hold what the constraints pin, each package with hashes, and are what is installed."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.locks import EXTRAS, FOLDER, TORCH
from infra.packages import read_pins

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PINS = read_pins((ROOT / "constraints.txt").read_text("utf-8"))
LINUX = {"sys_platform": "linux", "platform_machine": "x86_64", "extra": ""}


def locked(name: str) -> dict[str, tuple[str, int]]:
    """The version of each package of a lock, and how many hashes it has."""
    entries = re.split(r"\n(?=\S)", (FOLDER / f"{name}.txt").read_text("utf-8"))
    found = {}
    for entry in entries:
        if match := re.match(r"([\w.-]+)(?:\[[\w,]+\])?==([\w.!-]+)", entry):
            found[canonicalize_name(match[1])] = (
                match[2],
                len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry)),
            )
    return found


@pytest.mark.parametrize("name", [*EXTRAS, TORCH])
def test_each_package_has_hashes_and_the_version_of_the_constraints(name):
    packages = locked(name)

    assert packages
    assert {package for package, (_, hashes) in packages.items() if not hashes} == set()
    others = {package: version for package, (version, _) in packages.items() if PINS.get(package) != version}
    assert others.keys() <= {"setuptools", "wheel", "async-timeout"}  # pip freeze leaves the tools out


@pytest.mark.parametrize("name", EXTRAS)
def test_a_lock_holds_what_its_extra_asks_for(name):
    extras, packages, waiting = PROJECT["optional-dependencies"], locked(name), [name]
    wanted = [Requirement(line) for line in PROJECT["dependencies"]]
    while waiting:
        for need in map(Requirement, extras[waiting.pop()]):
            waiting += need.extras if need.name == PROJECT["name"] else []
            wanted += [] if need.name == PROJECT["name"] else [need]

    for need in wanted:
        if need.name != TORCH and (need.marker is None or need.marker.evaluate(LINUX)):
            assert need.specifier.contains(packages[canonicalize_name(need.name)][0], prereleases=True), need


def test_no_lock_brings_cuda():
    """Without PyTorch's own index uv takes PyPI's torch, which needs gigabytes of NVIDIA's."""
    for name in EXTRAS:
        assert not {package for package in locked(name) if package.startswith(("cuda-", "nvidia-cu"))}, name


INSTALLING = [
    "Makefile",
    *ROOT.glob("infra/*Dockerfile*"),
    *sorted((ROOT / ".github/workflows").glob("*.yml")),
]


@pytest.mark.parametrize("file", INSTALLING, ids=lambda file: Path(file).name)
def test_whatever_is_installed_is_a_wheel_that_is_checked_by_its_hash(file):
    """Only Sentiloop itself is built, by the setuptools of its lock."""
    commands = re.sub(r"\\\n\s*", " ", (ROOT / file).read_text("utf-8"))
    commands = re.sub(r"^LOCKED := (.*)$", "", commands, flags=re.MULTILINE)
    installs = re.findall(r"\bpip\b[^;&|\n]*? install [^;&|\n]*", commands)
    locked = [("--no-deps", "--require-hashes", "--only-binary"), ("$(LOCKED)",), ("# UNLOCKED",)]
    locked += [("--no-deps", "--no-build-isolation", "--editable .")]

    assert [
        line for line in installs if not any(all(word in line for word in words) for words in locked)
    ] == []


def test_the_word_for_locked_means_it():
    (words,) = re.findall(r"^LOCKED := (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)

    assert {"--no-deps", "--require-hashes", "--only-binary :all:"} <= set(re.split(r" (?=--)", words))


def test_azurite_and_all_that_it_needs_are_locked_by_hash_and_run_no_script():
    """A lock that was made through a registry of one's own would name its host."""
    lock = json.loads((FOLDER / "azurite" / "package-lock.json").read_text("utf-8"))["packages"]
    wanted = json.loads((FOLDER / "azurite" / "package.json").read_text("utf-8"))["dependencies"]
    packages = {name: package for name, package in lock.items() if name}
    rule = re.search(
        r"^\$\(BIN\)/azurite-blob:.*\n(?:\t.*\n)+", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    image = re.search(
        r"image: \S+/azurite:(\S+?)(@|$)", (ROOT / "compose.yaml").read_text("utf-8"), re.MULTILINE
    )

    assert lock[""]["dependencies"] == wanted == {"azurite": packages["node_modules/azurite"]["version"]}
    assert wanted["azurite"] == image[1]
    assert {
        name for name, package in packages.items() if "sha512-" not in package.get("integrity", "")
    } == set()
    addresses = {package.get("resolved", "https://registry.npmjs.org/") for package in packages.values()}
    assert {a for a in addresses if not a.startswith("https://registry.npmjs.org/")} == set()
    assert re.findall(r"\$\(NPM\) (\w+).*(--ignore-scripts)", rule[0]) == [("ci", "--ignore-scripts")]
