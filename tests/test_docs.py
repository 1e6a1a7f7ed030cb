"""What the documents promise exists, and what exists is in the documents."""

from __future__ import annotations

import doctest
import importlib
import re
import tomllib
from pathlib import Path

import pytest
from rooms import ROOMS, sources

from sentiment.config import Settings
from sentiment.evaluation.behaviour_suite import capabilities, cases

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE))
CONTRACT_TARGETS = {"demo", "test", "train", "serve", "check", "bench", "bundle"}
DOCUMENTS = [
    path.relative_to(ROOT)
    for path in (*ROOT.glob("*.md"), ROOT / "data" / "README.md", *sorted((ROOT / "docs").glob("*.md")))
]
FOLDERS = (
    *("sentiment", "models", "flows", "monitor", "page", "infra"),
    *("loop", "benchmarks", "tests", "docs", "data"),
)
WRITTEN_LATER = {"data/feedback_validated.csv", "data/feedback_validated.json"}


def modules_with_examples() -> list[str]:
    """Every module of ours that has an example in a docstring."""
    paths = [
        path.relative_to(ROOT)
        for room in ROOMS
        for path in sources(room)
        if ">>> " in path.read_text("utf-8")
    ]
    return [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths]


def headings(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    lines = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in lines}


def test_the_makefile_has_the_commands_of_the_contract():
    assert TARGETS >= CONTRACT_TARGETS


def test_every_make_command_in_the_documents_exists_and_the_reverse():
    documents = README + (ROOT / "CONTRIBUTING.md").read_text("utf-8")

    mentioned = set(re.findall(r"(?:`|^)make ([a-z]+)\b", documents, re.MULTILINE))

    assert mentioned - TARGETS == set()
    assert TARGETS - mentioned == {"help", "setup"} - mentioned


def test_every_module_command_in_the_readme_exists():
    modules = re.findall(r"python -m ((?:flows|benchmarks|infra)\.[a-z_]+)", README + MAKEFILE)

    assert modules
    for module in set(modules) - {"flows.NAME"}:
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module


def test_every_flow_is_in_the_readme():
    flows = {
        path.stem
        for path in (ROOT / "flows").glob("*.py")
        if 'if __name__ == "__main__"' in path.read_text("utf-8")
    }

    assert {flow for flow in flows if f"flows.{flow}" not in README} == set()


def test_every_setting_is_in_the_example_and_the_reverse():
    example = set(
        re.findall(r"^# (SENTIMENT_[A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
    )

    assert example == {f"SENTIMENT_{name.upper()}" for name in Settings.model_fields}


def test_the_defaults_in_the_example_are_the_defaults():
    lines = re.findall(
        r"^# SENTIMENT_([A-Z_]+)=(.+)$", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE
    )

    assert len(lines) > 8
    for name, value in lines:
        assert str(Settings.model_fields[name.lower()].default) == value, name


def test_every_setting_in_the_readme_exists():
    names = set(re.findall(r"SENTIMENT_[A-Z_]+[A-Z]", README)) - {"SENTIMENT_HOME", "SENTIMENT_PORT"}

    assert {
        name for name in names if name.removeprefix("SENTIMENT_").lower() not in Settings.model_fields
    } == set()


def test_the_readme_names_every_endpoint_and_no_other():
    from sentiment.serving.endpoints import PATHS

    endpoints = set(re.findall(r"`(?:GET|POST) (/[a-z_.]*)`", README))

    assert endpoints == {name for name, path in PATHS.items() if path.summary}


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_a_document_has_no_gap(path):
    assert "@@" not in (ROOT / path).read_text("utf-8")


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_picture_and_link_of_a_document_exists(path):
    text = (ROOT / path).read_text("utf-8")

    for link in (link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link):
        file, _, heading = link.partition("#")
        target = (ROOT / path).parent / file if file else ROOT / path
        assert target.exists(), link
        assert not heading or heading in headings(target), link


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_every_file_and_module_that_a_document_names_exists(path):
    text = (ROOT / path).read_text("utf-8")
    files = re.findall(rf"(?<![\w/.~-])((?:{'|'.join(FOLDERS)})/[\w./-]*\w)", text)
    modules = [
        *re.findall(rf"python3? -m ((?:{'|'.join(FOLDERS)})[\w.]*)", text),
        *re.findall(r"from ((?:sentiment|models)[\w.]*) import", text),
    ]

    for file in set(files) - WRITTEN_LATER:
        assert (ROOT / file).exists(), file
    for module in set(modules) - {"flows.NAME"}:
        target = ROOT / module.replace(".", "/")
        assert target.is_dir() or target.with_suffix(".py").is_file(), module


def test_every_test_that_the_table_of_faults_names_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "reliability.md").read_text("utf-8"))

    assert len(named) > 20
    for file, name in named:
        assert f"\ndef {name}(" in (ROOT / file).read_text("utf-8"), f"{file}::{name}"


def test_the_readme_shows_pictures():
    assert re.search(r"\]\(docs/images/\w+\.png\)", README)


def test_every_room_is_on_the_map_of_the_readme():
    rooms = [path.parent.relative_to(ROOT) for path in (ROOT / "sentiment").glob("*/__init__.py")]

    assert rooms
    assert {f"{room.as_posix()}/" for room in rooms if f"`{room.as_posix()}/`" not in README} == set()


def test_every_requirement_is_pinned():
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for lines in project["optional-dependencies"].values() for line in lines),
    ]
    names = {re.split(r"[\[<>=; ]", line)[0].lower() for line in wanted} - {
        "sentiloop",
        "tensorflow",
    }  # tensorflow-cpu stands in for it here

    assert names - pinned == set()


def test_the_bento_asks_for_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    bento = re.findall(r'^    - "([^"]+)"', (ROOT / "bentofile.yaml").read_text("utf-8"), re.MULTILINE)

    assert bento == [*project["dependencies"], *extras["serve"]]


@pytest.mark.parametrize("module", modules_with_examples())
def test_the_examples_in_docstrings_hold(module):
    result = doctest.testmod(importlib.import_module(module))

    assert result.attempted > 0
    assert result.failed == 0


def test_the_changelog_tells_of_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]

    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_document_of_the_suite_counts_its_cases_right():
    document = (ROOT / "docs" / "behaviour.md").read_text("utf-8")
    counts = {
        name: int(count)
        for name, count in re.findall(r"^\| ([a-z ]+) \| .* \| (\d+) \|$", document, re.MULTILINE)
    }

    assert counts == capabilities()
    for text in (document, README, (ROOT / "docs" / "gate.md").read_text("utf-8")):
        assert f" {len(cases())} " in text
