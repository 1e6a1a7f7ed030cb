"""The findings of the weekly report: a headline and a sentence per topic, as plain text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.reports.weekly_feedback import feedback_finding, mistakes_finding, words_finding
from sentiment.reports.weekly_finding import Finding, both_shares
from sentiment.reports.weekly_production import production_words
from sentiment.reports.weekly_shares import (
    HIGHER,
    LOWER,
    NOTHING_BEFORE,
    TOO_FEW,
    UNCLEAR,
    Measure,
    Share,
    compare_shares,
)
from sentiment.reports.wording import counted, label_name, moment, percent, say, short_model, whole

if TYPE_CHECKING:
    from sentiment.reports.span import Span
    from sentiment.reports.weekly_report import Weekly

_LATE_START = 0.1  # of the period before
_COMPARED_MODELS = {
    HIGHER: "{name} is called wrong more often than {other}: {share} against {other_share} of its feedback",
    LOWER: "{name} is called wrong less often than {other}: {share} against {other_share} of its feedback",
    UNCLEAR: "No clear difference between {name} and {other}: wrong in {share} against {other_share} of "
    "their feedback",
    TOO_FEW: "Too little feedback to compare {name} with {other}",
}
_UNSURE = {
    HIGHER: "The model is unsure more often: {now} of predictions, after {before}",
    LOWER: "The model is unsure less often: {now} of predictions, after {before}",
    UNCLEAR: "The model is unsure of {now} of predictions: no clear change from {before}",
    TOO_FEW: "The model is unsure of {now} of predictions: too few to tell a trend",
    NOTHING_BEFORE: "The model is unsure of {now} of predictions; nothing before to compare it with",
}


def find(weekly: Weekly) -> dict[str, Finding]:
    """Return the findings by topic, in the order of the page; none for an empty period."""
    if weekly.is_empty:
        return {}
    return {
        "production": Finding(*production_words(weekly.production)),
        "feedback": feedback_finding(weekly),
        "mistakes": mistakes_finding(weekly),
        "words": words_finding(weekly),
        "models": _models(weekly),
        "service": _service(weekly),
        "confidence": _confidence(weekly),
        "alerts": _alerts(weekly),
    }


def say_empty(span: Span) -> str:
    """Return the sentence for a period without any record."""
    return say(
        "Nothing was recorded from {start} to {end}: no request and no feedback.",
        start=moment(span.start),
        end=moment(span.end),
    )


def caveats(weekly: Weekly) -> list[str]:
    """Return why the comparison with the period before is unfair; empty where it is fair."""
    before, first = weekly.span.before, weekly.first_record_before
    if first is None:
        start, end = moment(before.start), moment(before.end)
        return [
            say(
                "The logs hold nothing from {start} to {end}, so there is no trend.",
                start=start,
                end=end,
            )
        ]
    if first - before.start > _LATE_START * (before.end - before.start):
        sentence = (
            "The logs of the period before begin only on {first}: its counts cover less time than these."
        )
        return [say(sentence, first=moment(first))]
    return []


def _models(weekly: Weekly) -> Finding:
    table = weekly.tables["models"]
    table = table.assign(feedback=table["right"] + table["wrong"]).sort_values(
        ["feedback", "model"], ascending=[False, True]
    )
    if not len(table):
        return Finding(say("No model has answered"))
    first = table.iloc[0]
    name = short_model(first["model"])
    if len(table) == 1:
        return Finding(say("One model was in use: {name}", name=name))
    second = table.iloc[1]
    verdict = compare_shares(
        Share(first["wrong"], first["feedback"]), Share(second["wrong"], second["feedback"])
    )
    headline = say(
        _COMPARED_MODELS[verdict],
        name=name,
        other=short_model(second["model"]),
        share=percent(first["wrong_share"]),
        other_share=percent(second["wrong_share"]),
    )
    text = say(
        "They answered other tweets at other times, so this is a hint, not a test: "
        "the gate of flows/promote.py compares on the same texts."
    )
    return Finding(headline, text)


def _service(weekly: Weekly) -> Finding:
    measures = weekly.measures
    if not measures["requests"].now:
        return Finding(say("No request in this period"))
    failed = int(measures["server_error_share"].now * measures["requests"].now + 0.5)
    parts = [
        counted(measures["requests"].now, "request"),
        counted(failed, "server error") if failed else say("no server error"),
    ]
    p95 = measures["latency_ms_p95"]
    if not math.isnan(p95.now):
        parts.insert(1, say("95% of predictions within {time}", time=p95.now_text))
    sentences = [*_latency_sentences(weekly), *_error_sentences(measures["server_error_share"])]
    return Finding(say("; ").join(parts), " ".join(sentences))


def _latency_sentences(weekly: Weekly) -> list[str]:
    p50, p95, p99 = (weekly.measures[f"latency_ms_{key}"] for key in ("p50", "p95", "p99"))
    if math.isnan(p95.now):
        return []
    sentence = "Half of the predictions took {p50} or less, one in a hundred more than {p99}."
    sentences = [say(sentence, p50=p50.now_text, p99=p99.now_text)]
    trends = {
        HIGHER: "The 95th percentile is clearly higher than before ({before}).",
        LOWER: "The 95th percentile is clearly lower than before ({before}).",
        UNCLEAR: "The 95th percentile was {before} before: no clear change.",
    }
    if p95.verdict in trends:
        sentences.append(say(trends[p95.verdict], before=p95.before_text))
    return sentences


def _error_sentences(share: Measure) -> list[str]:
    trends = {
        HIGHER: "A higher share of requests failed than before: {now}, after {before}.",
        LOWER: "A lower share of requests failed than before: {now}, after {before}.",
    }
    return [say(trends[share.verdict], **both_shares(share))] if share.verdict in trends else []


def _confidence(weekly: Weekly) -> Finding:
    share, score = weekly.measures["low_confidence_share"], weekly.measures["mean_score"]
    if math.isnan(share.now):
        return Finding(say("No prediction in this period"))
    windows = weekly.tables["by_window"]
    labels = windows.loc[windows["period"] == "this", list(LABELS)].sum()
    mix = ", ".join(
        f"{percent(labels[label] / max(1, labels.sum()))} {label_name(label)}" for label in LABELS
    )
    text = say(
        "Of the texts, it called {mix}. Its mean confidence is {score}.", mix=mix, score=score.now_text
    )
    return Finding(say(_UNSURE[share.verdict], **both_shares(share)), text)


def _alerts(weekly: Weekly) -> Finding:
    fired, before = weekly.measures["alerts"].now, weekly.measures["alerts"].before
    if not weekly.alerts:
        earlier = say("In the period before it fired {times}.", times=_times(before)) if before else ""
        return Finding(say("The alert did not fire"), earlier)
    headline = (
        say("The alert fired {times} (before: {before})", times=_times(fired), before=whole(before))
        if fired
        else say("An earlier alert was still open")
    )
    is_open = any(episode.resolved is None for episode in weekly.alerts)
    return Finding(headline, say("It had not been resolved by the end of the period.") if is_open else "")


def _times(count: float) -> str:
    return say("once") if count == 1 else counted(count, "time")
