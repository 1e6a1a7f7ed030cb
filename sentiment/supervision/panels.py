"""The panels of the supervision: the one list that the Monitor tab and the Azure workbook draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Panel:
    """A query as a chart or table: `x` and `series` are its columns, `unit` that of the series."""

    query: str
    title: str
    kind: Literal["lines", "area", "bars", "table"]
    x: str
    series: tuple[str, ...]
    unit: Literal["requests", "texts", "feedback", "ms", "share", ""]


PANELS = (
    Panel(
        "requests_per_minute",
        "Requests per minute",
        "area",
        "timestamp",
        ("requests_per_minute",),
        "requests",
    ),
    Panel("latency", "Response time of predictions", "lines", "timestamp", ("p50", "p95", "p99"), "ms"),
    Panel("label_mix", "Predicted labels", "area", "timestamp", ("negative", "neutral", "positive"), "texts"),
    Panel("confidence", "Confidence", "lines", "timestamp", ("mean_score", "low_confidence_share"), "share"),
    Panel(
        "errors",
        "Refused and failed requests",
        "table",
        "name",
        ("status", "requests", "last_seen"),
        "requests",
    ),
    Panel(
        "bad_predictions",
        "Bad predictions",
        "table",
        "timestamp",
        ("tweet_text", "predicted_label", "feedback_label", "score", "model"),
        "",
    ),
    Panel(
        "feedback_rate",
        "Feedback by model",
        "table",
        "model",
        ("predictions", "good", "bad", "feedback_rate", "bad_rate"),
        "feedback",
    ),
    Panel("alert_history", "What the alert counts", "bars", "evaluation", ("bad_predictions",), "feedback"),
    Panel(
        "shadow",
        "Shadow",
        "table",
        "shadow_model",
        ("model", "compared", "agreement", "to_negative", "to_neutral", "to_positive"),
        "texts",
    ),
)
