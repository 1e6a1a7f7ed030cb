"""Divides validated feedback into lessons to train on, an exam, and the set of complaints.

Which part a tweet belongs to is a hash of the tweet, so that later rows move none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sentiment.data.dataset import EvaluationSet, Split
from sentiment.data.near_duplicates import NearDuplicates, canonical_form
from sentiment.data.near_table import NearTable
from sentiment.hash_draws import hash_draw

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sentiment.data.dataset import Dataset
    from sentiment.data.validated_row import ValidatedRow

EXAM_SHARE = 1 / 3
FEEDBACK_SHARE = 0.2


@dataclass(frozen=True)
class Division:
    """The parts of the validated rows; no two have a tweet in common.

    Attributes:
        lessons: What a model may learn from.
        exam: The set `production`: audit tweets, each with its weight, that judge the next
            challengers and become lessons afterwards. None if there are none.
        feedback: The set `feedback`: complaints and uncertain tweets that no model learns from. It
            can only speak against a challenger, since its tweets are no picture of production.
    """

    lessons: Split
    exam: EvaluationSet | None
    feedback: EvaluationSet | None


@dataclass(slots=True)
class _Tweet:
    """All rows of one tweet: their latest label, and the sum of their audit weights."""

    form: str
    text: str
    label: str
    first_row: int
    weight: float = 0.0
    is_held_back: bool = False  # near a validation or test text of the base
    is_known: bool = False  # near a training text of the base


def divide(rows: Iterable[ValidatedRow], base: Dataset, *, exam_from: int = 0) -> Division:
    """Divide validated rows into what a model learns from and what judges it.

    Near-duplicates count as one tweet, whose latest label holds and whose audit weights add up. Of
    the audit tweets that first occur in row `exam_from` or later, a third is the exam, and with
    them those near a validation or test text of the base, from which no model may learn. All other
    audit tweets are lessons, and so is whatever is near a training text of the base. Of the other
    rows a fifth is the set `feedback`; what is near a validation or test text is in no part.

    Args:
        rows: In the order of the file.
        base: What the models train on besides.
        exam_from: The first row, from 0, that no earlier exam has used.
    """
    lessons, exam, feedback = [], [], []
    for tweet in _tweets(rows, base):
        if tweet.is_held_back:
            if tweet.weight and tweet.first_row >= exam_from and not tweet.is_known:
                exam.append(tweet)
        elif not tweet.is_known and tweet.weight and tweet.first_row >= exam_from and _is_in_exam(tweet.form):
            exam.append(tweet)
        elif not tweet.is_known and not tweet.weight and hash_draw(f"feedback {tweet.form}") < FEEDBACK_SHARE:
            feedback.append(tweet)
        else:
            lessons.append(tweet)
    return Division(
        Split.of((tweet.text, tweet.label) for tweet in lessons),
        _set_of("production", exam, is_weighted=True),
        _set_of("feedback", feedback),
    )


def near(base: Dataset) -> NearDuplicates:
    """Return an index of the base's validation and test texts, from which no model may learn."""
    return NearDuplicates.of(_held_back(base))


def _held_back(base: Dataset) -> tuple[str, ...]:
    return (*base.validation.texts, *base.test.texts)


def _tweets(rows: Iterable[ValidatedRow], base: Dataset) -> list[_Tweet]:
    """Return the tweets in the order of their first rows."""
    numbers: dict[str, int] = {}  # of each form
    tweets: list[_Tweet] = []
    facts: list[tuple[int, str, float]] = []  # of each row: its form's number, its label, its weight
    for position, row in enumerate(rows):
        form = canonical_form(row.text)
        number = numbers.setdefault(form, len(tweets))
        if number == len(tweets):
            tweets.append(_Tweet(form, row.text, row.label, position))
        facts.append((number, row.label, (row.inclusion_weight or 0.0) if row.drawn == "audit" else 0.0))
    if not tweets:
        return []
    leaders = _leaders(tweets, base)
    for number, label, weight in facts:
        leader = tweets[leaders[number]]
        leader.label = label
        leader.weight += weight
    return [tweets[number] for number in sorted(set(leaders))]


def _leaders(tweets: list[_Tweet], base: Dataset) -> list[int]:
    """Return the place of the tweet that each repeats, or its own; mark what the base has."""
    held_back, trained = _held_back(base), base.train.texts
    forms = [tweet.form for tweet in tweets]
    table = NearTable([*forms, *map(canonical_form, held_back), *map(canonical_form, trained)])
    leaders = table.leaders(len(forms))
    leading, middle = np.unique(leaders), len(forms) + len(held_back)
    is_held_back = table.are_near(leading, range(len(forms), middle))
    is_known = table.are_near(leading, range(middle, middle + len(trained)))
    for number, held, known in zip(leading.tolist(), is_held_back, is_known, strict=True):
        tweets[number].is_held_back, tweets[number].is_known = bool(held), bool(known)
    return list(leaders.tolist())


def _is_in_exam(form: str) -> bool:
    return hash_draw(f"exam {form}") < EXAM_SHARE


def _set_of(name: str, tweets: list[_Tweet], *, is_weighted: bool = False) -> EvaluationSet | None:
    if not tweets:
        return None
    texts, labels = (tuple(getattr(tweet, key) for tweet in tweets) for key in ("text", "label"))
    return EvaluationSet(
        name, texts, labels, tuple(tweet.weight for tweet in tweets) if is_weighted else None
    )
