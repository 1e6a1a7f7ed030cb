"""What the logs of a period say, as tables and headline figures: frames in, frames out.

Asking for the frames is `flows/analyse`'s work.

The sentences are in `weekly_findings`, the pictures in `weekly_pictures`, the page in
`weekly_page`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models import LABELS
from sentiment.reports.weekly_shares import Measure, Share, latency_measure, share_measure
from sentiment.reports.weekly_words import compare_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sentiment.supervision.alert_rule import Episode

NO_LABEL = "not said"
_PERCENTILES = ("p50", "p95", "p99")
_MOST_MISTAKES = 8
_SERVER_ERROR = 500
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    """Whole days from `start` up to but not including `end`, both UTC and on the hour, as the logs are counted by the hour."""

    start: datetime
    end: datetime

    @classmethod
    def ending(cls, end: datetime, days: int) -> Span:
        """Return so many days up to `end`, rounded up to the full hour."""
        hours = -((_EPOCH - end) // _HOUR)
        return cls(_EPOCH + hours * _HOUR - days * _DAY, _EPOCH + hours * _HOUR)

    @property
    def days(self) -> int:
        """Its length."""
        return (self.end - self.start).days

    @property
    def before(self) -> Span:
        """The span of the same length that ends where this one starts."""
        return Span(self.start - (self.end - self.start), self.start)

    @property
    def window(self) -> timedelta:
        """What the pictures show as one bar: a day, or an hour where the span is a day."""
        return _HOUR if self.days == 1 else _DAY

    @property
    def starts(self) -> list[datetime]:
        """The start of each window."""
        return [self.start + number * self.window for number in range((self.end - self.start) // self.window)]

    def holds(self, moments: pd.Series) -> pd.Series:
        """Return which moments lie in the span."""
        return moments.between(self.start, self.end, inclusive="left")


@dataclass(frozen=True)
class Records:
    """What the logs hold of one span: the answers to the queries of the same names, hourly where they go by steps.

    `latency_steps` is `latency` in steps, for the picture; `latency` itself is one row for the
    whole span, because percentiles do not add up.
    """

    bad_predictions: pd.DataFrame
    good_predictions: pd.DataFrame
    requests: pd.DataFrame
    label_mix: pd.DataFrame
    confidence: pd.DataFrame
    latency: pd.DataFrame
    latency_steps: pd.DataFrame
    errors: pd.DataFrame
    feedback_rate: pd.DataFrame


@dataclass(frozen=True)
class Weekly:
    """The report as values.

    `measures` are the headline figures by key, `tables` the frames by name, `alerts` the newest
    first.
    """

    span: Span
    measures: Mapping[str, Measure]
    tables: Mapping[str, pd.DataFrame]
    alerts: tuple[Episode, ...]
    first_record_before: datetime | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was recorded in the period."""
        return not (self.measures["requests"].now or self.measures["feedback"].now)

    @property
    def metrics(self) -> dict[str, float]:
        """The headline figures for MLflow, those of the period before with the suffix `_before`, without what is not a number."""
        pairs = [
            (m.key + suffix, value)
            for m in self.measures.values()
            for suffix, value in (("", m.now), ("_before", m.before))
        ]
        return {key: float(value) for key, value in pairs if math.isfinite(value)}


def analyse(span: Span, now: Records, before: Records, episodes: Sequence[Episode]) -> Weekly:
    """Return the report of a span against the one before it; `episodes` are the alert's firings in both."""
    here = [e for e in episodes if e.fired < span.end and (e.resolved is None or e.resolved >= span.start)]
    measures = {
        measure.key: measure
        for measure in (*_volumes(now, before), *_shares(now, before), *_times(now, before))
    }
    fired, fired_before = (
        sum(part.start <= e.fired < part.end for e in episodes) for part in (span, span.before)
    )
    measures["alerts"] = Measure("alerts", "Alerts fired", "count", fired, fired_before)
    tables = {
        "trend": pd.DataFrame([_as_row(measure) for measure in measures.values()]),
        "by_window": pd.concat(
            [_by_window(span.before, before, "before"), _by_window(span, now, "this")], ignore_index=True
        ),
        "models": _models(now),
        "confusion": _confusion(now),
        "words": compare_words(now.bad_predictions["tweet_text"], now.good_predictions["tweet_text"]),
        "word_tweets": _word_tweets(now),
        "mistakes": _mistakes(now),
        "latency": now.latency_steps,
        "errors": now.errors,
        "alerts": pd.DataFrame([asdict(e) for e in here], columns=["fired", "resolved", "most"]),
    }
    return Weekly(span, measures, tables, tuple(here), _first_record(before))


def split_feedback(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Return the rows of a span, each feedback once, oldest first; of two rows with the same id the older counts."""
    rows = frame[span.holds(frame["timestamp"])].sort_values(["timestamp", "feedback_id"], kind="stable")
    return rows.drop_duplicates("feedback_id").reset_index(drop=True)


def _volumes(now: Records, before: Records) -> list[Measure]:
    titles = {
        "requests": "Requests",
        "predictions": "Texts predicted",
        "feedback": "Feedback",
        "bad_predictions": "Bad predictions",
    }
    return [
        Measure(key, title, "count", _count(now)[key], _count(before)[key]) for key, title in titles.items()
    ]


def _count(records: Records) -> dict[str, int]:
    bad = len(records.bad_predictions)
    return {
        "requests": int(records.requests["requests"].sum()),
        "predictions": int(records.confidence["predictions"].sum()),
        "feedback": bad + len(records.good_predictions),
        "bad_predictions": bad,
        "low_confidence": int(_low_confidence(records.confidence).sum()),
        "refused": int(records.errors.loc[_status(records.errors) < _SERVER_ERROR, "requests"].sum()),
        "server_errors": int(records.errors.loc[_status(records.errors) >= _SERVER_ERROR, "requests"].sum()),
    }


def _shares(now: Records, before: Records) -> list[Measure]:
    wanted = {
        "bad_share": ("Feedback that says wrong", "bad_predictions", "feedback"),
        "feedback_share": ("Predictions with feedback", "feedback", "predictions"),
        "low_confidence_share": ("Predictions with low confidence", "low_confidence", "predictions"),
        "refused_share": ("Requests refused (4xx)", "refused", "requests"),
        "server_error_share": ("Requests failed (5xx)", "server_errors", "requests"),
    }
    counts, counts_before = _count(now), _count(before)
    return [
        share_measure(key, title, _share(counts, part, whole), _share(counts_before, part, whole))
        for key, (title, part, whole) in wanted.items()
    ]


def _share(counts: Mapping[str, int], part: str, whole: str) -> Share:
    """Return a share of two counts; people may still answer predictions of the period before, so the part can be the larger."""
    return Share(min(counts[part], counts[whole]), counts[whole])


def _times(now: Records, before: Records) -> list[Measure]:
    answers = [min(_count(records)["requests"], _count(records)["predictions"]) for records in (now, before)]
    measures = []
    for key in _PERCENTILES:
        both = (_only(now.latency, key), _only(before.latency, key))
        measures.append(
            latency_measure(f"latency_ms_{key}", f"Response time {key}", both, (answers[0], answers[1]))
        )
    return [
        *measures,
        Measure(
            "mean_score",
            "Mean confidence",
            "score",
            _mean_score(now.confidence),
            _mean_score(before.confidence),
        ),
    ]


def _only(frame: pd.DataFrame, column: str) -> float:
    return float(frame[column].iloc[0]) if len(frame) else math.nan


def _mean_score(confidence: pd.DataFrame) -> float:
    predictions = int(confidence["predictions"].sum())
    return (
        float((confidence["mean_score"] * confidence["predictions"]).sum() / predictions)
        if predictions
        else math.nan
    )


def _low_confidence(confidence: pd.DataFrame) -> pd.Series:
    return (confidence["low_confidence_share"] * confidence["predictions"]).round().fillna(0)


def _status(errors: pd.DataFrame) -> pd.Series:
    return pd.to_numeric(errors["status"], errors="coerce").fillna(_SERVER_ERROR)


def _as_row(measure: Measure) -> dict[str, object]:
    (low, high), (low_before, high_before) = measure.now_interval, measure.before_interval
    bounds = {"low": low, "high": high, "before_low": low_before, "before_high": high_before}
    return {
        "measure": measure.title,
        "now": measure.now,
        "before": measure.before,
        **bounds,
        "verdict": measure.verdict,
    }


def _by_window(span: Span, records: Records, period: str) -> pd.DataFrame:
    """Return one row per window: what was asked, what was answered, what people said."""
    columns: dict[str, NDArray[np.float64]] = {
        "right": _per_window(span, records.good_predictions),
        "wrong": _per_window(span, records.bad_predictions),
        "requests": _per_window(span, records.requests, records.requests["requests"]),
        **{label: _per_window(span, records.label_mix, records.label_mix[label]) for label in LABELS},
        "predictions": _per_window(span, records.confidence, records.confidence["predictions"]),
        "low_confidence": _per_window(span, records.confidence, _low_confidence(records.confidence)),
    }
    counts = pd.DataFrame(columns).astype("int64")
    counts.insert(0, "start", pd.to_datetime(span.starts, utc=True))
    counts.insert(0, "period", period)
    return counts


def _per_window(span: Span, frame: pd.DataFrame, weights: pd.Series | None = None) -> NDArray[np.float64]:
    numbers = (
        ((frame["timestamp"] - span.start) // span.window)
        .clip(0, len(span.starts) - 1)
        .to_numpy(dtype="int64")
    )
    weight = np.ones(len(frame)) if weights is None else weights.to_numpy(dtype="float64", na_value=0)
    return np.bincount(numbers, weights=weight, minlength=len(span.starts)).astype(np.float64)


def _models(records: Records) -> pd.DataFrame:
    """Return a row per model: how often it was asked, how often people called it right or wrong, and the share of wrong."""
    right, wrong = (
        records.good_predictions["model"].value_counts(),
        records.bad_predictions["model"].value_counts(),
    )
    asked = records.feedback_rate.set_index("model")["predictions"]
    rows = []
    for model in sorted({*right.index, *wrong.index, *asked[asked > 0].index}):
        share = Share(int(wrong.get(model, 0)), int(wrong.get(model, 0) + right.get(model, 0)))
        rows.append(
            (
                model,
                int(asked.get(model, 0)),
                share.whole - share.part,
                share.part,
                share.value,
                *share.interval,
            )
        )
    return pd.DataFrame(
        rows, columns=["model", "predictions", "right", "wrong", "wrong_share", "low", "high"]
    )


def _confusion(records: Records) -> pd.DataFrame:
    """Return what people said (columns) of each predicted label (rows); the diagonal are the predictions that they called right."""
    bad = records.bad_predictions
    said = bad["feedback_label"].where(bad["feedback_label"].isin(LABELS), NO_LABEL)
    table = pd.crosstab(bad["predicted_label"].to_numpy(dtype=object), said.to_numpy(dtype=object))
    table = table.reindex(index=list(LABELS), columns=[*LABELS, NO_LABEL], fill_value=0)
    right = records.good_predictions["predicted_label"].value_counts()
    for label in LABELS:
        table.loc[label, label] += int(right.get(label, 0))
    return table.rename_axis(index="predicted", columns=None).reset_index()


def _mistakes(records: Records) -> pd.DataFrame:
    """Return the wrong predictions of which the model was surest, each tweet once."""
    bad = records.bad_predictions.sort_values(
        ["score", "timestamp", "feedback_id"], ascending=[False, True, True], kind="stable"
    )
    return bad.drop_duplicates("tweet_text").head(_MOST_MISTAKES).reset_index(drop=True)


def _first_record(records: Records) -> datetime | None:
    frames = (records.requests, records.bad_predictions, records.good_predictions)
    firsts = [frame["timestamp"].min().to_pydatetime() for frame in frames if len(frame)]
    return min(firsts, default=None)


def _word_tweets(records: Records) -> pd.DataFrame:
    """Return how many different tweets the words were counted in."""
    frames = {"wrong": records.bad_predictions, "right": records.good_predictions}
    return pd.DataFrame(
        {"said": list(frames), "tweets": [frame["tweet_text"].nunique() for frame in frames.values()]}
    )
