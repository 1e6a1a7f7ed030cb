"""What can be checked of the Bicep files without the compiler.

`bicep build`, in infra.yml, has the last word.
"""

from __future__ import annotations

import json
import re
import runpy
from functools import cache

import pytest
from bicep_fixtures import (
    ALONE,
    APP,
    CALLERS,
    FILES,
    MAIN,
    MONITORING,
    PARAMETERS,
    ROOT,
    STORAGE,
    by_name,
    code,
    declared,
    decorators,
    module_calls,
    parse,
    required,
    undeclared,
)

CHECKER = ROOT.parent / "shared" / "tools" / "bicep_check.py"
needs_checker = pytest.mark.skipif(
    not CHECKER.is_file(), reason="../shared/tools/bicep_check.py is not here, and with it Azure's types"
)


TYPES = ROOT / "tests" / "fixtures" / "arm_types.json"  # what the checker's own list of types lacks


@cache
def checker():
    """The checker's functions; it knows the types of TYPES as well."""
    tool = runpy.run_path(str(CHECKER))
    tool["SCHEMAS"].update(json.loads(TYPES.read_text("utf-8")))
    tool["BY_LOWER"].update({key.lower(): key for key in tool["SCHEMAS"]})
    return tool


def check(*paths):
    return [f"{path.name}: {problem}" for path in paths for problem in problems(path)]


def problems(path):
    """What Azure's types have against the resources that a file makes."""
    tool, found = checker(), []
    for name, (resource, body) in declared(path).items():
        kind = tool["BY_LOWER"].get(f"{resource['type']}@{resource['api_version']}".lower())
        kept = {key: value for key, value in body.items() if key not in ("dependsOn", "scope", "parent")}
        found += (
            list(tool["problems"](name, kept, tool["SCHEMAS"][kind]["body"]))
            if kind
            else [f"{name}: no type"]
        )
    return found


@needs_checker
def test_azures_types_have_nothing_against_any_file():
    assert check(*FILES) == []


@needs_checker
@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        (APP, "minReplicas: minReplicas", "minimumReplicas: minReplicas"),
        (APP, "storageType: 'EmptyDir'", "storageType: 'EmptyDirectory'"),
        (STORAGE, "kind: 'StorageV2'\n", ""),
        (MONITORING, "DisableLocalAuth:", "disableLocalAuthentication:"),
    ],
)
def test_azures_types_would_have(tmp_path, file, right, wrong):
    text = file.read_text("utf-8")
    (tmp_path / file.name).write_text(text.replace(right, wrong), "utf-8")

    assert right in text
    assert len(check(tmp_path / file.name)) == 1


@needs_checker
@by_name
def test_azures_types_have_nothing_against_what_a_loop_makes(path):
    """The check skips loops within a resource: here each is replaced by a list of one item."""
    tool, loops = checker(), 0
    for name, (resource, whole) in declared(path).items():
        body, count = one_item_each(
            {key: value for key, value in whole.items() if key not in ("dependsOn", "scope", "parent")}
        )
        loops += count
        kind = tool["BY_LOWER"][f"{resource['type']}@{resource['api_version']}".lower()]
        assert list(tool["problems"](name, body, tool["SCHEMAS"][kind]["body"])) == []
    assert loops == {"notify": 2, "learning_app": 1, "service_alerts": 1}.get(path.stem, 0)


def one_item_each(node):
    """Replace every loop of a node by a list of one item; return it and the number of loops."""
    if isinstance(node, dict) and "loop_type" in node:
        return [node["config"]], 1
    if isinstance(node, dict):
        replaced = {key: one_item_each(value) for key, value in node.items()}
        return {key: value for key, (value, _) in replaced.items()}, sum(
            count for _, count in replaced.values()
        )
    return node, 0


@pytest.mark.parametrize("path", [*FILES, *PARAMETERS], ids=lambda path: path.name)
def test_every_name_is_declared(path):
    assert undeclared(path.read_text("utf-8")) == set()


@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        ("'cae-${suffix}'", "'cae-${sufix}'", "sufix"),
        ("mails: alertMails", "mails: alarmMails", "alarmMails"),
        ("storage.outputs.name", "store.outputs.name", "store"),
        ("uniqueString(", "hash(", "hash"),
        ("size: size", "size: isOpen ? size : enormous", "enormous"),
    ],
)
def test_a_name_that_nobody_declares_would_be_found(right, wrong, name):
    text = MAIN.read_text("utf-8")

    assert right in text
    assert undeclared(text.replace(right, wrong)) == {name}


@by_name
def test_every_parameter_and_every_output_is_described_and_every_parameter_and_variable_is_used(path):
    document, text = parse(path), code(path.read_text("utf-8"))

    for name, declaration in [*document.get("parameters", {}).items(), *document.get("outputs", {}).items()]:
        assert decorators(declaration).get("description", "").endswith("."), f"{path.name}: {name}"
    for name in [*document.get("parameters", {}), *document.get("variables", {})]:
        assert len(re.findall(rf"(?<![\w.]){name}\b(?!:)|\bin {name}:", text)) > 1, (
            f"{path.name}: {name} is not used"
        )


def test_every_module_is_called_with_its_parameters():
    calls = [(name, *call) for caller in CALLERS for name, call in module_calls(caller).items()]

    assert {path for _, path, _ in calls} == {*FILES} - ALONE - {MAIN}
    for name, path, given in calls:
        assert given.keys() - parse(path)["parameters"].keys() == set(), name
        assert required(path) - given.keys() == set(), name


@pytest.mark.parametrize("path", CALLERS, ids=lambda path: path.stem)
def test_modules_are_asked_only_for_outputs_that_they_have(path):
    asked = set(re.findall(r"\b(\w+)\.outputs\.(\w+)", code(path.read_text("utf-8"))))
    calls = module_calls(path)

    assert asked or path.stem == "storage"
    assert {pair for pair in asked if pair[1] not in parse(calls[pair[0]][0])["outputs"]} == set()


def test_what_main_passes_on_has_the_same_limits_in_the_module():
    outers, checked = parse(MAIN)["parameters"], 0
    for path, given in module_calls(MAIN).values():
        for inner, outer in given.items():
            if isinstance(outer, str) and outer in outers:
                mine, theirs = decorators(outers[outer]), decorators(parse(path)["parameters"][inner])
                for limit in theirs.keys() - {"description"}:
                    assert theirs[limit] == mine.get(limit), f"{path.stem}.{inner}: {limit}"
                    checked += 1
    assert checked > 8
