"""One definition of the alerts: what the Bicep module deploys is what the local evaluator reads."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from pycep import BicepParser

from sentiment import queries
from sentiment.errors import AlertError
from sentiment.supervision.alert_rule import read_rule, read_share_rule

ROOT = Path(__file__).parents[2]


RULE, QUERY, SHARE_QUERY, BICEP = (
    "sentiment/supervision/alert_rule.json",
    "sentiment/queries/alert.kql",
    "sentiment/queries/alert_share.kql",
    "infra/alert.bicep",
)


# Where the rule runs, whom it tells and how it is deployed, not what it says.
AZURE_ONLY = {"enabled", "scopes", "actions", "skipQueryValidation"}


MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def tree(tmp_path):
    """A copy of the four files, for changes."""
    for name in (RULE, QUERY, SHARE_QUERY, BICEP):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def deployed(tree, name="alert"):
    """The properties of a rule that the Bicep module deploys, its references to files resolved."""
    document = BicepParser().parse(text=(tree / BICEP).read_text("utf-8"))
    variables = {name: variable["value"] for name, variable in document["variables"].items()}
    assert set(document["resources"]) == {"alert", "shareAlert"}
    resource = document["resources"][name]
    assert resource["type"] == "Microsoft.Insights/scheduledQueryRules"
    assert resource["config"]["kind"] == "LogAlert"
    properties = resolve(resource["config"]["properties"], variables, (tree / BICEP).parent)
    return {name: value for name, value in properties.items() if name not in AZURE_ONLY}


def resolve(node, variables, folder):
    """Return the value of a node of the parsed module; parameters keep their names."""
    resolved = node
    match node:
        case {"function": {"type": "load_json_content", "parameters": {"file_path": file}}}:
            resolved = json.loads((folder / file).read_text("utf-8"))
        case {"function": {"type": "load_text_content", "parameters": {"file_path": file}}}:
            resolved = (folder / file).read_text("utf-8")
        case {"function": {"type": "union", "parameters": parts}}:
            resolved = {
                name: value
                for part in parts.values()
                for name, value in resolve(part, variables, folder).items()
            }
        case {"operator": {"type": "property_accessor", "operands": {"operand_1": whole, "operand_2": path}}}:
            resolved = walk(resolve(whole, variables, folder), path)
        case {"function": _} | {"operator": _}:
            pytest.fail(f"the test cannot resolve {node}")
        case dict():
            resolved = {name: resolve(value, variables, folder) for name, value in node.items()}
        case list():
            resolved = [resolve(value, variables, folder) for value in node]
        case str() if node in variables:
            resolved = resolve(variables[node], variables, folder)
    return resolved


def walk(value, path):
    """Follow a path such as `criteria.allOf[0]`, which the parser nests to the right."""
    while isinstance(path, dict):
        operands = path["operator"]["operands"]
        value, path = value[operands["operand_1"]], operands["operand_2"]
    return value[path]


def evaluated(tree):
    """The properties that the local evaluator uses."""
    rule = read_rule(tree / RULE, tree / QUERY)
    return rule.model_dump(by_alias=True, mode="json", exclude_unset=True)


def test_the_bicep_module_deploys_what_the_local_evaluator_reads(tree):
    assert deployed(tree) == evaluated(tree)
    assert deployed(tree)["criteria"]["allOf"][0]["query"] == queries.read("alert")


MUTATIONS = {
    "displayName": "Other",
    "description": "Other.",
    "severity": 1,
    "evaluationFrequency": "PT5M",
    "windowSize": "PT10M",
    "autoMitigate": False,
    "criteria.timeAggregation": "Total",
    "criteria.operator": "GreaterThan",
    "criteria.threshold": 4,
    "criteria.failingPeriods": {"numberOfEvaluationPeriods": 2, "minFailingPeriodsToAlert": 2},
}


def mutate(tree, name):
    definition = json.loads((tree / RULE).read_text("utf-8"))
    target, key = (
        (definition["criteria"]["allOf"][0], name.removeprefix("criteria."))
        if name.startswith("criteria.")
        else (definition, name)
    )
    assert target[key] != MUTATIONS[name]
    target[key] = MUTATIONS[name]
    if key == "timeAggregation":
        target["metricMeasureColumn"] = "n"
    (tree / RULE).write_text(json.dumps(definition), "utf-8")


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_change_of_the_definition_reaches_both_sides(tree, name):
    before = deployed(tree)

    mutate(tree, name)

    assert deployed(tree) != before
    assert deployed(tree) == evaluated(tree)


def test_the_rule_by_share_is_deployed_as_it_is_read(tree):
    (tree / SHARE_QUERY).write_text("AppTraces | take 1", "utf-8")
    read = read_share_rule(tree / RULE, tree / SHARE_QUERY)

    assert deployed(tree, "shareAlert") == read.model_dump(by_alias=True, mode="json", exclude_unset=True)
    assert read.criterion.query == "AppTraces | take 1"


def test_a_change_of_the_query_reaches_both_sides(tree):
    (tree / QUERY).write_text("AppTraces | where SeverityLevel == 2", "utf-8")

    assert deployed(tree)["criteria"]["allOf"][0]["query"] == "AppTraces | where SeverityLevel == 2"
    assert deployed(tree) == evaluated(tree)


def test_every_property_of_the_definition_is_mutated_above():
    definition = json.loads((ROOT / RULE).read_text("utf-8"))

    assert set(MUTATIONS) == {
        *definition,
        *(f"criteria.{name}" for name in definition["criteria"]["allOf"][0]),
    } - {"criteria", "shareRule", "serviceRules"}


@pytest.mark.parametrize("name", [name for name in MUTATIONS if not name.startswith("criteria.")])
def test_a_literal_in_the_bicep_module_would_be_found(tree, name):
    literal = json.loads((ROOT / RULE).read_text("utf-8"))[name]
    text = (
        {True: "true", False: "false"}.get(literal, literal)
        if isinstance(literal, bool | int)
        else f"'{literal}'"
    )
    bicep = (tree / BICEP).read_text("utf-8")
    assert f"{name}: rule.{name}\n" in bicep
    (tree / BICEP).write_text(bicep.replace(f"{name}: rule.{name}\n", f"{name}: {text}\n"), "utf-8")
    assert deployed(tree) == evaluated(tree)

    mutate(tree, name)

    assert deployed(tree) != evaluated(tree)


def test_the_history_query_has_the_window_and_the_frequency_of_the_rule():
    rule = read_rule()

    same = queries.read("alert_history", window=rule.window_size, frequency=rule.evaluation_frequency)
    assert queries.read("alert_history") == same


def test_a_definition_that_only_azure_would_understand_is_refused(tree):
    definition = json.loads((tree / RULE).read_text("utf-8"))
    definition["muteActionsDuration"] = "PT1H"
    (tree / RULE).write_text(json.dumps(definition), "utf-8")

    with pytest.raises(AlertError, match="muteActionsDuration"):
        evaluated(tree)
