"""The parameters files, azd's, and the document that goes through them."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise

import pytest
import yaml
from bicep_fixtures import (
    APP,
    DEPLOY,
    FOLDER,
    MAIN,
    PARAMETERS,
    ROOT,
    decorators,
    parse,
    parse_parameters,
    required,
    resource,
    texts,
    variables,
)

by_parameters = pytest.mark.parametrize("path", PARAMETERS, ids=lambda path: path.name)


def environment_read(path):
    """The variables that a parameters file reads, and whether each has a default."""
    return dict(re.findall(r"readEnvironmentVariable\('(\w+)'(, ?'[^']*')?\)", path.read_text("utf-8")))


def test_there_are_parameters_for_dev_and_prod():
    assert [path.name for path in PARAMETERS] == ["main.dev.bicepparam", "main.prod.bicepparam"]


@by_parameters
def test_a_parameters_file_names_parameters_that_exist_and_all_that_must_be_given(path):
    template, given, _ = parse_parameters(path)

    assert path.parent / template == MAIN
    assert given.keys() - parse(MAIN)["parameters"].keys() == set()
    assert required(MAIN) - given.keys() == set()


@by_parameters
def test_a_parameters_file_keeps_to_the_limits(path):
    _, given, _ = parse_parameters(path)
    checked = 0
    for name, value in given.items():
        limits = decorators(parse(MAIN)["parameters"][name])
        if isinstance(value, str | int):
            checked += bool(limits.keys() - {"description"})
            assert value in limits.get("allowed", [value]), name
            assert limits.get("min_value", value) <= value <= limits.get("max_value", value), name
    assert checked >= 5


@by_parameters
def test_a_parameters_file_holds_no_secret_and_nobodys_address(path):
    _, given, own = parse_parameters(path)
    private = {
        name for name, parameter in parse(MAIN)["parameters"].items() if "secure" in decorators(parameter)
    } & given.keys()
    for name in {*private, "readerId", "alertMails", "alertPhones", "image", "subjectPrefix"}:
        node = {"value": given[name], "through": [own[text] for text in texts(given[name]) if text in own]}
        assert "readEnvironmentVariable" in set(texts(node)), name
    assert "@" not in path.read_text("utf-8")


def test_production_does_without_nothing_that_protects():
    _, given, _ = parse_parameters(FOLDER / "main.prod.bicepparam")

    assert given["entraOnlyTelemetry"] is True
    assert given["minReplicas"] >= 2
    assert given["redundancy"] == "zones"
    assert "isOpen" not in given
    read = environment_read(FOLDER / "main.prod.bicepparam")
    assert {name for name, default in read.items() if not default} >= {
        "SENTIMENT_API_KEY",
        "SENTIMENT_SIGNING_KEY",
    }
    assert "'true'" in read["AZURE_OWN_ROLES"]


def test_azd_takes_the_parameters_of_dev_and_finds_the_app():
    book = yaml.safe_load((ROOT / "azure.yaml").read_text("utf-8"))
    (name, service), *others = book["services"].items()
    tag = resource(APP, "Microsoft.App/containerApps")["tags"]["function"]["parameters"]

    assert others == []
    assert book["infra"]["provider"] == "bicep"
    assert (
        ROOT / book["infra"]["path"] / f"{book['infra']['module']}.bicepparam"
    ) == FOLDER / "main.dev.bicepparam"
    assert {"'azd-service-name'": name} in tag.values()  # the parser leaves a key its quotes
    assert service["host"] == "containerapp"
    assert service["image"] == "${SENTIMENT_IMAGE}"
    assert "SENTIMENT_IMAGE" in environment_read(FOLDER / "main.dev.bicepparam")
    assert variables(MAIN)["tags"]["'azd-env-name'"] == "environmentName"


def test_the_document_explains_every_variable_and_every_output():
    names = {name for path in PARAMETERS for name in environment_read(path)} | parse(MAIN)["outputs"].keys()

    assert {name for name in names if f"`{name}`" not in DEPLOY} == set()


def test_the_document_names_only_files_and_headings_that_exist():
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", DEPLOY) if "://" not in link]
    headings = {
        re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-")
        for line in re.findall(r"^#+ (.+)$", DEPLOY, re.MULTILINE)
    }

    for link in links:
        file, _, heading = link.partition("#")
        assert not file or (ROOT / "docs" / file).exists(), link
        assert file or heading in headings, link
    for file in re.findall(r"(?<![\w/])infra/[\w./-]+\.\w+", DEPLOY):
        assert (ROOT / file).is_file(), file


@pytest.mark.parametrize("number", range(len(re.findall(r"^```sh$", DEPLOY, re.MULTILINE))))
def test_the_commands_of_the_document_are_shell(number):
    block = re.findall(r"^```sh\n(.+?)^```$", DEPLOY, re.MULTILINE | re.DOTALL)[number]

    run = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    assert "<" not in re.sub(r"<<|<\(", "", block)  # a placeholder would be a redirection


def test_the_costs_in_the_document_are_what_its_prices_make():
    """Checks the arithmetic of the tables, not the prices."""
    month = 30 * 24 * 3600
    active, idle, memory = 0.000024, 0.000003, 0.000003

    def replicas(count, cpu, gib, rate):
        return max(0, month * count * cpu - 180_000) * rate + max(0, month * count * gib - 360_000) * memory

    for figure in (replicas(2, 1, 2, idle), replicas(2, 1, 2, active)):
        assert f"${figure:.0f}" in DEPLOY
    assert f"{month:,}" in DEPLOY


def test_the_steps_of_the_document_are_in_order():
    steps = [int(number) for number in re.findall(r"^## (\d+)\. ", DEPLOY, re.MULTILINE)]

    assert steps[0] == 1
    assert all(after - before == 1 for before, after in pairwise(steps))
