"""The predictions of the logs that are a uniform sample of production."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.drift.week import Prediction
from sentiment.feedback.draws import audit_number
from sentiment.review.samples import best_of_each, is_audit, is_honest

if TYPE_CHECKING:
    import pandas as pd

    from sentiment.feedback.prediction_ids import PredictionSigner


def drawn_at_random(samples: pd.DataFrame, signer: PredictionSigner | None = None) -> list[Prediction]:
    """Return the predictions of the query `sampled_predictions` that were drawn for the audit.

    All kinds of predictions are equally frequent among them: where some were drawn with a higher
    probability than others, only those stay that the lowest probability would have drawn, too.
    Records that cannot be true, or that the signer did not seal, are left out.
    """
    records = [{str(key): value for key, value in row.items()} for row in samples.to_dict("records")]
    rows = [row for row in best_of_each(records) if is_audit(row) and is_honest(row, signer)]
    least = min((float(row["probability"]) for row in rows), default=0.0)
    return [
        Prediction(
            row["TimeGenerated"].to_pydatetime(),
            row["tweet_text"],
            row["predicted_label"],
            row["score"],
            row["model"],
        )
        for row in rows
        if audit_number(row["prediction_id"]) < least
    ]
