"""What becomes a report for review: bad predictions and samples from the logs, and feedback of the inbox that the logs lost.

Pure functions of frames; the inbox is the source, the logs may lack rows. Texts are masked: annotators see nobody's name, and Git neither.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from models import LABELS
from sentiment.masking import mask
from sentiment.review_items import Report

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from sentiment.review_items import Origin


def reports_of_feedback(logged: pd.DataFrame, inbox: pd.DataFrame) -> list[Report]:
    """Return one report per prediction that somebody called wrong, oldest first.

    Args:
        logged: The rows of the query `bad_predictions`.
        inbox: What `Inbox.read` returns; where both have a feedback, this one counts, since it knows the source.
    """
    reports = {row["feedback_id"]: _from_log(row, "feedback") for row in _rows(logged) if _is_usable(row)}
    reports |= {row["feedback_id"]: _from_inbox(row) for row in _rows(inbox) if not row["correct"]}
    return sorted(reports.values(), key=lambda report: (report.received_at, report.feedback_id))


def reports_of_samples(sampled: pd.DataFrame, answered: Iterable[str] = ()) -> list[Report]:
    """Return one report per prediction of the query `sampled_predictions`, oldest first, but for those whose feedback id is `answered`."""
    known = set(answered)
    rows = [row | {"feedback_id": feedback_id_of(row["prediction_id"])} for row in _rows(sampled)]
    usable = (row for row in rows if row["feedback_id"] not in known and _is_usable(row))
    reports = {row["feedback_id"]: _from_log(row, "low confidence" if row["reason"] == "low confidence" else "random") for row in usable}
    return sorted(reports.values(), key=lambda report: (report.received_at, report.feedback_id))


def feedback_id_of(prediction_id: str) -> str:
    """Return the id that feedback on a prediction has or would have, so that a sample and feedback on it are one item."""
    return hashlib.sha256(prediction_id.encode()).hexdigest()[:32]


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return list(frame.astype(object).where(frame.notna(), None).to_dict("records"))


def _is_usable(row: dict[str, Any]) -> bool:
    """Whether a row of the logs says what it must: whoever may write there could have left anything out."""
    has_label = row["predicted_label"] in LABELS and row.get("feedback_label") in (None, "", *LABELS)
    return bool(has_label and row["tweet_text"] and row["prediction_id"] and row["score"] is not None)


def _from_log(row: dict[str, Any], origin: Origin) -> Report:
    return Report(
        feedback_id=row["feedback_id"],
        prediction_id=row["prediction_id"],
        text=mask(row["tweet_text"]),
        predicted_label=row["predicted_label"],
        feedback_label=row.get("feedback_label") or None,
        score=float(row["score"]),
        model=row["model"] or "unknown",
        origin=origin,
        source=None,
        received_at=row["TimeGenerated" if origin != "feedback" else "timestamp"].to_pydatetime(),
    )


def _from_inbox(row: dict[str, Any]) -> Report:
    return Report(
        feedback_id=row["feedback_id"],
        prediction_id=row["prediction_id"],
        text=mask(row["text"]),
        predicted_label=row["predicted_label"],
        feedback_label=row["label"],
        score=float(row["score"]),
        model=row["model"],
        origin="feedback",
        source=row.get("source"),
        received_at=row["received_at"].to_pydatetime(),
    )
