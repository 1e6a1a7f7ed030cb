"""What the app runs before the first release answers every probe, and predicts nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import httpx
import pytest
from bicep_fixtures import APP, DEPLOY, FOLDER, parse, resource, texts, variables
from ports import free_port
from waiting import wait_for


@pytest.fixture(scope="module")
def placeholder():
    """The address of the program, run as the app's Bicep file runs it: as a text."""
    text, port = (FOLDER / "placeholder.py").read_text("utf-8"), free_port()
    process = subprocess.Popen([sys.executable, "-IS", "-c", text], env={"SENTIMENT_PORT_SERVICE": str(port)})

    def answers():
        assert process.poll() is None
        try:
            return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code
        except httpx.TransportError:
            return None

    wait_for(answers, 30, pause=0.05)
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait(timeout=10)


def test_it_answers_every_probe(placeholder):
    paths = [probe["httpGet"]["path"] for probe in probes()]

    assert len(paths) == 3
    for path in paths:
        assert httpx.get(placeholder + path, trust_env=False).status_code == 200


def test_it_predicts_nothing_and_says_what_to_do(placeholder):
    answer = httpx.post(f"{placeholder}/predict", json={"text": "good"}, trust_env=False)

    assert answer.status_code == 503
    assert "run the workflow release" in answer.json()["error"]


def probes():
    return json.loads((FOLDER / "probes.json").read_text("utf-8"))


def container():
    (container,) = resource(APP, "Microsoft.App/containerApps")["properties"]["template"]["containers"]
    return container


def test_without_an_image_the_app_runs_it_and_with_one_it_has_no_command():
    command, image = (
        container()["command"]["operator"]["operands"],
        container()["image"]["operator"]["operands"],
    )

    assert command["condition"] == image["condition"] == "isPlaceholder"
    assert command["true_value"][:2] == ["python3", "-c"]
    assert "../placeholder.py" in set(texts(command["true_value"][2]))
    assert command["false_value"] is None
    assert (image["true_value"], image["false_value"]) == ("placeholder", "image")
    assert variables(APP)["placeholder"].startswith("mcr.microsoft.com/")  # pulled without an account
    assert parse(FOLDER / "main.bicep")["parameters"]["image"]["default"] == ""


def test_the_document_begins_without_an_engine_and_without_an_image():
    before = DEPLOY[: DEPLOY.index("## 8. ")]

    assert "You need no Docker engine" in before
    assert "docker push" not in before
    assert "export SENTIMENT_IMAGE" not in before
