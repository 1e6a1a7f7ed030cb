"""The bill of materials of an image: valid, complete, exact and deterministic."""

from __future__ import annotations

import hashlib
import json
import sys
from importlib import metadata

import pytest
from cyclonedx.validation.json import JsonStrictValidator
from image_fixtures import FACTS, ROOT, run

from infra.packages import find_packages, read_pins
from infra.sbom import SCHEMA
from sentiment.errors import StoreError

PINS = read_pins((ROOT / "constraints.txt").read_text("utf-8"))
HEAVY = {
    "torch",
    "tensorflow-cpu",
    "keras",
    "scikit-learn",
    "transformers",
    "mlflow",
    "prefect",
    "gradio",
    "pandas",
    "duckdb",
    "matplotlib",
}


@pytest.fixture(scope="module")
def sbom_file(bundled, tmp_path_factory):
    path = tmp_path_factory.mktemp("sbom") / "sentiloop.cdx.json"
    run([sys.executable, "-m", "infra.sbom", bundled.tag, str(path)], bundled.environment)
    return path


@pytest.fixture(scope="module")
def bill(sbom_file):
    return json.loads(sbom_file.read_text("utf-8"))


def test_it_is_valid_cyclonedx(sbom_file):
    validator = JsonStrictValidator(SCHEMA)
    text = sbom_file.read_text("utf-8")

    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"machine-learning-model"', '"model"')) is not None
    # What it would check with a grammar that every import of Prefect would have to build.
    assert '"url"' not in text


def test_the_same_bento_gives_the_same_text(bundled, sbom_file, tmp_path):
    run([sys.executable, "-m", "infra.sbom", bundled.tag, str(tmp_path / "again")], bundled.environment)

    assert (tmp_path / "again").read_bytes() == sbom_file.read_bytes()


def test_it_is_about_the_image_and_carries_its_labels(bill, bundled):
    image = bill["metadata"]["component"]
    properties = {entry["name"]: entry["value"] for entry in image["properties"]}

    assert (f"{image['name']}:{image['version']}", image["type"]) == (bundled.tag, "container")
    assert properties["sentiloop.dataset.digest"] == FACTS["dataset_digest"]
    assert "org.opencontainers.image.revision" in properties


def test_every_package_is_named_with_its_pinned_version_and_its_licence(bill):
    libraries = {
        component["name"]: component for component in bill["components"] if component["type"] == "library"
    }

    assert {"bentoml", "onnxruntime", "starlette", "numpy", "uvloop", "azure-core"} <= set(libraries)
    assert not HEAVY & set(libraries)
    assert {name: component["version"] for name, component in libraries.items()} == {
        name: PINS[name] for name in libraries
    }
    assert libraries["numpy"]["purl"] == f"pkg:pypi/numpy@{PINS['numpy']}"
    assert [name for name, component in libraries.items() if not component.get("licenses")] == []


def test_what_needs_what_is_said(bill):
    needs = {dependency["ref"]: set(dependency.get("dependsOn", ())) for dependency in bill["dependencies"]}

    assert f"pkg:pypi/starlette@{PINS['starlette']}" in needs[f"pkg:pypi/bentoml@{PINS['bentoml']}"]
    assert set().union(*needs.values()) <= set(needs)


def test_the_model_is_a_component_with_the_digest_of_each_file(bill, bundled):
    model = next(
        component for component in bill["components"] if component["type"] == "machine-learning-model"
    )
    folder = bundled.folder.parents[2] / "models" / bundled.model.replace(":", "/")
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }

    assert f"{model['name']}:{model['version']}" == bundled.model
    assert {file["name"]: file["hashes"][0]["content"] for file in model["components"]} == files
    assert {"name": "sentiloop:run_id", "value": FACTS["run_id"]} in model["properties"]


def test_a_bento_that_is_not_there_is_one_clear_line(bundled, tmp_path):
    with pytest.raises(
        AssertionError, match=r"error: no Bento 'sentiment:none' in the store .*: run 'make bundle'"
    ):
        run([sys.executable, "-m", "infra.sbom", "sentiment:none", str(tmp_path / "x")], bundled.environment)

    assert not (tmp_path / "x").exists()


def test_only_what_linux_and_the_extras_ask_for_is_taken():
    packages = find_packages(["tzdata; sys_platform == 'win32'", "uvloop; sys_platform != 'win32'"], PINS)
    with_extra, without = (
        {package.name for package in find_packages([line], PINS)}
        for line in ("pydantic-settings[toml,yaml]", "pydantic-settings")
    )

    assert [package.name for package in packages] == ["uvloop"]
    assert with_extra - without == {"pyyaml"}


@pytest.mark.parametrize(
    ("pins", "message"),
    [
        ({}, "numpy is not in constraints.txt"),
        ({"numpy": "1.0"}, f"numpy is {metadata.version('numpy')} here and 1.0 in the image"),
    ],
)
def test_a_package_that_is_not_known_as_pinned_is_refused(pins, message):
    with pytest.raises(StoreError, match=message):
        find_packages(["numpy>=1"], pins)


def test_a_package_that_is_not_installed_is_refused():
    with pytest.raises(StoreError, match="not-there is not installed here"):
        find_packages(["not-there"], {"not-there": "1"})
