"""Distinct tweets of a source: duplicates collapsed, each with one settled label and one split.

The split of a tweet is a hash of its canonical form, so that adding tweets never moves an old one.
Of several near-duplicates the first in the source stays, so that none crosses a split.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models import clean_text
from sentiment.data.near_duplicates import NearDuplicates, canonical_form
from sentiment.hash_draws import hash_draw
from sentiment.text_rules import is_too_long

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sentiment.data.labelled_rows import Row

TEST_SHARE = 0.1
VALIDATION_SHARE = 0.1
DROPPED = ("empty", "too long", "duplicate", "near-duplicate", "low confidence")


@dataclass(slots=True)
class DistinctTweet:
    """A tweet and the votes for its label: its own and those of its duplicates."""

    text: str
    form: str
    source_split: str | None  # where the source itself puts it
    votes: dict[str, float] = field(default_factory=dict)
    copies: int = 0

    def vote(self, row: Row) -> None:
        """Count a copy's label with its annotators' confidence."""
        self.votes[row.label] = self.votes.get(row.label, 0.0) + row.confidence
        self.copies += 1

    def settled_label(self) -> str:
        """The label with the most annotator confidence over all copies; at a tie the first."""
        return max(self.votes, key=lambda label: self.votes[label])

    def confidence(self) -> float:
        """The share of the copies' possible confidence, 0 to 1, that the settled label has."""
        return self.votes[self.settled_label()] / self.copies

    def split(self, lacking: Collection[str]) -> str:
        """The split of the tweet: the source's own, or by hash.

        Splits that the source is `lacking` are taken from its training split.
        """
        if self.source_split is None:
            return choose_split(self.form)
        drawn = choose_split(self.form)
        return drawn if self.source_split == "train" and drawn in lacking else self.source_split


def choose_split(form: str) -> str:
    """Return the split of a canonical form: a function of the text alone, the same for ever.

    >>> choose_split("great cheap")
    'train'
    """
    draw = hash_draw(form)
    if draw < TEST_SHARE:
        return "test"
    return "validation" if draw < TEST_SHARE + VALIDATION_SHARE else "train"


def collapse(rows: Iterable[Row], max_chars: int) -> tuple[list[DistinctTweet], Counter[str]]:
    """Return the distinct tweets of rows, and the number of rows dropped for each reason.

    What a service of this `max_chars` would refuse is no tweet to learn from either.
    """
    tweets: list[DistinctTweet] = []
    by_form: dict[str, DistinctTweet] = {}
    dropped = Counter(dict.fromkeys(DROPPED, 0))
    usable = _usable(rows, max_chars, dropped)
    index = NearDuplicates.among(form for _, _, form in usable)
    for row, text, form in usable:
        # A benchmark's own test split stays whole.
        tweet = by_form.get(form) if row.split != "test" else None
        if tweet is not None:
            dropped["duplicate"] += 1
        elif row.split != "test" and (number := index.find(form)) is not None:
            tweet = tweets[number]
            dropped["near-duplicate"] += 1
        else:
            tweet = by_form[form] = DistinctTweet(text, form, row.split)
            tweets.append(tweet)
            index.add(form)
        if tweet.source_split == row.split:  # a benchmark's own test labels are not ours to change
            tweet.vote(row)
    return tweets, dropped


def _usable(rows: Iterable[Row], max_chars: int, dropped: Counter[str]) -> list[tuple[Row, str, str]]:
    """Return the rows with a text to learn from, cleaned, each with its canonical form."""
    usable = []
    for row in sorted(rows, key=_precedence):
        text = "" if is_too_long(row.text, max_chars) else clean_text(row.text)
        if text:
            usable.append((row, row.text if text == row.text else text, canonical_form(text)))
        else:
            dropped["too long" if is_too_long(row.text, max_chars) else "empty"] += 1
    return usable


def _precedence(row: Row) -> int:
    """Return the rank of a row: test rows are read first, then validation, then training.

    So a near-duplicate leaves the training split, not the test split of a source.
    """
    return {"test": 0, "validation": 1}.get(row.split or "train", 2)
