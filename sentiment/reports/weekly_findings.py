"""The findings of the weekly report: a headline and a sentence per topic, as plain text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.reports.weekly_production import production_words
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
from sentiment.reports.weekly_tables import NO_LABEL
from sentiment.reports.weekly_words import telling_words
from sentiment.reports.wording import counted, moment, percent, short_model

if TYPE_CHECKING:
    from sentiment.reports.span import Span
    from sentiment.reports.weekly_report import Weekly

_LATE_START = 0.1  # of the period before
_MOST_NAMED = 8


@dataclass(frozen=True)
class Finding:
    """The headline of a topic, which its picture shows too, and the text below it."""

    headline: str
    text: str = ""


def find(weekly: Weekly) -> dict[str, Finding]:
    """Return the findings by topic, in the order of the page; none for an empty period."""
    if weekly.is_empty:
        return {}
    return {
        "production": Finding(*production_words(weekly.production)),
        "feedback": _feedback(weekly),
        "mistakes": _mistakes(weekly),
        "words": _words(weekly),
        "models": _models(weekly),
        "service": _service(weekly),
        "confidence": _confidence(weekly),
        "alerts": _alerts(weekly),
    }


def say_empty(span: Span) -> str:
    """Return the sentence for a period without any record."""
    return (
        f"Nothing was recorded from {moment(span.start)} to {moment(span.end)}: no request and no feedback."
    )


def caveats(weekly: Weekly) -> list[str]:
    """Return why the comparison with the period before is unfair; empty where it is fair."""
    before, first = weekly.span.before, weekly.first_record_before
    if first is None:
        period = f"from {moment(before.start)} to {moment(before.end)}"
        return [f"The logs hold nothing {period}, so there is no trend."]
    if first - before.start > _LATE_START * (before.end - before.start):
        begin = f"The logs of the period before begin only on {moment(first)}"
        return [f"{begin}: its counts cover less time than these."]
    return []


def _feedback(weekly: Weekly) -> Finding:
    total, share = weekly.measures["feedback"].now, weekly.measures["bad_share"]
    wrong = weekly.measures["bad_predictions"].now
    if not total:
        return Finding("No feedback in this period", "Nobody said whether a prediction was right or wrong.")
    now, before = percent(share.now), percent(share.before)
    few = f"{wrong:,.0f} of {counted(total, 'feedback')} {'says' if wrong == 1 else 'say'} wrong"
    alone = f"{now} of the feedback says wrong" if total >= ENOUGH else few
    headlines = {
        HIGHER: f"More of the feedback says wrong: {now}, after {before}",
        LOWER: f"Less of the feedback says wrong: {now}, after {before}",
        UNCLEAR: f"{now} of the feedback says wrong: no clear change from {before}",
        TOO_FEW: f"{few}: too few to tell a trend",
        NOTHING_BEFORE: f"{alone}; nothing before to compare",
    }
    text = f"{few}, a share {_between(share.now_interval)}."
    if before_total := weekly.measures["feedback"].before:
        wrong_before = weekly.measures["bad_predictions"].before
        counts = f"{wrong_before:,.0f} of {before_total:,.0f}"
        text += f" In the period before it was {counts}, {_between(share.before_interval)}."
    text += " People answer as they please, so this is no measure of accuracy."
    return Finding(headlines[share.verdict], text)


def _between(interval: tuple[float, float]) -> str:
    low, high = interval
    return f"between {percent(low)} and {percent(high)}"


def _mistakes(weekly: Weekly) -> Finding:
    table = weekly.tables["confusion"].set_index("predicted")
    pairs = [
        (int(table.loc[predicted, given]), predicted, given)
        for predicted in LABELS
        for given in LABELS
        if predicted != given
    ]
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
    (most, predicted, given), (second, other_predicted, other_given) = pairs[:2]
    rest = f" {counted(unnamed, 'bad prediction')} came without the right label." if unnamed else ""
    if named < ENOUGH:
        return Finding(
            f"{counted(named, 'mistake')} with the right label named: too few for a pattern", rest.strip()
        )
    text = f"Next comes {other_predicted} where people say {other_given}, with {second:,}.{rest}"
    if compare_shares(Share(most, named), Share(second, named)) != HIGHER:
        text += " The lead of the first over the second may be chance."
    pair = f"Most often the model says {predicted} where people say {given}"
    return Finding(f"{pair}: {most:,} of {counted(named, 'mistake')}", text)


def _words(weekly: Weekly) -> Finding:
    words = weekly.tables["words"]
    tweets = weekly.tables["word_tweets"].set_index("said")["tweets"]
    if not len(words):
        return Finding("No word stands in two of the tweets predicted wrong")
    text = (
        f"Compared are {counted(len(words), 'word')} of {counted(tweets['wrong'], 'tweet')} predicted "
        f"wrong with {counted(tweets['right'], 'tweet')} predicted right; common English words are left out. "
        f"Of so many words, one may look special by chance."
    )
    if tweets.min() < ENOUGH:
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
    text = (
        "They answered other tweets at other times, so this is a hint, not a test: "
        "the gate of flows/promote.py compares on the same texts."
    )
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
        parts.insert(1, f"95% of predictions within {p95.now_text}")
    sentences = [*_latency_sentences(weekly), *_error_sentences(measures["server_error_share"])]
    return Finding("; ".join(parts), " ".join(sentences))


def _latency_sentences(weekly: Weekly) -> list[str]:
    p50, p95, p99 = (weekly.measures[f"latency_ms_{key}"] for key in ("p50", "p95", "p99"))
    if math.isnan(p95.now):
        return []
    sentences = [
        f"Half of the predictions took {p50.now_text} or less, one in a hundred more than {p99.now_text}."
    ]
    if p95.verdict in (HIGHER, LOWER):
        sentences.append(f"The 95th percentile is clearly {p95.verdict} than before ({p95.before_text}).")
    elif p95.verdict == UNCLEAR:
        sentences.append(f"The 95th percentile was {p95.before_text} before: no clear change.")
    return sentences


def _error_sentences(share: Measure) -> list[str]:
    if share.verdict not in (HIGHER, LOWER):
        return []
    shares = f"{percent(share.now)}, after {percent(share.before)}"
    return [f"A {share.verdict} share of requests failed than before: {shares}."]


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
        headlines[share.verdict], f"Of the texts, it called {mix}. Its mean confidence is {score.now_text}."
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
