"""The alert on the accuracy in production: when it is certain to lie below a bound.

It is a rule as any other, whose query is answered from the audit instead of the logs; so
`alert_watch` evaluates it and tells people of it. Azure does not know it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sentiment.evaluation.production_periods import latest_model, recent_standing
from sentiment.supervision.alert_rule import AlertRule
from sentiment.supervision.alert_watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import pandas as pd

    from sentiment.config import Settings
    from sentiment.data.audited import AuditedPrediction
    from sentiment.supervision.channels import Channel

# The interval is asked again with every new label, so it promises more than the page's 95%. How
# often it then raises an alarm without reason is in docs/scores.md.
ALARM_CONFIDENCE = 0.9995
_COLUMN = "accuracy_share"


class ProductionRule(AlertRule):
    """Fires while the upper end of the accuracy's interval over four weeks is below a bound."""

    @property
    def window_text(self) -> str:
        """The time that the audited predictions cover."""
        return "4 weeks"


def production_rule(bound: float) -> ProductionRule:
    """Return the rule for a bound from 0 to 1."""
    criterion: dict[str, Any] = {
        "query": "the audited predictions of the last four weeks",
        "timeAggregation": "Maximum",
        "metricMeasureColumn": _COLUMN,
        "operator": "LessThan",
        "threshold": bound,
    }
    return ProductionRule.model_validate(
        {
            "displayName": "Accuracy in production, at most",
            "description": f"The champion's accuracy in production is certain to lie below {bound:.0%}, the "
            "bound of SENTIMENT_PRODUCTION_BOUND: look at the mistakes of the audit, then retrain.",
            "severity": 2,
            "evaluationFrequency": "PT1H",
            "windowSize": "PT1H",
            "autoMitigate": True,
            "criteria": {"allOf": [criterion]},
        }
    )


def watch_production(
    settings: Settings,
    channels: Sequence[Channel],
    read: Callable[[], Sequence[AuditedPrediction]],
    champion: Callable[[], str | None],
) -> Watch | None:
    """Return the watch over the champion's accuracy in production; None where no bound is set.

    Args:
        settings: They hold the bound.
        channels: Whom it tells.
        read: Returns the audited predictions.
        champion: Returns the tag of the model that serves; None where that is not known, and then
            it is the one that answered last.
    """
    if not settings.production_bound:
        return None

    def ask(_query: str, _start: datetime, end: datetime) -> pd.DataFrame:
        import pandas as pd  # here, because few set a bound

        audited = read()
        model = champion() or latest_model(audited) or ""
        quality = recent_standing(audited, model, end, confidence=ALARM_CONFIDENCE).quality
        return pd.DataFrame({_COLUMN: [quality.accuracy.high] if quality else []}, dtype="float64")

    return Watch(production_rule(settings.production_bound), ask, channels, settings.alert_home)
