"""The audited predictions: of the review queue, and of the dataset what the queue has not."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.data.audited import AuditedPrediction
from sentiment.data.validated_feedback import read_validated
from sentiment.errors import PredictionIdError
from sentiment.feedback.prediction_ids import stated_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sentiment.config import Settings
    from sentiment.data.audited import State
    from sentiment.data.validated_row import ValidatedRow
    from sentiment.review.items import AuditDraw


def read_audited(settings: Settings) -> list[AuditedPrediction]:
    """Return every audited prediction that this installation knows, in no particular order.

    Raises:
        DataError: The dataset of validated feedback does not match its manifest.
        ReviewError: The review queue cannot be asked.
    """
    from sentiment.review.queue import ReviewQueue  # here, because few who load this ask for it

    with ReviewQueue.from_settings(settings) as queue:
        audited = audited_draws(queue.audit_states())
    return list((audited | audited_rows(read_validated(settings.validated_path))).values())


def audited_draws(
    draws: Iterable[tuple[AuditDraw, State, str | None]],
) -> dict[str, AuditedPrediction]:
    """Return the queue's audit by feedback id, without draws whose prediction id tells nothing."""
    audited = {}
    for draw, state, label in draws:
        with suppress(PredictionIdError):
            audited[draw.feedback_id] = _of_draw(draw, state, label)
    return audited


def audited_rows(rows: Iterable[ValidatedRow]) -> dict[str, AuditedPrediction]:
    """Return the audit rows of a dataset by feedback id.

    Score and time of a prediction are in its id; of a row whose id holds none, the score is not
    known, and its time is that of the label.
    """
    return {
        row.feedback_id: _of_row(row)
        for row in rows
        if row.drawn == "audit" and row.inclusion_weight is not None and row.predicted_label in LABELS
    }


def _of_draw(draw: AuditDraw, state: State, label: str | None) -> AuditedPrediction:
    stated, predicted_at = stated_in(draw.prediction_id)
    return AuditedPrediction(
        predicted=draw.predicted_label,
        score=stated.score,
        weight=1 / draw.probability,
        model=draw.model,
        predicted_at=predicted_at,
        state=state,
        label=label,
    )


def _of_row(row: ValidatedRow) -> AuditedPrediction:
    try:
        stated, predicted_at = stated_in(row.prediction_id)
        score = stated.score if 0 <= stated.score <= 1 else None
    except PredictionIdError:
        score, predicted_at = None, datetime.fromisoformat(row.validated_at)
    return AuditedPrediction(
        predicted=row.predicted_label,
        score=score,
        weight=row.inclusion_weight or 1.0,
        model=row.model,
        predicted_at=predicted_at,
        state="labelled",
        label=row.label,
    )
