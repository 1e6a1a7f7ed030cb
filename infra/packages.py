"""The Python packages of an image: its Bento's requirements and their dependencies, as pinned."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sentiment.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The image's own machine, which need not be like this one.
_LINUX = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
}


@dataclass(frozen=True)
class Package:
    """A package: canonical name, version, licence as declared (may be empty), and dependencies."""

    name: str
    version: str
    licence: str
    needs: tuple[str, ...]


def read_pins(constraints: str) -> dict[str, str]:
    r"""Return the version that a constraints file pins for each canonical name.

    >>> read_pins("# exact\nPyYAML==6.0.3\n")
    {'pyyaml': '6.0.3'}
    """
    lines = (line.split("#")[0].strip() for line in constraints.splitlines())
    return {
        canonicalize_name(name): version
        for name, _, version in (line.partition("==") for line in lines if line)
    }


def find_packages(
    requirements: Iterable[str], pins: Mapping[str, str], *, python: str = "3.11"
) -> list[Package]:
    """Return the requirements and their dependencies on Linux with that Python, sorted by name.

    Dependencies are read from the package as installed here, so that must be the pinned version.

    Raises:
        StoreError: A package is not pinned, or is not installed here in the pinned version.
    """
    target = default_environment() | _LINUX | {"python_version": python, "python_full_version": f"{python}.0"}
    waiting = [requirement for line in requirements if _is_wanted(requirement := Requirement(line), target)]
    packages: dict[str, Package] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        distribution = _pinned(name, pins)
        needed = [
            need
            for line in distribution.requires or ()
            if _is_wanted(need := Requirement(line), target, extras)
        ]
        earlier = packages[name].needs if name in packages else ()
        names = {*earlier, *(canonicalize_name(need.name) for need in needed)}
        packages[name] = Package(
            name, distribution.version, _licence(distribution.metadata), tuple(sorted(names))
        )
        waiting += needed
    return [packages[name] for name in sorted(packages)]


def _is_wanted(requirement: Requirement, target: Mapping[str, Any], extras: Iterable[str] = ()) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**target, "extra": extra}) for extra in ("", *extras))


def _pinned(name: str, pins: Mapping[str, str]) -> metadata.Distribution:
    if name not in pins:
        raise StoreError(
            f"the image's package {name} is not in constraints.txt: run 'make pin' and build the Bento again"
        )
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError as error:
        raise StoreError(f"the image's package {name} is not installed here: run 'make setup'") from error
    if distribution.version != pins[name]:
        raise StoreError(
            f"{name} is {distribution.version} here and {pins[name]} in the image: "
            "run 'make setup' with its constraints.txt"
        )
    return distribution


def _licence(facts: metadata.PackageMetadata) -> str:
    """Return a package's SPDX expression, else its short licence, its classifier's, or ""."""
    expression, line = (
        next(iter(facts.get_all(name) or ()), None) for name in ("License-Expression", "License")
    )
    if expression or (line and "\n" not in line.strip()):
        return str(expression or line).strip()
    classifiers = [value for value in facts.get_all("Classifier") or () if value.startswith("License ::")]
    return classifiers[0].rpartition(" :: ")[2] if classifiers else ""
