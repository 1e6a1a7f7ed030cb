"""What the weekly report says in words: one headline and one sentence per topic, each true of its tables. No markup here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.reports.weekly_report import NO_LABEL
from sentiment.reports.weekly_shares import (
    ENOUGH,
    HIGHER,
    LOWER,
    NOTHING_BEFORE,
    TOO_FEW,
    UNCLEAR,
    Measure,
    Share,
    compare_shares,
)
from sentiment.reports.weekly_words import telling_words

if TYPE_CHECKING:
    from datetime import datetime

    from sentiment.reports.weekly_report import Span, Weekly

_LATE_START = 0.1  # of the period before
_VERSION = 16  # letters in a version of the BentoML store
_MOST_NAMED = 8
_WEEK = 7


@dataclass(frozen=True)
class Finding:
    """A topic's headline, which its picture carries too, and what is to be known besides."""

    headline: str
    text: str = ""


def find(weekly: Weekly) -> dict[str, Finding]:
    """Return the finding of each topic, in the order of the page; an empty period has none."""
    if weekly.is_empty:
        return {}
    return {
        "feedback": _feedback(weekly),
        "mistakes": _mistakes(weekly),
        "words": _words(weekly),
        "models": _models(weekly),
        "service": _service(weekly),
        "confidence": _confidence(weekly),
        "alerts": _alerts(weekly),
    }


def say_empty(span: Span) -> str:
    """Return what is said of a period without a record."""
    return (
        f"Nothing was recorded from {moment(span.start)} to {moment(span.end)}: no request and no feedback."
    )


def caveats(weekly: Weekly) -> list[str]:
    """Return what makes the comparison with the period before unfair, if anything does."""
    before, first = weekly.span.before, weekly.first_record_before
    if first is None:
        return [
            f"The logs hold nothing from {moment(before.start)} to {moment(before.end)}, so there is no trend."
        ]
    if first - before.start > _LATE_START * (before.end - before.start):
        return [
            f"The logs of the period before begin only on {moment(first)}: its counts cover less time than these."
        ]
    return []


def moment(when: datetime) -> str:
    """Return a moment for people: `16 Nov 2026, 15:00 UTC`."""
    return f"{when.day} {when:%b %Y, %H:%M} UTC"


def report_title(span: Span) -> str:
    """Return what a report of this length is called."""
    return "Weekly report" if span.days == _WEEK else f"Report on {counted(span.days, 'day')}"


def period_text(span: Span) -> str:
    """Return a span for people, by its days where it starts at midnight."""
    if span.start.hour:
        return f"{moment(span.start)} to {moment(span.end)}"
    last = span.end - (span.end - span.start) / span.days
    to = f" to {last.day} {last:%b %Y}" if span.days > 1 else ""
    return f"{span.start.day} {span.start:%b %Y}{to}"


def number(measure: Measure, *, before: bool = False) -> str:
    """Return a headline figure for people; a dash where there is none."""
    value = measure.before if before else measure.now
    if math.isnan(value):
        return "–"
    patterns = {
        "count": f"{value:,.0f}",
        "share": percent(value),
        "milliseconds": milliseconds(value),
        "score": f"{value:.2f}",
    }
    return patterns[measure.kind]


def percent(share: float) -> str:
    """Return a share in percent, with decimals where it is small.

    >>> percent(0.314), percent(0.042), percent(0.00042), percent(0)
    ('31%', '4.2%', '0.04%', '0%')
    """
    if math.isnan(share):
        return "–"
    decimals = sum(0 < share < bound for bound in (0.1, 0.01, 0.0001))
    return f"{share:.{decimals}%}"


def milliseconds(value: float) -> str:
    """Return a response time with as many digits as it deserves."""
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"  # noqa: PLR2004


def counted(count: float, one: str, many: str = "") -> str:
    """Return a count with its noun.

    >>> counted(1, "alert"), counted(1200, "alert")
    ('1 alert', '1,200 alerts')
    """
    return f"{count:,.0f} {one if count == 1 else many or one + 's'}"


def short_model(model: str) -> str:
    """Return a model's version without its name, cut where it is longer than those of the store."""
    version = model.rpartition(":")[2] or "unknown"
    return version if len(version) <= _VERSION else version[: _VERSION - 1] + "…"


def _feedback(weekly: Weekly) -> Finding:
    total, share = weekly.measures["feedback"].now, weekly.measures["bad_share"]
    wrong = weekly.measures["bad_predictions"].now
    if not total:
        return Finding("No feedback in this period", "Nobody said whether a prediction was right or wrong.")
    now, before = percent(share.now), percent(share.before)
    few = f"{wrong:,.0f} of {counted(total, 'feedback')} {'says' if wrong == 1 else 'say'} wrong"
    headlines = {
        HIGHER: f"More of the feedback says wrong: {now}, after {before}",
        LOWER: f"Less of the feedback says wrong: {now}, after {before}",
        UNCLEAR: f"{now} of the feedback says wrong: no clear change from {before}",
        TOO_FEW: f"{few}: too few to tell a trend",
        NOTHING_BEFORE: f"{f'{now} of the feedback says wrong' if total >= ENOUGH else few}; nothing before to compare",
    }
    (low, high), (low_before, high_before) = share.now_interval, share.before_interval
    text = f"{few}, a share between {percent(low)} and {percent(high)}."
    if weekly.measures["feedback"].before:
        counts = (
            f"{weekly.measures['bad_predictions'].before:,.0f} of {weekly.measures['feedback'].before:,.0f}"
        )
        text += f" In the period before it was {counts}, between {percent(low_before)} and {percent(high_before)}."
    return Finding(
        headlines[share.verdict], text + " People answer as they please, so this is no measure of accuracy."
    )


def _mistakes(weekly: Weekly) -> Finding:
    table = weekly.tables["confusion"].set_index("predicted")
    pairs = [(int(table.loc[p, said]), p, said) for p in LABELS for said in LABELS if p != said]
    pairs.sort(key=lambda pair: -pair[0])
    wrong, unnamed = int(weekly.measures["bad_predictions"].now), int(table[NO_LABEL].sum())
    named = wrong - unnamed
    if not wrong:
        return Finding("No prediction was called wrong")
    if not named:
        return Finding(
            f"{counted(wrong, 'prediction')} called wrong, none with the right label",
            "So there is no pattern to see.",
        )
    (most, predicted, said), (second, other_predicted, other_said) = pairs[:2]
    rest = f" {counted(unnamed, 'bad prediction')} came without the right label." if unnamed else ""
    if named < ENOUGH:
        return Finding(
            f"{counted(named, 'mistake')} with the right label named: too few for a pattern", rest.strip()
        )
    text = f"Next comes {other_predicted} where people say {other_said}, with {second:,}.{rest}"
    if compare_shares(Share(most, named), Share(second, named)) != HIGHER:
        text += " The lead of the first over the second may be chance."
    return Finding(
        f"Most often the model says {predicted} where people say {said}: {most:,} of {counted(named, 'mistake')}",
        text,
    )


def _words(weekly: Weekly) -> Finding:
    words = weekly.tables["words"]
    wrong = weekly.tables["word_tweets"].set_index("said")["tweets"]
    if not len(words):
        return Finding("No word stands in two of the tweets predicted wrong")
    text = (
        f"Compared are {counted(len(words), 'word')} of {counted(wrong['wrong'], 'tweet')} predicted wrong with "
        f"{counted(wrong['right'], 'tweet')} predicted right; common English words are left out. "
        f"Of so many words, one may look special by chance."
    )
    if wrong.min() < ENOUGH:
        return Finding(
            "The most frequent words of the mistakes; too few tweets to tell what is special", text
        )
    special = telling_words(words)
    if not len(special):
        return Finding("No word is clearly more frequent in the mistakes than in the rest", text)
    first = special.loc[(special["wrong_share"] - special["right_share"]).idxmax()]
    others = [word for word in special["word"] if word != first["word"]]
    if others:
        text = f"Clearly more frequent in the mistakes, too: {', '.join(others[:_MOST_NAMED])}. " + text
    shares = (
        f"in {percent(first['wrong_share'])} of the mistakes, {percent(first['right_share'])} of the rest"
    )
    return Finding(f"“{first['word']}” goes with mistakes: {shares}", text)


def _models(weekly: Weekly) -> Finding:
    table = weekly.tables["models"]
    table = table.assign(feedback=table["right"] + table["wrong"]).sort_values(
        ["feedback", "model"], ascending=[False, True]
    )
    if not len(table):
        return Finding("No model has answered")
    first = table.iloc[0]
    name = short_model(first["model"])
    if len(table) == 1:
        return Finding(f"One model was in use: {name}")
    second = table.iloc[1]
    other = short_model(second["model"])
    verdict = compare_shares(
        Share(first["wrong"], first["feedback"]), Share(second["wrong"], second["feedback"])
    )
    shares = f"{percent(first['wrong_share'])} against {percent(second['wrong_share'])} of"
    headlines = {
        HIGHER: f"{name} is called wrong more often than {other}: {shares} its feedback",
        LOWER: f"{name} is called wrong less often than {other}: {shares} its feedback",
        UNCLEAR: f"No clear difference between {name} and {other}: wrong in {shares} their feedback",
        TOO_FEW: f"Too little feedback to compare {name} with {other}",
    }
    text = "They answered other tweets at other times, so this is a hint, not a test: the gate of flows/promote.py compares on the same texts."
    return Finding(headlines[verdict], text)


def _service(weekly: Weekly) -> Finding:
    measures = weekly.measures
    if not measures["requests"].now:
        return Finding("No request in this period")
    failed = int(measures["server_error_share"].now * measures["requests"].now + 0.5)
    parts = [
        counted(measures["requests"].now, "request"),
        counted(failed, "server error") if failed else "no server error",
    ]
    p95 = measures["latency_ms_p95"]
    if not math.isnan(p95.now):
        parts.insert(1, f"95% of predictions within {number(p95)}")
    text = f"Half of the predictions took {number(measures['latency_ms_p50'])} or less, one in a hundred more than "
    text += f"{number(measures['latency_ms_p99'])}. "
    if math.isnan(p95.now):
        text = ""
    elif p95.verdict in (HIGHER, LOWER):
        text += f"The 95th percentile is clearly {p95.verdict} than before ({number(p95, before=True)}). "
    elif p95.verdict == UNCLEAR:
        text += f"The 95th percentile was {number(p95, before=True)} before: no clear change. "
    return Finding("; ".join(parts), (text + _errors(measures["server_error_share"])).strip())


def _errors(share: Measure) -> str:
    if share.verdict in (HIGHER, LOWER):
        return f"A {share.verdict} share of requests failed than before: {percent(share.now)}, after {percent(share.before)}."
    return ""


def _confidence(weekly: Weekly) -> Finding:
    share, score = weekly.measures["low_confidence_share"], weekly.measures["mean_score"]
    if math.isnan(share.now):
        return Finding("No prediction in this period")
    now, before = percent(share.now), percent(share.before)
    headlines = {
        HIGHER: f"The model is unsure more often: {now} of predictions, after {before}",
        LOWER: f"The model is unsure less often: {now} of predictions, after {before}",
        UNCLEAR: f"The model is unsure of {now} of predictions: no clear change from {before}",
        TOO_FEW: f"The model is unsure of {now} of predictions: too few to tell a trend",
        NOTHING_BEFORE: f"The model is unsure of {now} of predictions; nothing before to compare it with",
    }
    windows = weekly.tables["by_window"]
    labels = windows.loc[windows["period"] == "this", list(LABELS)].sum()
    mix = ", ".join(f"{percent(labels[label] / max(1, labels.sum()))} {label}" for label in LABELS)
    return Finding(
        headlines[share.verdict], f"Of the texts, it called {mix}. Its mean confidence is {number(score)}."
    )


def _alerts(weekly: Weekly) -> Finding:
    fired, before = weekly.measures["alerts"].now, weekly.measures["alerts"].before
    if not weekly.alerts:
        return Finding(
            "The alert did not fire", f"In the period before it fired {_times(before)}." if before else ""
        )
    since = f" (before: {before:,.0f})"
    open_now = sum(episode.resolved is None for episode in weekly.alerts)
    headline = f"The alert fired {_times(fired)}{since}" if fired else "An earlier alert was still open"
    return Finding(headline, "It had not been resolved by the end of the period." if open_now else "")


def _times(count: float) -> str:
    return "once" if count == 1 else counted(count, "time")
