"""The notice of an alert, as a sentence and in Azure's common alert schema."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from sentiment.supervision.alert_rule import AlertRule
    from sentiment.supervision.alert_state import Change

_NAMESPACE = uuid.UUID("6f2d9f8e-52b1-5c0f-9a34-3f6a5d1c7b20")
_LIMITS = {
    "Equals": "exactly {}",
    "GreaterThan": "more than {}",
    "GreaterThanOrEqual": "{} or more",
    "LessThan": "less than {}",
    "LessThanOrEqual": "{} or less",
}


@dataclass(frozen=True)
class Notice:
    """A change of an alert that fired at `fired`, as the evaluation at `at` measured `value`.

    It holds no tweet's text.
    """

    rule: AlertRule
    change: Change
    fired: datetime
    at: datetime
    value: float | None
    most: float

    @property
    def alert_id(self) -> str:
        """The id that the two messages of one alert share with no other alert."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.rule.name} {self.fired.isoformat()}"))

    @property
    def text(self) -> str:
        """One sentence: the rule, the count or share, and the time."""
        rule, counted = self.rule, self._measured(self.most)
        if self.change == "fired":
            limit = _LIMITS[rule.criterion.operator].format(rule.number(rule.criterion.threshold))
            return f"{rule.display_name}: {counted} (limit: {limit}), since {_clock(self.fired)}"
        times = f"over since {_clock(self.at)}; it began {_clock(self.fired)}"
        # Of a rule for what is too low, the highest value says nothing.
        most = f", at most {counted}" if rule.criterion.operator.startswith("Greater") else ""
        return f"{rule.display_name}: {times}{most}"

    def _measured(self, value: float) -> str:
        return f"{self.rule.number(value)} in {self.rule.window_text}"


def common_alert(notice: Notice) -> dict[str, Any]:
    """Return the body that Azure's action groups post for a log alert ("Log Alerts V2").

    Source: learn.microsoft.com, alerts-common-schema and alerts-payload-samples.
    """
    rule = notice.rule
    essentials = {
        "alertId": notice.alert_id,
        "alertRule": rule.display_name,
        "severity": f"Sev{rule.severity}",
        "signalType": "Log",
        "monitorCondition": notice.change.capitalize(),
        "monitoringService": "Log Alerts V2",
        "alertTargetIDs": [],
        "configurationItems": [],
        "originAlertId": notice.alert_id,
        "firedDateTime": _stamp(notice.fired),
        **({"resolvedDateTime": _stamp(notice.at)} if notice.change == "resolved" else {}),
        "description": rule.description,
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    }
    context = {"properties": {}, "conditionType": "LogQueryCriteria", "condition": _condition(notice)}
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {"essentials": essentials, "alertContext": context, "customProperties": {}},
    }


def _condition(notice: Notice) -> dict[str, Any]:
    criterion = notice.rule.criterion
    return {
        "windowSize": notice.rule.model_dump(mode="json")["window_size"],
        "allOf": [
            {
                "searchQuery": criterion.query,
                "metricMeasureColumn": criterion.metric_measure_column,
                "operator": criterion.operator,
                "threshold": f"{criterion.threshold:g}",
                "timeAggregation": criterion.time_aggregation,
                "dimensions": [],
                "metricValue": notice.value,
                "failingPeriods": criterion.failing_periods.model_dump(by_alias=True),
            }
        ],
        "windowStartTime": _stamp(notice.at - notice.rule.lookback),
        "windowEndTime": _stamp(notice.at),
    }


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"
