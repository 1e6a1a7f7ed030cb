"""The alert rules as Azure defines them: their properties, and reading them from one file.

The rule of a small service counts bad predictions, the rule of a busy one takes their share. Their
evaluation is in `alert_state`.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from sentiment.errors import AlertError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


RULE_FILE = Path(__file__).with_name("alert_rule.json")
QUERY_FILE = Path(__file__).parents[1] / "queries" / "alert.kql"
SHARE_QUERY_FILE = QUERY_FILE.with_name("alert_share.kql")
_SHARE = "shareRule"  # the property of the file that holds the rule by share
_SERVICE = "serviceRules"  # and the one that holds the rules on the service, by their names
_AZURE_ONLY = Path(__file__).with_name("azure_only")  # queries of tables that only Azure has

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


class _Part(BaseModel):
    """A part of a rule; its JSON has Azure's property names, and none that is not known here."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, allow_inf_nan=False
    )


class FailingPeriods(_Part):
    """How many of the windows of an evaluation must meet the condition."""

    number_of_evaluation_periods: int = Field(1, ge=1, le=6)
    min_failing_periods_to_alert: int = Field(1, ge=1, le=6)

    @model_validator(mode="after")
    def _can_be_met(self) -> FailingPeriods:
        if self.min_failing_periods_to_alert > self.number_of_evaluation_periods:
            raise ValueError("minFailingPeriodsToAlert is more than numberOfEvaluationPeriods")
        return self


class Criterion(_Part):
    """The measure of a window and its threshold."""

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
    """Azure's list of criteria; a log alert has exactly one."""

    all_of: Annotated[list[Criterion], Field(min_length=1, max_length=1)]


class AlertRule(_Part):
    """A log alert rule: the supported properties of Azure's `scheduledQueryRules`."""

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
                "windowSize is shorter than evaluationFrequency: "
                "what lies between two windows would never be seen"
            )
        return self

    @property
    def name(self) -> str:
        """The display name as a file name, such as `bad-predictions`."""
        return re.sub("[^a-z0-9]+", "-", self.display_name.lower()).strip("-")

    @property
    def criterion(self) -> Criterion:
        """The rule's one criterion."""
        return self.criteria.all_of[0]

    @property
    def is_share(self) -> bool:
        """Whether the rule measures a share, from 0 to 1, and not a count."""
        return (self.criterion.metric_measure_column or "").endswith("_share")

    def number(self, value: float) -> str:
        """Return a value that the rule measures in words: a percentage or a count."""
        return f"{value:.1%}" if self.is_share else f"{value:g}"

    @property
    def window_text(self) -> str:
        """The length of the window in words, such as `5 minutes` or `6 hours`."""
        is_hours = self.window_size > _HOUR and not self.window_size % _HOUR
        return (
            f"{self.window_size / _HOUR:g} hours" if is_hours else f"{self.window_size / _MINUTE:g} minutes"
        )

    @property
    def lookback(self) -> timedelta:
        """The time that all windows of an evaluation cover together."""
        return self.window_size * self.criterion.failing_periods.number_of_evaluation_periods

    @property
    def quiet_evaluations(self) -> int:
        """The evaluations in a row without the condition after which Azure resolves an alert.

        Source: learn.microsoft.com, alerts-overview, "Stateful alerts": 10 minutes, 3, 2 or 1
        periods, by frequency.
        """
        if self.evaluation_frequency == _MINUTE:
            return 10
        if self.evaluation_frequency <= 15 * _MINUTE:
            return 3
        return 2 if self.evaluation_frequency <= timedelta(hours=11) else 1


def read_rule(path: Path = RULE_FILE, query_path: Path = QUERY_FILE) -> AlertRule:
    """Return the rule by count of the JSON and the .kql file that the Bicep module reads, too.

    Raises:
        AlertError: A file cannot be read, or the rule has something that is not supported.
    """
    return _read(path, query_path, lambda definition: definition)


def read_share_rule(path: Path = RULE_FILE, query_path: Path = SHARE_QUERY_FILE) -> AlertRule:
    """Return the rule by share of the same JSON file.

    Raises:
        AlertError: As for `read_rule`.
    """
    return _read(path, query_path, lambda definition: definition[_SHARE])


def read_rules() -> tuple[AlertRule, AlertRule]:
    """Return both committed rules: by count, and by share.

    Raises:
        AlertError: As for `read_rule`.
    """
    return read_rule(), read_share_rule()


def read_service_rules(path: Path = RULE_FILE) -> dict[str, AlertRule]:
    """Return the rules on the service itself by their names; Azure alone evaluates them all.

    Raises:
        AlertError: As for `read_rule`.
    """
    return {name: read_service_rule(name, path) for name in json.loads(path.read_text("utf-8"))[_SERVICE]}


def read_service_rule(name: str, path: Path = RULE_FILE) -> AlertRule:
    """Return one of the rules on the service itself.

    Raises:
        AlertError: As for `read_rule`.
    """
    here, azure = (folder / f"alert_{name}.kql" for folder in (QUERY_FILE.parent, _AZURE_ONLY))
    return _read(path, azure if azure.exists() else here, lambda definition: definition[_SERVICE][name])


def _read(path: Path, query_path: Path, choose: Callable[[dict[str, Any]], dict[str, Any]]) -> AlertRule:
    try:
        definition = choose(json.loads(path.read_text("utf-8")))
        definition["criteria"]["allOf"][0]["query"] = query_path.read_text("utf-8")
    except OSError as error:
        raise AlertError(f"the alert rule cannot be read ({error}): restore the file") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise AlertError(
            f"{path} is no alert rule ({error}): write it as sentiment/supervision/alert_rule.json is written"
        ) from error
    return parse_rule(definition, path)


def parse_rule(definition: Mapping[str, Any], source: Path = RULE_FILE) -> AlertRule:
    """Return the rule of a definition with Azure's property names, including its query.

    Other rules that it holds besides are left out.

    Raises:
        AlertError: The rule has something that is not supported.
    """
    try:
        properties = {name: value for name, value in definition.items() if name not in (_SHARE, _SERVICE)}
        return AlertRule.model_validate_json(json.dumps(properties))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the rule"
        raise AlertError(f"{source} cannot be used: {where}: {first['msg']}; correct the rule") from error
