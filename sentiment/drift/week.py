"""One week of production measured against training, and whether it is news."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import LABELS
from sentiment.drift.two_sample import Difference, compare, distinct
from sentiment.drift.words import Word, Words, new_words, unknown_share, vanished_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

FALSE_ALARMS = 0.01  # the probability that a week like those before raises an alarm


@dataclass(frozen=True)
class Prediction:
    """A prediction that was drawn at random: its time, masked text, label, score and model."""

    at: datetime
    text: str
    label: str
    score: float
    model: str


@dataclass(frozen=True)
class Group:
    """What a model said of a number of texts: the share of each label, and its mean score."""

    model: str
    texts: int
    labels: Mapping[str, float]
    score: float


@dataclass(frozen=True)
class Training:
    """What a champion learned from, with which each week is compared.

    Attributes:
        sample: `distinct` masked texts that it learned from.
        words: The words of all that it learned from.
        unknown: The share of words that it did not learn from in validation texts.
        answers: What it says of validation texts.
    """

    sample: Sequence[str]
    words: Words
    unknown: float
    answers: Group


@dataclass(frozen=True)
class Look:
    """One look at a week, which is repeated while the week lasts.

    Attributes:
        start: The week's Monday, ISO 8601, UTC.
        until: The moment up to which it is measured; the Monday after, if the week is over.
        number: The number of this look, 1 for the first.
        alarmed: When an earlier look at the week raised the alarm; empty if none did.
    """

    start: str
    until: str
    number: int = 1
    alarmed: str = ""


@dataclass(frozen=True)
class Week:
    """A measured week.

    Attributes:
        look: The latest look at it, from which the rest comes.
        champion: The tag of the champion whose training it is compared with.
        texts: The number of predictions drawn.
        training: The difference to what the champion learned from; None with too few texts.
        known: The difference to the production texts that are known; None if none are.
        unknown: The share of words that the champion did not learn from, here and in validation.
        answers: What all models together said.
        expected: What the champion says of validation texts.
        by_model: The same as `answers` for each model.
        new, vanished: Words that are new, and words that are missing.
        alarmed: When this or an earlier look at the week raised the alarm; empty if none did.
    """

    look: Look
    champion: str
    texts: int
    training: Difference | None
    known: Difference | None
    unknown: tuple[float, float]
    answers: Group
    expected: Group
    by_model: tuple[Group, ...]
    new: tuple[Word, ...]
    vanished: tuple[Word, ...]
    alarmed: str


def measure_week(
    look: Look, drawn: Sequence[Prediction], training: Training, known: Sequence[str], *, now: str
) -> Week:
    """Return a week measured by the predictions drawn at random from it.

    `known` are `distinct` production texts that people were told of, or that the champion learned
    from; `now` is the moment of an alarm. A week that has raised the alarm raises no other.
    """
    sample = distinct(one.text for one in drawn)
    words = Words.of(sample)
    to_training = compare(training.sample, sample)
    to_known = compare(known, sample) if known else None
    is_alarm = is_news(to_training, to_known, look=look.number)
    models = sorted({one.model for one in drawn})
    return Week(
        look=look,
        champion=training.answers.model,
        texts=len(drawn),
        training=to_training,
        known=to_known,
        unknown=(unknown_share(words, training.words), training.unknown),
        answers=group("", drawn),
        expected=training.answers,
        by_model=tuple(group(model, [one for one in drawn if one.model == model]) for model in models),
        new=new_words(words, training.words),
        vanished=vanished_words(words, training.words),
        alarmed=look.alarmed or (now if is_alarm else ""),
    )


def is_news(training: Difference | None, known: Difference | None, *, look: int) -> bool:
    """Return whether a week's texts differ from training and from the production that is known.

    The first look at a week may raise a false alarm with a probability of 0.5%, each further one
    with half of that of the look before, so that all of them together stay below FALSE_ALARMS.
    """
    most = FALSE_ALARMS / 2**look
    return training is not None and training.p_value <= most and (known is None or known.p_value <= most)


def group(model: str, drawn: Sequence[Prediction]) -> Group:
    """Return what was said of the predictions drawn; NaN for none."""
    counts, whole = Counter(one.label for one in drawn), len(drawn)
    shares = {label: counts[label] / whole if whole else math.nan for label in LABELS}
    return Group(model, whole, shares, sum(one.score for one in drawn) / whole if whole else math.nan)
