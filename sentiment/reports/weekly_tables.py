"""The tables of the weekly report, from the records of a period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models import LABELS
from sentiment.reports.weekly_records import low_confidence
from sentiment.reports.weekly_shares import Share
from sentiment.review.spreadsheet import escape_formula

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sentiment.reports.span import Span
    from sentiment.reports.weekly_records import Records
    from sentiment.reports.weekly_shares import Measure

NO_LABEL = "not said"
_MOST_MISTAKES = 8
_MODEL_COLUMNS = ["model", "predictions", "right", "wrong", "wrong_share", "low", "high"]


def tabulate_trend(measures: Iterable[Measure]) -> pd.DataFrame:
    """Return one row per headline figure: both periods, their intervals, the verdict."""
    return pd.DataFrame([_trend_row(measure) for measure in measures])


def _trend_row(measure: Measure) -> dict[str, object]:
    (low, high), (low_before, high_before) = measure.now_interval, measure.before_interval
    bounds = {"low": low, "high": high, "before_low": low_before, "before_high": high_before}
    values = {"measure": measure.title, "now": measure.now, "before": measure.before}
    return {**values, **bounds, "verdict": measure.verdict}


def tabulate_windows(span: Span, records: Records, period: str) -> pd.DataFrame:
    """Return one row per window with its counts of requests, predictions by label, and feedback."""
    columns: dict[str, NDArray[np.float64]] = {
        "right": _per_window(span, records.good_predictions),
        "wrong": _per_window(span, records.bad_predictions),
        "requests": _per_window(span, records.requests, records.requests["requests"]),
        **{label: _per_window(span, records.label_mix, records.label_mix[label]) for label in LABELS},
        "predictions": _per_window(span, records.confidence, records.confidence["predictions"]),
        "low_confidence": _per_window(span, records.confidence, low_confidence(records.confidence)),
    }
    counts = pd.DataFrame(columns).astype("int64")
    counts.insert(0, "start", pd.to_datetime(span.starts, utc=True))
    counts.insert(0, "period", period)
    return counts


def _per_window(span: Span, frame: pd.DataFrame, weights: pd.Series | None = None) -> NDArray[np.float64]:
    numbers = (frame["timestamp"] - span.start) // span.window
    positions = numbers.clip(0, len(span.starts) - 1).to_numpy(dtype="int64")
    weight = np.ones(len(frame)) if weights is None else weights.to_numpy(dtype="float64", na_value=0)
    return np.bincount(positions, weights=weight, minlength=len(span.starts)).astype(np.float64)


def tabulate_models(records: Records) -> pd.DataFrame:
    """Return one row per model: its predictions, its feedback, and the share of wrong feedback."""
    right = records.good_predictions["model"].value_counts()
    wrong = records.bad_predictions["model"].value_counts()
    predictions = records.feedback_rate.set_index("model")["predictions"]
    rows = []
    for model in sorted({*right.index, *wrong.index, *predictions[predictions > 0].index}):
        share = Share(int(wrong.get(model, 0)), int(wrong.get(model, 0) + right.get(model, 0)))
        counts = (int(predictions.get(model, 0)), share.whole - share.part, share.part)
        rows.append((model, *counts, share.value, *share.interval))
    return pd.DataFrame(rows, columns=_MODEL_COLUMNS)


def tabulate_confusion(records: Records) -> pd.DataFrame:
    """Return the labels that people gave (columns) for each predicted label (rows).

    The diagonal counts the predictions that people called right.
    """
    bad = records.bad_predictions
    given = bad["feedback_label"].where(bad["feedback_label"].isin(LABELS), NO_LABEL)
    table = pd.crosstab(bad["predicted_label"].to_numpy(dtype=object), given.to_numpy(dtype=object))
    table = table.reindex(index=list(LABELS), columns=[*LABELS, NO_LABEL], fill_value=0)
    right = records.good_predictions["predicted_label"].value_counts()
    for label in LABELS:
        table.loc[label, label] += int(right.get(label, 0))
    return table.rename_axis(index="predicted", columns=None).reset_index()


def surest_mistakes(records: Records) -> pd.DataFrame:
    """Return the wrong predictions with the highest scores, each tweet once."""
    bad = records.bad_predictions.sort_values(
        ["score", "timestamp", "feedback_id"], ascending=[False, True, True], kind="stable"
    )
    return bad.drop_duplicates("tweet_text").head(_MOST_MISTAKES).reset_index(drop=True)


def to_csv(table: pd.DataFrame) -> str:
    """Return a table as CSV for people; a spreadsheet runs none of its texts as a formula."""
    texts = table.select_dtypes(["string", "object"]).columns
    safe = table.assign(**{name: table[name].map(_escape) for name in texts})
    return str(safe.to_csv(index=False, lineterminator="\n"))


def _escape(cell: object) -> object:
    return escape_formula(cell) if isinstance(cell, str) else cell


def count_word_tweets(records: Records) -> pd.DataFrame:
    """Return how many different tweets the words were counted in, wrong and right ones apart."""
    frames = {"wrong": records.bad_predictions, "right": records.good_predictions}
    return pd.DataFrame(
        {"said": list(frames), "tweets": [frame["tweet_text"].nunique() for frame in frames.values()]}
    )
