"""The weekly report as values: what the logs of a period say, against the period before.

Its sentences are in `weekly_findings`, its pictures in `weekly_pictures`, its page in
`weekly_page`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sentiment.evaluation.production_periods import ProductionHistory
from sentiment.reports.weekly_measures import measure_period
from sentiment.reports.weekly_production import tabulate_production
from sentiment.reports.weekly_shares import Measure
from sentiment.reports.weekly_tables import (
    count_word_tweets,
    surest_mistakes,
    tabulate_confusion,
    tabulate_models,
    tabulate_trend,
    tabulate_windows,
)
from sentiment.reports.weekly_words import compare_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sentiment.reports.span import Span
    from sentiment.reports.weekly_records import Records
    from sentiment.supervision.alert_state import Episode

_NO_AUDIT = ProductionHistory(None, ())


@dataclass(frozen=True)
class Weekly:
    """A report: headline figures by key, tables by name, and its alerts, newest first.

    `production` is what the audit says, up to the end of the span.
    """

    span: Span
    measures: Mapping[str, Measure]
    tables: Mapping[str, pd.DataFrame]
    alerts: tuple[Episode, ...]
    first_record_before: datetime | None
    production: ProductionHistory = _NO_AUDIT

    @property
    def is_empty(self) -> bool:
        """Whether the period has neither a request nor a feedback."""
        return not (self.measures["requests"].now or self.measures["feedback"].now)

    @property
    def metrics(self) -> dict[str, float]:
        """The finite headline figures for MLflow; `_before` marks those of the period before."""
        pairs = [
            (measure.key + suffix, value)
            for measure in self.measures.values()
            for suffix, value in (("", measure.now), ("_before", measure.before))
        ]
        today = self.production.today
        if today and today.quality:
            quality = today.quality
            pairs += [("production_accuracy", quality.accuracy.value), ("production_labels", quality.labels)]
            pairs += [("production_f1_macro", quality.f1_macro.value)]
        return {key: float(value) for key, value in pairs if math.isfinite(value)}


def analyse(
    span: Span,
    now: Records,
    before: Records,
    episodes: Sequence[Episode],
    production: ProductionHistory = _NO_AUDIT,
) -> Weekly:
    """Return the report on a span against the span before; `episodes` are the alerts of both."""
    measures = measure_period(now, before)
    fired, fired_before = (
        sum(part.start <= episode.fired < part.end for episode in episodes) for part in (span, span.before)
    )
    measures["alerts"] = Measure("alerts", "Alerts fired", "count", fired, fired_before)
    alerts = tuple(episode for episode in episodes if _is_open_within(episode, span))
    tables = {
        "trend": tabulate_trend(measures.values()),
        "by_window": pd.concat(
            [tabulate_windows(span.before, before, "before"), tabulate_windows(span, now, "this")],
            ignore_index=True,
        ),
        "models": tabulate_models(now),
        "confusion": tabulate_confusion(now),
        "words": compare_words(now.bad_predictions["tweet_text"], now.good_predictions["tweet_text"]),
        "word_tweets": count_word_tweets(now),
        "mistakes": surest_mistakes(now),
        "latency": now.latency_steps,
        "errors": now.errors,
        "alerts": pd.DataFrame(
            [asdict(episode) for episode in alerts], columns=["fired", "resolved", "most"]
        ),
    }
    tables["production"] = tabulate_production(production)
    return Weekly(span, measures, tables, alerts, before.first, production)


def _is_open_within(episode: Episode, span: Span) -> bool:
    return episode.fired < span.end and (episode.resolved is None or episode.resolved >= span.start)
