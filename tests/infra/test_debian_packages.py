"""Debian's packages in the bill of materials, as the built image's own dpkg lists them."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from cyclonedx.validation.json import JsonStrictValidator

from infra import sbom
from infra.debian_packages import _LINE, read_debian
from infra.programs import ProgramError
from infra.sbom import SCHEMA

IMAGE = "docker.io/ann/sentiloop:c0ffee0"
ASK = "docker run --rm --network=none --read-only --cap-drop=ALL --entrypoint"
RELEASE = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nID=debian\n'
LISTED = (
    "zlib1g\t1:1.3.dfsg+really1.3.1-1+b1\tamd64\tzlib\t1:1.3.dfsg+really1.3.1-1\tinstalled\n"
    "apt\t3.0.3\tamd64\tapt\t3.0.3\tinstalled\n"
    "old\t1\tall\told\t1\tconfig-files\n"
)


@pytest.fixture
def debian_image(programs):
    programs.answer(f"{ASK} cat {IMAGE} /etc/os-release", RELEASE)
    programs.answer(f"{ASK} dpkg-query {IMAGE} --show --showformat={_LINE}", LISTED)
    return programs


def test_each_installed_package_is_named_with_its_source(debian_image):
    system, *packages = read_debian(IMAGE)

    assert (system.name, system.version, system.type.value) == ("debian", "13", "operating-system")
    assert [str(package.purl) for package in packages] == [
        "pkg:deb/debian/apt@3.0.3?arch=amd64&distro=debian-13",
        (
            "pkg:deb/debian/zlib1g@1:1.3.dfsg%2Breally1.3.1-1%2Bb1?arch=amd64&distro=debian-13"
            "&upstream=zlib%401:1.3.dfsg%2Breally1.3.1-1"
        ),
    ]


@pytest.mark.parametrize(("call", "out"), [("cat", "NAME=Alpine\n"), ("dpkg-query", "")])
def test_an_image_that_is_no_debian_is_refused(programs, call, out):
    programs.answer(f"{ASK} {call} ", out)
    programs.answer(f"{ASK} cat ", RELEASE)
    programs.answer(f"{ASK} dpkg-query ", LISTED)

    with pytest.raises(ProgramError, match="says neither what Debian it is nor its packages"):
        read_debian(IMAGE)


def test_an_image_that_cannot_be_started_is_an_error(programs):
    programs.fail(f"{ASK} cat", "No such image")

    with pytest.raises(ProgramError, match="No such image"):
        read_debian(IMAGE)


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="no Debian")
def test_dpkg_understands_what_it_is_asked():
    listed = subprocess.run(
        ["dpkg-query", "--show", f"--showformat={_LINE}"], capture_output=True, text=True, check=True
    )

    lines = [line.split("\t") for line in listed.stdout.splitlines()]
    assert len(lines) > 50
    assert {len(line) for line in lines} == {6}
    assert {"installed"} <= {line[5] for line in lines} <= {"installed", "config-files"}


def test_they_are_in_the_bill_of_materials(bundled, debian_image, monkeypatch):
    for name in bundled.environment.keys() - {"PATH"}:
        monkeypatch.setenv(name, bundled.environment[name])

    text = sbom.describe(bundled.tag, IMAGE)

    assert JsonStrictValidator(SCHEMA).validate_str(text) is None
    bill = json.loads(text)
    found = {component.get("purl", component["name"]).split("?")[0] for component in bill["components"]}
    assert {"debian", "pkg:deb/debian/apt@3.0.3"} <= found
    assert text == sbom.describe(bundled.tag, IMAGE)
