"""Drift in words: its sentences and its table."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.reports.wording import day, fixed, label_name, percent, say, short_model, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentiment.drift.week import Week

_MOST_WEEKS = 26
_TO_TRAINING = (
    "The distance to training is {distance} (0: alike, 1: every text shows where it is from; by chance at "
    "most {chance})."
)
_TO_KNOWN = (
    "The distance to the production known before is {distance} (0: alike, 1: every text shows where it is "
    "from; by chance at most {chance})."
)
_COLUMNS = ("week", "texts", "to training", "by chance", "to known production", "unknown words", "alarm")


def say_drift(week: Week) -> str:
    """Return whether a week's texts are news, in one short sentence."""
    when = day_of(week)
    if week.training is None:
        few = "Week of {day}: too few different texts to compare ({texts} drawn)"
        return say(few, day=when, texts=whole(week.texts))
    if week.alarmed:
        return say("Week of {day}: its texts differ from those of training", day=when)
    if week.training.distance <= week.training.chance:
        return say("Week of {day}: its texts are like those of training", day=when)
    if week.known is None:
        return say("Week of {day}: its texts hardly differ from those of training", day=when)
    return say("Week of {day}: its texts differ from training as before", day=when)


def explain_drift(week: Week) -> str:
    """Return the figures of a week in a few sentences."""
    parts = [
        say(sentence, distance=fixed(max(difference.distance, 0), 2), chance=fixed(difference.chance, 2))
        for difference, sentence in ((week.training, _TO_TRAINING), (week.known, _TO_KNOWN))
        if difference
    ]
    here, usual = (percent(share) for share in week.unknown)
    unknown = "Unknown to the champion are {here} of the words, and {usual} in validation."
    parts.append(say(unknown, here=here, usual=usual))
    score, expected = fixed(week.answers.score, 2), fixed(week.expected.score, 2)
    mean = "The mean score is {score}, and {expected} in validation."
    parts.append(say(mean, score=score, expected=expected))
    if week.new:
        new = ", ".join(f"{word.word} ({whole(word.production)})" for word in week.new)
        parts.append(say("New words: {words}.", words=new))
    if week.alarmed:
        remedy = "Review the audit tweets on the tab Review, so that a retraining can learn from them."
        parts.append(say(remedy))
    return " ".join(parts)


def summarise_drift(weeks: Sequence[Week]) -> str:
    """Return the measured weeks, at least one, as Markdown: the latest in words, a row for each."""
    lines = [f"| {' | '.join(say(column) for column in _COLUMNS)} |", "| --- " * len(_COLUMNS) + "|"]
    for week in reversed(weeks[-_MOST_WEEKS:]):
        far = (
            [fixed(week.training.distance, 2), fixed(week.training.chance, 2)]
            if week.training
            else ["–", "–"]
        )
        known = fixed(week.known.distance, 2) if week.known else "–"
        alarm = week.alarmed[:16].replace("T", " ") or "–"
        cells = [day_of(week), whole(week.texts), *far, known, percent(week.unknown[0]), alarm]
        lines.append(f"| {' | '.join(cells)} |")
    models = [
        say(
            "- {model}: {texts} texts, mean score {score}, {labels}",
            model=short_model(group.model),
            texts=whole(group.texts),
            score=fixed(group.score, 2),
            labels=", ".join(f"{percent(group.labels[label])} {label_name(label)}" for label in LABELS),
        )
        for group in (weeks[-1].expected, *weeks[-1].by_model)
    ]
    text = f"# {say_drift(weeks[-1])}\n\n{explain_drift(weeks[-1])}\n\n" + "\n".join(lines)
    groups = say("The champion on validation texts, then each model of the latest week:")
    return f"{text}\n\n{groups}\n\n" + "\n".join([*models, ""])


def day_of(week: Week) -> str:
    """Return the Monday of a week as a date."""
    return day(datetime.fromisoformat(week.look.start))
