"""The alert rule and what it decides, with Azure's semantics, as functions of values.

Who asks, keeps and tells is in `watch`.
"""

from __future__ import annotations

import json
import operator
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from sentiment.errors import AlertError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

RULE_FILE = Path(__file__).with_name("alert_rule.json")
QUERY_FILE = Path(__file__).parents[1] / "queries" / "alert.kql"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_AGGREGATIONS = {"Total": "sum", "Average": "mean", "Minimum": "min", "Maximum": "max"}  # besides Count
_OPERATORS = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqual": operator.le,
}


class _Part(BaseModel):
    """A part of a rule; its JSON has Azure's property names, and none that is not known here."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, allow_inf_nan=False
    )


class FailingPeriods(_Part):
    """How many of the windows that an evaluation looks back on must meet the condition."""

    number_of_evaluation_periods: int = Field(1, ge=1, le=6)
    min_failing_periods_to_alert: int = Field(1, ge=1, le=6)

    @model_validator(mode="after")
    def _can_be_met(self) -> FailingPeriods:
        if self.min_failing_periods_to_alert > self.number_of_evaluation_periods:
            raise ValueError("minFailingPeriodsToAlert is more than numberOfEvaluationPeriods")
        return self


class Criterion(_Part):
    """What is measured in a window, and when that is too much or too little."""

    query: str = Field(min_length=1)
    time_aggregation: Literal["Count", "Total", "Average", "Minimum", "Maximum"]
    metric_measure_column: str | None = None
    operator: Literal["Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"]
    threshold: float
    failing_periods: FailingPeriods = FailingPeriods()

    @model_validator(mode="after")
    def _names_its_column(self) -> Criterion:
        if (self.time_aggregation == "Count") == bool(self.metric_measure_column):
            raise ValueError("metricMeasureColumn goes with every timeAggregation but Count")
        return self


class Criteria(_Part):
    """Azure's list of criteria, which for a log alert holds one."""

    all_of: Annotated[list[Criterion], Field(min_length=1, max_length=1)]


class AlertRule(_Part):
    """A log alert rule as Azure's `scheduledQueryRules` has it, as far as it is understood here; see `read_rule`."""

    display_name: str = Field(pattern="[A-Za-z0-9]")
    description: str
    severity: int = Field(ge=0, le=4)
    evaluation_frequency: timedelta = Field(ge=_MINUTE, le=timedelta(days=1), strict=False)
    window_size: timedelta = Field(ge=_MINUTE, le=timedelta(days=2), strict=False)
    auto_mitigate: bool
    criteria: Criteria

    @field_validator("evaluation_frequency", "window_size", mode="before")
    @classmethod
    def _is_duration(cls, value: Any) -> Any:
        if not (isinstance(value, str) and value.startswith("P")):
            raise ValueError("a duration is written like PT5M")
        return value

    @model_validator(mode="after")
    def _is_evaluable(self) -> AlertRule:
        if self.evaluation_frequency % _MINUTE or _MINUTE < self.evaluation_frequency < 5 * _MINUTE:
            raise ValueError("evaluationFrequency is PT1M, or PT5M and more in whole minutes")
        if self.window_size < self.evaluation_frequency:
            raise ValueError(
                "windowSize is shorter than evaluationFrequency: what lies between two windows would never be seen"
            )
        return self

    @property
    def name(self) -> str:
        """The display name in a form that fits a file name, such as `bad-predictions`."""
        return re.sub("[^a-z0-9]+", "-", self.display_name.lower()).strip("-")

    @property
    def criterion(self) -> Criterion:
        """The rule's one criterion."""
        return self.criteria.all_of[0]

    @property
    def lookback(self) -> timedelta:
        """How far an evaluation looks back: all its windows together."""
        return self.window_size * self.criterion.failing_periods.number_of_evaluation_periods

    @property
    def quiet_evaluations(self) -> int:
        """How many evaluations in a row must find the condition not met before Azure calls an alert resolved.

        Source: learn.microsoft.com, alerts-overview, "Stateful alerts": 10 minutes, 3, 2 or 1
        periods, by frequency.
        """
        if self.evaluation_frequency == _MINUTE:
            return 10
        if self.evaluation_frequency <= 15 * _MINUTE:
            return 3
        return 2 if self.evaluation_frequency <= timedelta(hours=11) else 1


@dataclass(frozen=True)
class AlertState:
    """An alert between two evaluations: since when it is fired (None: it is not), its highest value, the quiet evaluations in a row."""

    fired: datetime | None = None
    most: float = 0
    quiet: int = 0


@dataclass(frozen=True)
class Episode:
    """One firing: from when, until when (None: it still is), and the most bad predictions that a window held meanwhile."""

    fired: datetime
    resolved: datetime | None
    most: int


Change = Literal["fired", "resolved"]


def read_rule(path: Path = RULE_FILE, query_path: Path = QUERY_FILE) -> AlertRule:
    """Return the rule of a JSON file with the query of a .kql file: the two files that the Bicep module reads.

    Raises:
        AlertError: A file cannot be read, or the rule says something that is not understood here.
    """
    try:
        definition = json.loads(path.read_text("utf-8"))
        definition["criteria"]["allOf"][0]["query"] = query_path.read_text("utf-8")
    except OSError as error:
        raise AlertError(f"the alert rule cannot be read ({error}): restore the file") from error
    except (ValueError, LookupError, TypeError) as error:
        raise AlertError(
            f"{path} is no alert rule ({error}): write it as sentiment/supervision/alert_rule.json is written"
        ) from error
    return parse_rule(definition, path)


def parse_rule(definition: Mapping[str, Any], source: Path = RULE_FILE) -> AlertRule:
    """Return the rule of a definition with Azure's property names, its query among them.

    Raises:
        AlertError: The rule says something that is not understood here.
    """
    try:
        return AlertRule.model_validate_json(json.dumps(definition))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the rule"
        raise AlertError(f"{source} cannot be used: {where}: {first['msg']}; correct the rule") from error


def last_evaluation(rule: AlertRule, now: datetime) -> datetime:
    """Return the latest moment of the rule's grid (whole minutes for PT1M, UTC) that is not after `now`."""
    return now - (now - _EPOCH) % rule.evaluation_frequency


def measure(rule: AlertRule, frame: pd.DataFrame) -> float:
    """Return the value of one window's rows; NaN, which meets no condition, where there is nothing to add up or compare.

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
    """Return the value of each window that an evaluation looks back on, the newest first; `frame` holds `rule.lookback` of rows.

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
    """Return whether one window's value is beyond the threshold, as the rule's operator says."""
    return bool(_OPERATORS[rule.criterion.operator](value, rule.criterion.threshold))


def advance(
    rule: AlertRule, state: AlertState, at: datetime, values: Sequence[float]
) -> tuple[AlertState, Change | None]:
    """Return the state after the evaluation at `at`, and what changed by it.

    A stateful alert (`autoMitigate`) fires once and is resolved when it has been quiet for long
    enough; a stateless one fires at every evaluation that meets the condition. Take no evaluation
    for one that could not ask: it is not "not met".
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
    """Return every firing in a period, the newest first, from what the query `alert_history` answered.

    `history` has `evaluation` (UTC) and `bad_predictions`; an evaluation that is not in it counted
    nothing. The first window of the period may count too little, so ask from one window and one
    resolve time earlier than you show.
    """
    counts = {
        at.to_pydatetime(): float(count)
        for at, count in zip(history["evaluation"], history["bad_predictions"], strict=True)
    }
    steps = [n * rule.window_size for n in range(rule.criterion.failing_periods.number_of_evaluation_periods)]
    found: list[Episode] = []
    state, at = AlertState(), min(counts, default=now)
    while at <= now:
        before, (state, change) = (
            state,
            advance(rule, state, at, [counts.get(at - step, 0.0) for step in steps]),
        )
        if change == "fired":
            found.append(Episode(at, None, int(state.most)))
        elif change == "resolved":
            found[-1] = replace(found[-1], resolved=at)
        elif state.most > before.most:
            found[-1] = replace(found[-1], most=int(state.most))
        at += rule.evaluation_frequency
    return found[::-1]
