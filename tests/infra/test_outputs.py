"""The outputs of a deployment become variables of the shell, whatever Azure does to their names."""

from __future__ import annotations

import json
import subprocess

from infra.outputs import main

SHOW = (
    "az deployment group show --resource-group rg --name sentiloop --query properties.outputs --output json"
)


def test_an_output_is_a_variable_in_upper_case(programs, capsys):
    outputs = {"azurE_CONTAINER_APP": {"value": "ca"}, "sentimenT_SERVICE_URL": {"value": "https://a b'c"}}
    programs.answer(SHOW, json.dumps(outputs))

    assert main(["sentiloop", "--group", "rg"]) == 0

    script = capsys.readouterr().out + 'printf "%s|%s" "$AZURE_CONTAINER_APP" "$SENTIMENT_SERVICE_URL"'
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert shell.stdout == "ca|https://a b'c"


def test_without_the_deployment_nothing_is_exported(programs, capsys):
    programs.fail("az deployment group show", err="ERROR: (DeploymentNotFound) not found")

    assert main(["sentiloop", "--group", "rg"]) == 1

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "DeploymentNotFound" in captured.err
