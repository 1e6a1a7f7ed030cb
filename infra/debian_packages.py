"""The Debian packages of an image, as its own dpkg lists them, for its bill of materials."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cyclonedx.model.component import Component, ComponentType
from packageurl import PackageURL

from infra.programs import ProgramError, run

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 120
_LINE = (
    r"${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${db:Status-Status}\n"
)
# The image's own files are read, by its own programs: it reaches no network and changes nothing.
_RUN = ("docker", "run", "--rm", "--network=none", "--read-only", "--cap-drop=ALL", "--entrypoint")


def read_debian(image: str) -> list[Component]:
    """Return an image's operating system, then its Debian packages, sorted by name.

    Raises:
        ProgramError: The image cannot be started, or holds no Debian.
    """
    facts = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', _ask(image, "cat", "/etc/os-release"), re.MULTILINE))
    name, version = facts.get("ID", ""), facts.get("VERSION_ID", "")
    packages = list(_parse(_ask(image, "dpkg-query", "--show", f"--showformat={_LINE}"), f"{name}-{version}"))
    if not (name and version and packages):
        raise ProgramError(f"{image} says neither what Debian it is nor its packages: build it on Debian")
    system = Component(
        name=name, version=version, type=ComponentType.OPERATING_SYSTEM, bom_ref=f"{name}-{version}"
    )
    return [system, *sorted(packages, key=lambda package: str(package.bom_ref))]


def _ask(image: str, program: str, *arguments: str) -> str:
    return run(*_RUN, program, image, *arguments, seconds=_SECONDS)


def _parse(output: str, distribution: str) -> Iterator[Component]:
    for line in output.splitlines():
        name, version, architecture, source, source_version, status = line.split("\t")
        if status != "installed":
            continue  # removed, only its configuration is left
        upstream = f"{source}@{source_version}" if (source, source_version) != (name, version) else None
        more = {"arch": architecture, "distro": distribution, "upstream": upstream}
        url = PackageURL("deb", "debian", name, version, {key: each for key, each in more.items() if each})
        yield Component(name=name, version=version, purl=url, bom_ref=str(url))
