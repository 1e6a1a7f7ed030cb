"""The deployments of `prefect.yaml`: their definitions and their forms."""

from __future__ import annotations

import pytest
from deployments import DEFINED, FLOWS, properties
from ports import free_port
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import deploy
from sentiment.errors import DeployError


def choices(schema):
    return schema.get("enum") or next(part["enum"] for part in schema["anyOf"] if "enum" in part)


# --- The forms ---


@pytest.mark.parametrize("flow", FLOWS)
def test_every_parameter_has_a_type_and_says_what_it_is(flow):
    for name, schema in properties(flow).items():
        assert {"type", "anyOf", "enum"} & set(schema), f"{flow}: {name} has no type"
        assert schema.get("description"), f"{flow}: {name} has no description"


def test_choices_are_lists_and_numbers_have_bounds():
    assert choices(properties("train")["profile"]) == ["smoke", "quick", "full"]
    assert properties("train")["families"]["items"]["enum"] == ["tfidf", "keras", "bert"]
    assert choices(properties("retrain")["profile"]) == ["smoke", "quick", "full"]
    assert choices(properties("retrain")["trigger"]) == ["manual", "schedule", "rows", "alert", "drift"]
    assert (properties("collect")["days"]["minimum"], properties("collect")["days"]["maximum"]) == (1, 730)
    assert (properties("analyse")["days"]["minimum"], properties("analyse")["days"]["maximum"]) == (1, 31)
    assert properties("watch")["at"]["anyOf"][0]["format"] == "date-time"


# --- What is defined ---


def test_each_deployment_is_one_of_our_flows_and_says_in_markdown_what_it_does():
    entrypoints = {deployment["entrypoint"] for deployment in DEFINED}

    assert entrypoints == {
        f"flows/{flow.fn.__module__.split('.')[1]}.py:{flow.fn.__name__}" for flow in FLOWS.values()
    }
    assert all(
        deployment["description"].startswith("**") and deployment["tags"][0] == "sentiloop"
        for deployment in DEFINED
    )


def test_runs_in_another_place_are_told_where_the_checkout_is():
    content = deploy.definition("cluster", "/app")

    assert {deployment["work_pool"]["name"] for deployment in content["deployments"]} == {"cluster"}
    assert content["pull"] == [{"prefect.deployments.steps.set_working_directory": {"directory": "/app"}}]


def test_a_command_without_a_server_says_which_one_it_asked(monkeypatch):
    monkeypatch.setattr(deploy, "_PATIENCE_SECONDS", 0)
    nobody = f"http://127.0.0.1:{free_port()}/api"

    with (
        temporary_settings({PREFECT_API_URL: nobody}),
        pytest.raises(
            DeployError, match=rf"no Prefect server answers at {nobody}.*ConnectError.*set PREFECT_API_URL"
        ),
    ):
        deploy.deploy()
