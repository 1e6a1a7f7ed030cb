"""The Azure workbook is generated from the panels and .kql files, and its queries run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kql_fixtures import check_kql, open_workspace

from infra import workbook
from sentiment import queries
from sentiment.supervision.panels import PANELS

ROOT = Path(__file__).parents[2]
BOOK = json.loads(workbook.FILE.read_text("utf-8"))
ITEMS = {item["name"]: item for item in BOOK["items"]}
QUERIES = {name: item["content"] for name, item in ITEMS.items() if item["type"] == 3}
PARAMETERS = {parameter["name"]: parameter for parameter in ITEMS["parameters"]["content"]["parameters"]}


def as_the_portal_asks(text: str, *, model: str = "", grain: str = "5m") -> str:
    """Return a query after the portal has put the parameters in."""
    text = text.replace("{Model}", model).replace("{TimeRange:grain}", grain)
    assert not re.search(r"\{\w+(:\w+)?\}", text)
    return text


def every_query() -> dict[str, str]:
    texts = {
        name: as_the_portal_asks(content["query"], model="tweet-sentiment:a1")
        for name, content in QUERIES.items()
    }
    return texts | {"model_list": PARAMETERS["Model"]["query"]}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    now = datetime.now(UTC)
    with open_workspace(tmp_path_factory.mktemp("workbook")) as opened:
        for minute in range(3):
            opened.predicted(now - timedelta(minutes=minute), model="tweet-sentiment:a1")
            opened.request("POST /predict", now - timedelta(minutes=minute), status=400)
            opened.feedback(f"b{minute}", now - timedelta(minutes=minute), model="tweet-sentiment:a1")
        opened.predicted(now, model="tweet-sentiment:b2")
        keys = {
            "predicted_label": "neutral",
            "shadow_label": "positive",
            "score": "0.5",
            "shadow_score": "0.6",
        }
        opened.trace(
            "Shadow prediction", now, model="tweet-sentiment:a1", shadow_model="tweet-sentiment:c3", **keys
        )
        opened.send()
        yield opened


def test_the_committed_workbook_is_what_the_sources_make_of_it():
    assert workbook.FILE.read_text("utf-8") == workbook.text(), (
        "run 'python -m infra.workbook' and commit infra/workbook.json"
    )


def test_the_check_says_so_when_the_file_is_old(tmp_path):
    command = [sys.executable, "-m", "infra.workbook", "--file", str(tmp_path / "book.json")]

    codes = [
        subprocess.run([*command, *more], cwd=ROOT, check=False, capture_output=True).returncode
        for more in (["--check"], [], ["--check"])
    ]
    (tmp_path / "book.json").write_text("{}")
    late = subprocess.run([*command, "--check"], cwd=ROOT, check=False, capture_output=True, text=True)

    assert codes == [1, 0, 0]
    assert late.returncode == 1
    assert "python -m infra.workbook" in late.stderr


def test_every_panel_is_in_the_workbook_and_nothing_else():
    assert list(QUERIES) == [panel.query for panel in PANELS]
    assert [content["title"] for content in QUERIES.values()] == [panel.title for panel in PANELS]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.query)
def test_the_query_of_a_panel_is_the_file_with_the_workbooks_parameters(panel):
    changed = zip(
        QUERIES[panel.query]["query"].splitlines(), queries.read(panel.query).splitlines(), strict=True
    )

    assert [line.split(";")[0] for line, original in changed if line != original] == [
        {"model": 'let model = "{Model}"', "step": "let step = {TimeRange:grain}"}[name]
        for name in queries.defaults(queries.read(panel.query))
        if name in ("model", "step")
    ]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.query)
@pytest.mark.parametrize("model", ["", "tweet-sentiment:a1"])
def test_a_panel_shows_columns_that_its_query_gives(workspace, panel, model):
    frame = workspace.ask(as_the_portal_asks(QUERIES[panel.query]["query"], model=model), timedelta(hours=1))

    assert not frame.empty
    assert {panel.x, *panel.series} <= set(frame)
    if panel.kind != "table":
        assert str(frame[panel.x].dtype).startswith("datetime64")
        assert all(str(frame[name].dtype) in ("Int64", "float64") for name in panel.series)


def test_the_model_filter_offers_the_models_alone(workspace):
    frame = workspace.ask(PARAMETERS["Model"]["query"], timedelta(hours=1))

    # The portal takes the first column as the value and a second one as its name.
    assert list(frame) == ["model"]
    assert set(frame["model"]) == {"tweet-sentiment:a1", "tweet-sentiment:b2"}


def test_the_workbook_has_the_form_that_azure_reads():
    assert BOOK["version"] == "Notebook/1.0"
    assert len(ITEMS) == len(BOOK["items"])
    assert {item["type"] for item in BOOK["items"]} == {1, 3, 9}
    assert [(name, parameter["type"]) for name, parameter in PARAMETERS.items()] == [
        ("TimeRange", 4),
        ("Model", 2),
    ]
    assert PARAMETERS["TimeRange"]["isRequired"]
    assert not PARAMETERS["Model"]["isRequired"]  # not set, it becomes the empty text: every model
    assert len({str(uuid.UUID(parameter["id"])) for parameter in PARAMETERS.values()}) == 2


@pytest.mark.parametrize("content", [*QUERIES.values(), PARAMETERS["Model"]], ids=[*QUERIES, "Model"])
def test_every_query_asks_the_workspace_for_the_chosen_time(content):
    assert content["resourceType"] == "microsoft.operationalinsights/workspaces"
    assert content["timeContextFromParameter"] == "TimeRange"
    assert content.get("visualization", "table") in ("timechart", "areachart", "barchart", "table")


def test_microsofts_parser_finds_nothing_to_say_about_the_workbook(tmp_path):
    run = check_kql(every_query(), tmp_path)

    assert (run.returncode, run.stdout.strip()) == (0, "OK"), run.stdout + run.stderr


def test_microsofts_parser_would_say_so(tmp_path):
    run = check_kql({"mutated": every_query()["latency"].replace("DurationMs", "Duration")}, tmp_path)

    assert run.returncode == 1
    assert "mutated.kql: Error" in run.stdout
