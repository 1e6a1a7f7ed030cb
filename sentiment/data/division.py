"""Divides validated feedback into lessons to train on, an exam, and the set of complaints.

Which part a tweet belongs to is a hash of the tweet, so that later rows move none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentiment.data.dataset import EvaluationSet, Split
from sentiment.data.near_duplicates import NearDuplicates, canonical_form
from sentiment.hash_draws import hash_draw

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sentiment.data.dataset import Dataset
    from sentiment.data.validated_feedback import ValidatedRow

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


@dataclass
class _Tweet:
    """All rows of one tweet: their latest label, and the sum of their audit weights."""

    form: str
    text: str
    label: str
    first_row: int
    weight: float = 0.0


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
    held_back, trained = near(base), NearDuplicates.of(base.train.texts)
    lessons, exam, feedback = [], [], []
    for tweet in _tweets(rows):
        is_known = trained.find(tweet.form) is not None
        if held_back.find(tweet.form) is not None:
            if tweet.weight and tweet.first_row >= exam_from and not is_known:
                exam.append(tweet)
        elif not is_known and tweet.weight and tweet.first_row >= exam_from and _is_in_exam(tweet.form):
            exam.append(tweet)
        elif not is_known and not tweet.weight and hash_draw(f"feedback {tweet.form}") < FEEDBACK_SHARE:
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
    return NearDuplicates.of((*base.validation.texts, *base.test.texts))


def _tweets(rows: Iterable[ValidatedRow]) -> list[_Tweet]:
    groups = NearDuplicates()
    tweets: list[_Tweet] = []
    for position, row in enumerate(rows):
        form = canonical_form(row.text)
        number = groups.find(form)
        if number is None:
            groups.add(form)
            number = len(tweets)
            tweets.append(_Tweet(form, row.text, row.label, position))
        tweets[number].label = row.label
        if row.drawn == "audit":
            tweets[number].weight += row.inclusion_weight or 0.0
    return tweets


def _is_in_exam(form: str) -> bool:
    return hash_draw(f"exam {form}") < EXAM_SHARE


def _set_of(name: str, tweets: list[_Tweet], *, is_weighted: bool = False) -> EvaluationSet | None:
    if not tweets:
        return None
    texts, labels = (tuple(getattr(tweet, key) for tweet in tweets) for key in ("text", "label"))
    return EvaluationSet(
        name, texts, labels, tuple(tweet.weight for tweet in tweets) if is_weighted else None
    )
