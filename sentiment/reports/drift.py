"""Drift in words: its sentences and its table."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.reports.wording import percent, short_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentiment.drift.week import Week

_MOST_WEEKS = 26
_COLUMNS = ("week", "texts", "to training", "by chance", "to known production", "unknown words", "alarm")


def say_drift(week: Week) -> str:
    """Return whether a week's texts are news, in one short sentence."""
    name = f"Week of {day_of(week)}"
    if week.training is None:
        return f"{name}: too few different texts to compare ({week.texts:,} drawn)"
    if week.alarmed:
        return f"{name}: its texts differ from those of training"
    if week.training.distance <= week.training.chance:
        return f"{name}: its texts are like those of training"
    if week.known is None:
        return f"{name}: its texts hardly differ from those of training"
    return f"{name}: its texts differ from training as before"


def explain_drift(week: Week) -> str:
    """Return the figures of a week in a few sentences."""
    parts = [
        f"The distance to {words} is {max(difference.distance, 0):.2f} (0: alike, 1: every text shows where "
        f"it is from; by chance at most {difference.chance:.2f})."
        for difference, words in ((week.training, "training"), (week.known, "the production known before"))
        if difference
    ]
    here, usual = week.unknown
    parts.append(
        f"Unknown to the champion are {percent(here)} of the words, and {percent(usual)} in validation."
    )
    parts.append(f"The mean score is {week.answers.score:.2f}, and {week.expected.score:.2f} in validation.")
    if week.new:
        parts.append(f"New words: {', '.join(f'{word.word} ({word.production:,})' for word in week.new)}.")
    if week.alarmed:
        parts.append("Review the audit tweets on the tab Review, so that a retraining can learn from them.")
    return " ".join(parts)


def summarise_drift(weeks: Sequence[Week]) -> str:
    """Return the measured weeks, at least one, as Markdown: the latest in words, a row for each."""
    lines = [f"| {' | '.join(_COLUMNS)} |", "| --- " * len(_COLUMNS) + "|"]
    for week in reversed(weeks[-_MOST_WEEKS:]):
        far = (
            [f"{week.training.distance:.2f}", f"{week.training.chance:.2f}"] if week.training else ["–", "–"]
        )
        known = f"{week.known.distance:.2f}" if week.known else "–"
        alarm = week.alarmed[:16].replace("T", " ") or "–"
        cells = [day_of(week), f"{week.texts:,}", *far, known, percent(week.unknown[0]), alarm]
        lines.append(f"| {' | '.join(cells)} |")
    models = [
        f"- {short_model(group.model)}: {group.texts:,} texts, mean score {group.score:.2f}, "
        + ", ".join(f"{percent(group.labels[label])} {label}" for label in LABELS)
        for group in (weeks[-1].expected, *weeks[-1].by_model)
    ]
    text = f"# {say_drift(weeks[-1])}\n\n{explain_drift(weeks[-1])}\n\n" + "\n".join(lines)
    return f"{text}\n\nThe champion on validation texts, then each model of the latest week:\n\n" + "\n".join(
        [*models, ""]
    )


def day_of(week: Week) -> str:
    """Return the Monday of a week as a date."""
    start = datetime.fromisoformat(week.look.start)
    return f"{start.day} {start:%b %Y}"
