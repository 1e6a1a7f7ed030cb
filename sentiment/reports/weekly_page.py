"""The weekly report as one HTML page that loads nothing from elsewhere.

The page itself is the Jinja template `weekly.html`, which escapes every text from the logs.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models import LABELS
from sentiment.language import spoken
from sentiment.reports.span import period_text, report_title, window_start
from sentiment.reports.weekly_findings import caveats, say_empty
from sentiment.reports.weekly_shares import HIGHER, LOWER, NOTHING_BEFORE, say_rule
from sentiment.reports.weekly_summary import HEADLINE_KEYS
from sentiment.reports.wording import counted, label_name, moment, percent, say, short_model, whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pandas as pd

    from sentiment.reports.weekly_finding import Finding
    from sentiment.reports.weekly_report import Weekly
    from sentiment.reports.weekly_shares import Interval, Measure

_TITLES = {
    "production": "Accuracy in production",
    "feedback": "What people say",
    "mistakes": "Where the model errs",
    "words": "Words of the mistakes",
    "models": "By model",
    "service": "Requests and response times",
    "confidence": "Labels and confidence",
    "alerts": "Alerts",
    "drift": "Texts unlike those of training",
}
_TONES = {HIGHER: "worse", LOWER: "better"}
_NEITHER_GOOD_NOR_BAD = ("feedback_share",)
_TABLES = ("by_window", "mistakes", "words", "models", "errors")


def make_page(
    weekly: Weekly,
    findings: Mapping[str, Finding],
    pictures: Mapping[str, bytes],
    *,
    created_at: datetime,
    source: str,
) -> str:
    """Return the page; the same report, pictures (PNG) and `created_at` give the same text.

    `source` is the address of the logs.
    """
    span = weekly.span
    return (
        _make_environment()
        .get_template("weekly.html")
        .render(
            weekly=weekly,
            title=report_title(span),
            period=period_text(span),
            empty=say_empty(span) if weekly.is_empty else "",
            headline_keys=HEADLINE_KEYS,
            notes=caveats(weekly),
            titles=_TITLES,
            findings=findings,
            pictures={topic: base64.b64encode(picture).decode() for topic, picture in pictures.items()},
            tables={name: _rows(weekly.tables[name]) for name in _TABLES},
            labels=LABELS,
            rule=say_rule(),
            language=spoken(),
            created_at=created_at,
            source=source,
        )
    )


def _make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    formats = {"percent": _percent, "moment": moment, "version": short_model, "number": whole}
    environment.filters |= formats | {"between": _between, "label": label_name}
    environment.globals |= {
        "counted": counted,
        "say": say,
        "window_start": window_start,
        "tone": _tone,
        "NOTHING_BEFORE": NOTHING_BEFORE,
        "MARKS": {HIGHER: "clearly", LOWER: "clearly less"},
    }
    return environment


def _tone(measure: Measure) -> str:
    """Return whether a verdict is clearly `worse` or `better` news; empty where it is neither."""
    return "" if measure.key in _NEITHER_GOOD_NOR_BAD else _TONES.get(measure.verdict, "")


def _percent(share: float | None) -> str:
    return "–" if share is None else percent(share)


def _between(interval: Interval) -> str:
    low, high = interval
    return say("{start} to {end}", start=percent(low), end=percent(high))


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, with None for every missing value."""
    return list(frame.astype(object).where(frame.notna(), None).to_dict("records"))
