"""When to train again, and which validated rows are the exam of a new training.

Training again is for new validated rows, an alert or drift since the last attempt.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sentiment.training import versions

if TYPE_CHECKING:
    from collections.abc import Mapping


def last_attempt(champion: Mapping[str, str]) -> Mapping[str, str]:
    """Return the tags of the last training that counts: the champion's or a later retraining's.

    Whatever the gate decided on it.

    Raises:
        TrackingError: MLflow does not answer.
    """
    return max(champion, last_retraining(), key=_trained_at)


def last_retraining() -> Mapping[str, str]:
    """Return the tags of the version that a retraining registered last; none if there is none.

    Raises:
        TrackingError: MLflow does not answer.
    """
    retrained = (version.tags for version in versions.find_versions() if "trigger" in version.tags)
    return max(retrained, key=_trained_at, default={})


def exam_start(champion: Mapping[str, str], last: Mapping[str, str]) -> int:
    """Return the first validated row, from 0, whose audit tweets may be the exam of a new training.

    An exam belongs to one champion. Its rows become lessons when that champion is replaced, or when
    the exam is spent: so many of its tweets were judged without a promotion that no more may be
    asked of it. Rows that an earlier exam used are in no later one.

    Args:
        champion: Tags of the champion; `feedback_rows` is how many rows there were at its training.
        last: Tags of the last retraining: `exam_from`, where its exam began, and `exam_spent`.

    >>> exam_start({"feedback_rows": "300"}, {"feedback_rows": "500", "exam_from": "300"})
    300
    >>> exam_start(
    ...     {"feedback_rows": "300"},
    ...     {"feedback_rows": "500", "exam_from": "300", "exam_spent": "true"},
    ... )
    500
    """
    is_spent = last.get("exam_spent") == "true"
    of_last = last.get("feedback_rows" if is_spent else "exam_from", "0")
    return max(int(champion.get("feedback_rows", "0")), int(of_last))


def _trained_at(tags: Mapping[str, str]) -> str:
    return tags.get("trained_at", "")


def too_few_rows(rows: int, least: int, last: Mapping[str, str]) -> str:
    """Return why the validated rows are no reason to train, or an empty string if they are.

    >>> too_few_rows(120, 100, {"feedback_rows": "90"})
    '30 validated rows are new, 100 are asked for'
    """
    new = rows - int(last.get("feedback_rows", "0"))
    return "" if new >= least else f"{new} validated rows are new, {least} are asked for"


def no_alert(fired: datetime | None, last: Mapping[str, str]) -> str:
    """Return why an alert that fired then, or never, is no reason to train, or an empty string."""
    since = _not_since(fired, last)
    return f"the alert has not fired since the last training began ({since})" if since else ""


def no_drift(found: datetime | None, rows: int, last: Mapping[str, str]) -> str:
    """Return why drift that was found then, or never, is no reason to train, or an empty string.

    Without validated rows that are new it is none, since there would be nothing new to learn.

    >>> no_drift(datetime.fromisoformat("2026-11-23T06:30+00:00"), 90, {"feedback_rows": "90"})
    'drift was found, but no validated row is new to learn from: review the audit tweets first'
    """
    since = _not_since(found, last)
    if since:
        return f"no drift was found since the last training began ({since})"
    if too_few_rows(rows, 1, last):
        return "drift was found, but no validated row is new to learn from: review the audit tweets first"
    return ""


def _not_since(moment: datetime | None, last: Mapping[str, str]) -> str:
    """Return when the last training began if that was not before the moment, else nothing."""
    began = last.get("started_at") or last.get("trained_at")
    is_since = moment and not (began and moment <= datetime.fromisoformat(began))
    return "" if is_since else began or "unknown when"
