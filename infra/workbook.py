"""Generate the Azure Monitor workbook from panels and .kql files: `python -m infra.workbook`."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from pathlib import Path
from typing import Any

from sentiment import queries
from sentiment.supervision.panels import PANELS, Panel

FILE = Path(__file__).with_name("workbook.json")
WORKSPACES = "microsoft.operationalinsights/workspaces"
_NAMESPACE = uuid.UUID("5e471100-0000-4000-8000-000000000000")  # any, but always the same
# What the workbook puts in the place of a query's own parameters; a model that is not chosen
# becomes the empty text.
_PARAMETERS = {"model": '"{Model}"', "step": "{TimeRange:grain}"}
_VISUALIZATIONS = {"lines": "timechart", "area": "areachart", "bars": "barchart", "table": "table"}
_HOUR = 3_600_000
_RANGES = [_HOUR // 2, _HOUR, 6 * _HOUR, 24 * _HOUR, 7 * 24 * _HOUR, 30 * 24 * _HOUR]
_RATES = ("feedback_rate", "bad_rate", "score")
_NUMBERS: dict[str, dict[str, Any]] = {
    "ms": {"unit": 23, "options": {"style": "decimal", "maximumFractionDigits": 0}},
    "share": {"unit": 0, "options": {"style": "percent", "maximumFractionDigits": 1}},
}
_COUNT: dict[str, Any] = {"unit": 0, "options": {"style": "decimal", "maximumFractionDigits": 1}}
_HEADINGS = {
    "requests_per_minute": "Service",
    "label_mix": "Predictions",
    "errors": "Errors",
    "bad_predictions": "Feedback and alert",
}
_INTRODUCTION = (
    "# Sentiloop\n\n"
    "How the tweet sentiment service is doing, from the requests and the feedback in this workspace. "
    "Choose a time range, or drag over a chart;\n"
    "a model that is not set means every model."
)


def build() -> dict[str, Any]:
    """Return the workbook: Markdown, its parameters, and a query per panel."""
    items = [_markdown("introduction", _INTRODUCTION), _parameters()]
    for panel in PANELS:
        if heading := _HEADINGS.get(panel.query):
            items.append(_markdown(f"heading - {panel.query}", f"## {heading}"))
        items.append(_query(panel))
    return {
        "version": "Notebook/1.0",
        "items": items,
        "$schema": "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json",
    }


def text() -> str:
    """Return the workbook as JSON text, as in the file."""
    return json.dumps(build(), indent=2, ensure_ascii=False) + "\n"


def query_text(name: str) -> str:
    """Return a query with the workbook's parameters in place of its own."""
    source = queries.read(name)
    return queries.fill(
        source, {key: _PARAMETERS[key] for key in queries.defaults(source) if key in _PARAMETERS}
    )


def _markdown(name: str, markdown: str) -> dict[str, Any]:
    return {"type": 1, "content": {"json": markdown}, "name": name}


def _parameters() -> dict[str, Any]:
    time_range = {
        "id": _id("TimeRange"),
        "version": "KqlParameterItem/1.0",
        "name": "TimeRange",
        "label": "Time range",
        "type": 4,
        "isRequired": True,
        "value": {"durationMs": 24 * _HOUR},
        "typeSettings": {
            "selectableValues": [{"durationMs": length} for length in _RANGES],
            "allowCustom": True,
        },
    }
    model = {
        "id": _id("Model"),
        "version": "KqlParameterItem/1.0",
        "name": "Model",
        "label": "Model",
        "type": 2,
        "isRequired": False,
        "query": queries.read("models") + "| project model\n",
        "typeSettings": {"additionalResourceOptions": []},
        **_source(),
    }
    content = {
        "version": "KqlParameterItem/1.0",
        "parameters": [time_range, model],
        "style": "pills",
        "queryType": 0,
    }
    return {"type": 9, "content": {**content, "resourceType": WORKSPACES}, "name": "parameters"}


def _query(panel: Panel) -> dict[str, Any]:
    content = {
        "version": "KqlItem/1.0",
        "query": query_text(panel.query),
        "size": 0,
        "title": panel.title,
        "noDataMessage": "Nothing in this time range.",
        **_source(),
        "visualization": _VISUALIZATIONS[panel.kind],
        **(_grid(panel) if panel.kind == "table" else _chart(panel)),
    }
    width = "50" if panel.kind in ("lines", "area") else "100"
    return {"type": 3, "content": content, "customWidth": width, "name": panel.query}


def _source() -> dict[str, Any]:
    return {
        "timeContext": {"durationMs": 0},
        "timeContextFromParameter": "TimeRange",
        "queryType": 0,
        "resourceType": WORKSPACES,
    }


def _chart(panel: Panel) -> dict[str, Any]:
    settings = {
        "xAxis": panel.x,
        "yAxis": list(panel.series),
        "ySettings": {"min": 0, "numberFormatSettings": _NUMBERS.get(panel.unit, _COUNT)},
    }
    return {"timeBrushParameterName": "TimeRange", "chartSettings": settings}


def _grid(panel: Panel) -> dict[str, Any]:
    rates = [
        {"columnMatch": name, "formatter": 0, "numberFormat": _NUMBERS["share"]}
        for name in panel.series
        if name in _RATES
    ]
    return {
        "showExportToExcel": True,
        "gridSettings": {"formatters": rates, "rowLimit": 1000, "filter": True},
    }


def _id(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


def main(arguments: list[str] | None = None) -> int:
    """Write the workbook, or check that the file is up to date."""
    parser = argparse.ArgumentParser(prog="python -m infra.workbook", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if the file is not up to date"
    )
    parser.add_argument(
        "--file",
        type=Path,
        default=FILE,
        help=f"the workbook's file (default: {FILE.name} beside this program)",
    )
    chosen = parser.parse_args(arguments)
    if not chosen.check:
        chosen.file.write_text(text(), "utf-8")
    elif not chosen.file.is_file() or chosen.file.read_text("utf-8") != text():
        print(f"{chosen.file} is not up to date: run 'python -m infra.workbook'", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
