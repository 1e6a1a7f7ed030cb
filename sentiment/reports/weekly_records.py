"""What the logs hold of one period, as frames; `flows/analyse` queries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sentiment.reports.span import Span

_SERVER_ERROR = 500


@dataclass(frozen=True)
class Records:
    """The results of the queries of the same names over one span, by the hour where stepped.

    `latency_steps` is `latency` in steps, for the picture; `latency` itself is one row for the
    whole span, because percentiles do not add up.
    """

    bad_predictions: pd.DataFrame
    good_predictions: pd.DataFrame
    requests: pd.DataFrame
    label_mix: pd.DataFrame
    confidence: pd.DataFrame
    latency: pd.DataFrame
    latency_steps: pd.DataFrame
    errors: pd.DataFrame
    feedback_rate: pd.DataFrame

    @property
    def first(self) -> datetime | None:
        """The time of the oldest request or feedback; None if there is none."""
        frames = (self.requests, self.bad_predictions, self.good_predictions)
        firsts = [frame["timestamp"].min().to_pydatetime() for frame in frames if len(frame)]
        return min(firsts, default=None)


def split_feedback(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Return the feedback of a span, oldest first, with one row per feedback id: its oldest."""
    rows = frame[span.holds(frame["timestamp"])].sort_values(["timestamp", "feedback_id"], kind="stable")
    return rows.drop_duplicates("feedback_id").reset_index(drop=True)


def count_records(records: Records) -> Mapping[str, int]:
    """Return the totals of a period, from which its measures and shares are made."""
    bad, status = len(records.bad_predictions), _status(records.errors)
    requests = records.errors["requests"]
    return {
        "requests": int(records.requests["requests"].sum()),
        "predictions": int(records.confidence["predictions"].sum()),
        "feedback": bad + len(records.good_predictions),
        "bad_predictions": bad,
        "low_confidence": int(low_confidence(records.confidence).sum()),
        "refused": int(requests[status < _SERVER_ERROR].sum()),
        "server_errors": int(requests[status >= _SERVER_ERROR].sum()),
    }


def low_confidence(confidence: pd.DataFrame) -> pd.Series:
    """Return the number of predictions with low confidence, by row of the query `confidence`."""
    return (confidence["low_confidence_share"] * confidence["predictions"]).round().fillna(0)


def _status(errors: pd.DataFrame) -> pd.Series:
    return pd.to_numeric(errors["status"], errors="coerce").fillna(_SERVER_ERROR)
