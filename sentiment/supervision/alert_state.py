"""The states of an alert, with Azure's semantics, as functions of values.

`alert_watch` runs the queries, keeps the state and delivers the messages.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from sentiment.errors import AlertError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from sentiment.supervision.alert_rule import AlertRule

Change = Literal["fired", "resolved"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AGGREGATIONS = {"Total": "sum", "Average": "mean", "Minimum": "min", "Maximum": "max"}  # besides Count
_OPERATORS = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqual": operator.le,
}


@dataclass(frozen=True)
class AlertState:
    """The state of an alert between two evaluations.

    `fired` is None while it is not fired; `most` is its highest value so far; `quiet` counts the
    evaluations in a row that did not meet the condition.
    """

    fired: datetime | None = None
    most: float = 0
    quiet: int = 0


@dataclass(frozen=True)
class Episode:
    """An alert from its firing to its resolution, None while it is open, with its highest count."""

    fired: datetime
    resolved: datetime | None
    most: int


def last_evaluation(rule: AlertRule, now: datetime) -> datetime:
    """Return the latest time of the rule's grid (whole minutes for PT1M, UTC) up to `now`."""
    return now - (now - _EPOCH) % rule.evaluation_frequency


def measure(rule: AlertRule, frame: pd.DataFrame) -> float:
    """Return the value of one window's rows; NaN, which meets no condition, without any value.

    Raises:
        AlertError: The rule's column is not among the query's.
    """
    column = rule.criterion.metric_measure_column
    if column is None:
        return float(len(frame))
    if column not in frame:
        raise AlertError(
            f"the alert's query has no column {column!r}: correct metricMeasureColumn or the query"
        )
    values = frame[column].dropna().astype(float)
    return float(values.agg(_AGGREGATIONS[rule.criterion.time_aggregation])) if len(values) else float("nan")


def measure_windows(rule: AlertRule, frame: pd.DataFrame, at: datetime) -> list[float]:
    """Return the value of each window of an evaluation, the newest first.

    `frame` holds the rows of `rule.lookback` before `at`.

    Raises:
        AlertError: The query does not return what the rule needs.
    """
    count = rule.criterion.failing_periods.number_of_evaluation_periods
    if count == 1:
        return [measure(rule, frame)]
    if "TimeGenerated" not in frame:
        raise AlertError(
            "the alert's query has no column TimeGenerated, by which its rows belong to windows: add it"
        )
    age = at - frame["TimeGenerated"]
    return [
        measure(rule, frame[(age >= n * rule.window_size) & (age < (n + 1) * rule.window_size)])
        for n in range(count)
    ]


def is_met(rule: AlertRule, value: float) -> bool:
    """Return whether the value of a window meets the condition, by operator and threshold."""
    return bool(_OPERATORS[rule.criterion.operator](value, rule.criterion.threshold))


def advance(
    rule: AlertRule, state: AlertState, at: datetime, values: Sequence[float]
) -> tuple[AlertState, Change | None]:
    """Return the state after the evaluation at `at`, and whether the alert fired or was resolved.

    A stateful alert (`autoMitigate`) fires once and is resolved when it has been quiet for long
    enough; a stateless one fires at every evaluation that meets the condition. Do not call this for
    an evaluation whose query failed: that is not "not met".
    """
    failing = sum(is_met(rule, value) for value in values)
    if failing >= rule.criterion.failing_periods.min_failing_periods_to_alert:
        if state.fired is None or not rule.auto_mitigate:
            return AlertState(at, values[0]), "fired"
        return replace(state, most=max(state.most, values[0]), quiet=0), None
    if state.fired is None:
        return state, None
    if not rule.auto_mitigate:
        return AlertState(), None
    if state.quiet + 1 >= rule.quiet_evaluations:
        return AlertState(), "resolved"
    return replace(state, quiet=state.quiet + 1), None


def episodes(history: pd.DataFrame, rule: AlertRule, now: datetime) -> list[Episode]:
    """Return the alerts of a period, the newest first, from the result of `alert_history`.

    `history` has `evaluation` (UTC) and `bad_predictions`; an evaluation that is not in it counted
    zero. The first window of the period may count too little, so query from one window and one
    resolve time earlier than you show.
    """
    counts = {
        at.to_pydatetime(): float(count)
        for at, count in zip(history["evaluation"], history["bad_predictions"], strict=True)
    }
    steps = [n * rule.window_size for n in range(rule.criterion.failing_periods.number_of_evaluation_periods)]
    alerts: list[Episode] = []
    state, at = AlertState(), min(counts, default=now)
    while at <= now:
        before, (state, change) = (
            state,
            advance(rule, state, at, [counts.get(at - step, 0.0) for step in steps]),
        )
        if change == "fired":
            alerts.append(Episode(at, None, int(state.most)))
        elif change == "resolved":
            alerts[-1] = replace(alerts[-1], resolved=at)
        elif state.most > before.most:
            alerts[-1] = replace(alerts[-1], most=int(state.most))
        at += rule.evaluation_frequency
    return alerts[::-1]
