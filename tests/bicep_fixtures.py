"""Bicep files as the parser reads them, and what a compiler would say of them that the parser does not: names that nobody declared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from pycep import BicepParser

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "infra"
FILES = sorted(FOLDER.rglob("*.bicep"))
PARAMETERS = sorted(FOLDER.glob("*.bicepparam"))
MAIN, BOOTSTRAP, MODULES = FOLDER / "main.bicep", FOLDER / "bootstrap.bicep", FOLDER / "modules"
APP, STORAGE, MONITORING, IDENTITIES = (MODULES / f"{name}.bicep" for name in ("app", "storage", "monitoring", "identities"))
DEPLOY = (ROOT / "docs" / "deploy.md").read_text("utf-8")
by_name = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
# What Bicep knows without a declaration, as far as these files use it.
BUILT_IN = {"for", "if", "in", "true", "false", "null", "concat", "empty", "guid", "join", "json", "listKeys", "loadJsonContent"}
BUILT_IN |= {"loadTextContent", "map", "readEnvironmentVariable", "resourceGroup", "split", "string", "subscriptionResourceId"}
BUILT_IN |= {"trim", "union", "uniqueString"}
_DECLARATION = re.compile(r"^(?:(?:param|output) \w+ \w+|(?:param|var|resource|module) \w+)", re.MULTILINE)
_LOOP_NAME = re.compile(r"\bfor (\w+) in|(\w+) =>")
_NAME = re.compile(r"(?<![\w.@])[A-Za-z_]\w*\b(?!:)")


@dataclass(frozen=True)
class Role:
    """One role assignment: in which file, over what, to whom, which."""

    file: str
    scope: str
    principal: str
    role: str


@cache
def parse(path: Path) -> dict:
    return parse_text(path.read_text("utf-8"))


def parse_text(text: str) -> dict:
    return BicepParser().parse(text=text)


@cache
def parse_parameters(path: Path) -> tuple[str, dict, dict]:
    """What a parameters file is for, its assignments, and its variables: without the first statement it reads like variables alone."""
    text = path.read_text("utf-8")
    (template,) = re.findall(r"^using '(.+)'$", text, re.MULTILINE)
    assigned = set(re.findall(r"^param (\w+) =", text, re.MULTILINE))
    plain = re.sub(r"^param ", "var ", re.sub(r"^using .*$", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
    values = {name: variable["value"] for name, variable in parse_text(plain)["variables"].items()}
    return template, {name: values[name] for name in assigned}, {name: values[name] for name in values.keys() - assigned}


def decorators(parameter: dict) -> dict:
    return {decorator["type"]: decorator.get("argument", True) for decorator in parameter["decorators"]}


def required(path: Path) -> set[str]:
    return {name for name, one in parse(path).get("parameters", {}).items() if one["default"] is None}


def variables(path: Path) -> dict:
    return {name: variable["value"] for name, variable in parse(path).get("variables", {}).items()}


def resources(path: Path, kind: str) -> dict[str, dict]:
    """The resources of one type in a file, by their symbols."""
    return {name: one["config"] for name, one in parse(path).get("resources", {}).items() if one["type"] == kind}


def resource(path: Path, kind: str) -> dict:
    (found,) = resources(path, kind).values()
    return found


def module_calls() -> dict[str, tuple[Path, dict]]:
    """The modules of main.bicep, by their symbols: the file, and what it is given."""
    return {name: (FOLDER / one["detail"]["path"], one["config"].get("params", {})) for name, one in parse(MAIN)["modules"].items()}


def walk(node):
    """Every dictionary below a node."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(inner)


def texts(node):
    """Every string below a node: literals and names alike, which the parser does not tell apart."""
    if isinstance(node, str):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from texts(inner)


def access(node) -> tuple[str, ...]:
    """What an expression such as `roles.monitoringReader` is made of."""
    if isinstance(node, str):
        return (node,)
    if "function" in node:
        return (f"{node['function']['type']}()",)
    operands = node["operator"]["operands"]
    return access(operands["operand_1"]) + access(operands["operand_2"])


def role_of(path: Path, assignment: dict) -> str:
    """Which role of roles.json an assignment gives."""
    definition = assignment["properties"]["roleDefinitionId"]
    call = variables(path)[definition] if isinstance(definition, str) else definition
    kind, role = call["function"]["parameters"]["resource_type"], access(call["function"]["parameters"]["resource_name_1"])
    assert (call["function"]["type"], kind, role[0]) == ("subscription_resource_id", "Microsoft.Authorization/roleDefinitions", "roles")
    return role[1]


def roles(path: Path) -> dict[str, Role]:
    """The role assignments of a file, by their symbols; one without a scope would be over whatever the file is deployed to."""
    found = {}
    for symbol, one in resources(path, "Microsoft.Authorization/roleAssignments").items():
        assert "scope" in one, f"{path.name}: {symbol} has no scope"
        principal = access(one["properties"]["principalId"])[0]
        found[symbol] = Role(path.stem, access(one["scope"])[0], principal, role_of(path, one))
    return found


def code(text: str) -> str:
    """A file without its comments, and with the inside of the holes alone in the place of strings."""
    kept, holes, place, is_text = [], [], 0, False
    while place < len(text):
        sign, two = text[place], text[place : place + 2]
        place += 1
        if is_text:
            if sign == "\\":
                place += 1
            elif two == "${":
                holes.append(0)
                place, is_text = place + 1, False
            elif sign == "'":
                is_text = False
        elif two == "//":
            place = text.find("\n", place)
        elif sign == "'":
            kept.append(" ")
            is_text = True
        elif holes and sign == "}" and not holes[-1]:
            kept.append(" ")
            holes.pop()
            is_text = True
        else:
            if holes:
                holes[-1] += (sign == "{") - (sign == "}")
            kept.append(sign)
    return "".join(kept)


def undeclared(text: str) -> set[str]:
    """The names that a file uses, and neither declares nor finds in Bicep."""
    plain = re.sub(r"^(using|targetScope).*$", "", code(text), flags=re.MULTILINE)
    declared = set(re.findall(r"^(?:param|var|resource|module) (\w+)", plain, re.MULTILINE))
    declared |= {name for names in _LOOP_NAME.findall(plain) for name in names if name}
    used = set(_NAME.findall(_DECLARATION.sub("", plain)))
    return used - declared - BUILT_IN
