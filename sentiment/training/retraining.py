"""When to train again: new validated rows or an alert since the last attempt."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from sentiment.training import versions

if TYPE_CHECKING:
    from collections.abc import Mapping

Trigger = Literal["manual", "schedule", "rows", "alert"]


def last_attempt(champion: Mapping[str, str]) -> Mapping[str, str]:
    """Return the tags of the last training that counts: the champion's or a later retraining's.

    Whatever the gate decided on it.

    Raises:
        TrackingError: MLflow does not answer.
    """
    attempts = [version.tags for version in versions.find_versions() if "trigger" in version.tags]
    return max([champion, *attempts], key=lambda tags: tags.get("trained_at", ""))


def too_few_rows(rows: int, least: int, last: Mapping[str, str]) -> str:
    """Return why the validated rows are no reason to train, or an empty string if they are.

    >>> too_few_rows(120, 100, {"feedback_rows": "90"})
    '30 validated rows are new, 100 are asked for'
    """
    new = rows - int(last.get("feedback_rows", "0"))
    return "" if new >= least else f"{new} validated rows are new, {least} are asked for"


def no_alert(fired: datetime | None, last: Mapping[str, str]) -> str:
    """Return why an alert that fired then, or never, is no reason to train, or an empty string."""
    began = last.get("started_at") or last.get("trained_at")
    if not fired or (began and fired <= datetime.fromisoformat(began)):
        return f"the alert has not fired since the last training began ({began or 'unknown when'})"
    return ""
