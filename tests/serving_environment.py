"""An environment that holds what `bentofile.yaml` lists and what that needs, and nothing else: made of links, without a package index."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


def listed_distributions() -> list[Distribution]:
    """What the image's packages are, those that they need included."""
    wanted = [Requirement(line) for line in yaml.safe_load((ROOT / "bentofile.yaml").read_text("utf-8"))["python"]["packages"]]
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        requirement = wanted.pop()
        extras = frozenset(requirement.extras)
        if not _is_meant(requirement, {""}) or (requirement.name, extras) in seen:
            continue
        seen.add((requirement.name, extras))
        one = found[requirement.name] = distribution(requirement.name)
        needed = [Requirement(line) for line in one.requires or []]
        wanted += [Requirement(f"{need.name}{_in_brackets(need.extras)}") for need in needed if _is_meant(need, extras | {""})]
    return list(found.values())


def make_environment(folder: Path) -> Path:
    """Make the environment and return its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    packages = next((folder / "lib").glob("python*/site-packages"))
    for one in listed_distributions():
        for file in one.files or []:
            place = (packages / file).resolve()
            if packages in place.parents:  # not the programs in bin
                place.parent.mkdir(parents=True, exist_ok=True)
                place.unlink(missing_ok=True)
                place.symlink_to(Path(one.locate_file(file)).resolve())
    return folder / "bin" / "python"


def installed_megabytes(python: Path) -> float:
    """The size of all packages of an environment."""
    files = (file for file in (python.parent.parent / "lib").rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in files) / 1e6


def _is_meant(requirement: Requirement, extras: frozenset[str] | set[str]) -> bool:
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras)


def _in_brackets(extras: set[str]) -> str:
    return f"[{','.join(sorted(extras))}]" if extras else ""
