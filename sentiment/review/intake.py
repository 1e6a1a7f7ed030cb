"""Reports for review from the logs and the inbox: complaints and samples, checked and masked.

Pure functions of frames. The inbox is the source, the logs may lack rows. Texts are masked, so that
neither annotators nor Git see a name.

Whoever may write to the logs may invent rows, so each row is checked: its feedback id follows from
its prediction id, its score is possible, and, where the signing key is at hand, we issued the
prediction id for the row's label, score and model. That a complaint's text is the predicted one
cannot be checked: the id vouches for the text as it was sent, and the logs hold it masked. A
sample's text is sealed (`samples.py`).
"""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from models import LABELS
from sentiment.errors import PredictionIdError
from sentiment.feedback.feedback import feedback_id_of
from sentiment.masking import mask
from sentiment.review.items import Origin, Report
from sentiment.review.samples import best_of_each, is_audit, is_honest, probability_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from sentiment.data.validated_row import Drawn
    from sentiment.feedback.prediction_ids import PredictionSigner

_LONGEST_MODEL = 200
_WHY_LEFT_OUT = (
    "lack something, claim a draw that was not, or their service has another signing key: left out; "
    "check SENTIMENT_SIGNING_KEY"
)
_logger = logging.getLogger("sentiment.intake")


def reports_of_feedback(
    logged: pd.DataFrame, inbox: pd.DataFrame, signer: PredictionSigner | None = None
) -> list[Report]:
    """Return one report per prediction that a person called wrong, oldest first.

    Args:
        logged: The rows of the query `bad_predictions`.
        inbox: What `read_inbox` returns; of a feedback in both, this row counts, since it has the
            source.
        signer: Checks the prediction ids of the logs; the service checked the inbox's.
    """
    reports = {row["feedback_id"]: _from_log(row, "feedback") for row in _usable(_rows(logged), signer)}
    reports |= {row["feedback_id"]: _from_inbox(row) for row in _rows(inbox) if not row["correct"]}
    return sorted(reports.values(), key=lambda report: (report.received_at, report.feedback_id))


def reports_of_samples(sampled: pd.DataFrame, signer: PredictionSigner | None = None) -> list[Report]:
    """Return one report per sampled prediction, oldest first, whatever people said of it.

    Args:
        sampled: The rows of the query `sampled_predictions`.
        signer: Checks the prediction ids and how each was drawn.
    """
    rows = [
        row | {"feedback_id": feedback_id_of(row["prediction_id"]), "timestamp": row["TimeGenerated"]}
        for row in _rows(sampled)
    ]
    usable = _usable(rows, signer, also=is_honest)
    reports = [_from_sample(row) for row in best_of_each(usable)]
    return sorted(reports, key=lambda report: (report.received_at, report.feedback_id))


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return list(frame.astype(object).where(frame.notna(), None).to_dict("records"))


def _usable(
    rows: list[dict[str, Any]],
    signer: PredictionSigner | None,
    also: Callable[[dict[str, Any], PredictionSigner | None], bool] = lambda row, signer: True,
) -> list[dict[str, Any]]:
    usable = [row for row in rows if _is_usable(row, signer) and also(row, signer)]
    if len(usable) < len(rows):
        _logger.warning("%d of %d rows of the logs %s", len(rows) - len(usable), len(rows), _WHY_LEFT_OUT)
    return usable


def _is_usable(row: dict[str, Any], signer: PredictionSigner | None) -> bool:
    """Return whether a row of the logs is complete, possible, and issued by us."""
    if not (row["timestamp"] and row["tweet_text"] and row["prediction_id"] and row["score"] is not None):
        return False
    has_labels = row["predicted_label"] in LABELS and row.get("feedback_label") in (None, "", *LABELS)
    can_be = 0 <= row["score"] <= 1 and len(row["model"] or "") <= _LONGEST_MODEL
    has_its_id = row["feedback_id"] == feedback_id_of(row["prediction_id"])
    return has_labels and can_be and has_its_id and (signer is None or _is_ours(row, signer))


def _is_ours(row: dict[str, Any], signer: PredictionSigner) -> bool:
    """Return whether we issued the prediction id for the row's label, score and model, ever.

    Its age does not matter, since a report may wait for longer than an id is valid.
    """
    try:
        signed = signer.read(row["prediction_id"])
    except PredictionIdError:
        return False
    return (signed.label, signed.model) == (row["predicted_label"], row["model"]) and math.isclose(
        signed.score, row["score"], abs_tol=1e-6
    )


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
        received_at=row["timestamp"].to_pydatetime(),
    )


def _from_sample(row: dict[str, Any]) -> Report:
    """Return the report of a record; how it was drawn is unknown in those from before 0.2.0."""
    origin: Origin = row["reason"] if row["reason"] in get_args(Origin) else "random"
    probability = probability_of(row)
    drawn: Drawn = "audit" if is_audit(row) else "complaint" if probability is None else "uncertain"
    return replace(_from_log(row, origin), drawn=drawn, probability=probability)


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
