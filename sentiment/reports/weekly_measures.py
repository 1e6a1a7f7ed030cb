"""The headline figures of the weekly report, from the records of a period and of the one before."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sentiment.reports.weekly_records import count_records
from sentiment.reports.weekly_shares import Measure, Share, latency_measure, share_measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from sentiment.reports.weekly_records import Records

_COUNTS = {
    "requests": "Requests",
    "predictions": "Texts predicted",
    "feedback": "Feedback",
    "bad_predictions": "Bad predictions",
}
# Each with its title, and the names of its part and its whole among the totals.
_SHARES = {
    "bad_share": ("Feedback that says wrong", "bad_predictions", "feedback"),
    "feedback_share": ("Predictions with feedback", "feedback", "predictions"),
    "low_confidence_share": ("Predictions with low confidence", "low_confidence", "predictions"),
    "refused_share": ("Requests refused (4xx)", "refused", "requests"),
    "server_error_share": ("Requests failed (5xx)", "server_errors", "requests"),
}
_PERCENTILES = ("p50", "p95", "p99")


def measure_period(now: Records, before: Records) -> dict[str, Measure]:
    """Return the headline figures by key, in the order of the page, without the alerts."""
    totals, totals_before = count_records(now), count_records(before)
    measures = [
        *(Measure(key, title, "count", totals[key], totals_before[key]) for key, title in _COUNTS.items()),
        *(
            share_measure(key, title, _share(totals, part, whole), _share(totals_before, part, whole))
            for key, (title, part, whole) in _SHARES.items()
        ),
        *_latencies(now, before, (_answers(totals), _answers(totals_before))),
        Measure(
            "mean_score",
            "Mean confidence",
            "score",
            _mean_score(now.confidence),
            _mean_score(before.confidence),
        ),
    ]
    return {measure.key: measure for measure in measures}


def _share(totals: Mapping[str, int], part: str, whole: str) -> Share:
    """Return the share of two totals, at most 1: feedback may be about earlier predictions."""
    return Share(min(totals[part], totals[whole]), totals[whole])


def _latencies(now: Records, before: Records, answers: tuple[int, int]) -> list[Measure]:
    return [
        latency_measure(
            f"latency_ms_{key}",
            f"Response time {key}",
            (_only(now.latency, key), _only(before.latency, key)),
            answers,
        )
        for key in _PERCENTILES
    ]


def _answers(totals: Mapping[str, int]) -> int:
    return min(totals["requests"], totals["predictions"])


def _only(frame: pd.DataFrame, column: str) -> float:
    return float(frame[column].iloc[0]) if len(frame) else math.nan


def _mean_score(confidence: pd.DataFrame) -> float:
    predictions = int(confidence["predictions"].sum())
    if not predictions:
        return math.nan
    return float((confidence["mean_score"] * confidence["predictions"]).sum() / predictions)
