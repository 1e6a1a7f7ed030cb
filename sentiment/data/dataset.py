"""The dataset that models learn from and are judged on: three splits, a report, a digest.

`sources` reads the rows, `distinct_tweets` decides which of them stay.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from models import LABELS
from sentiment import durable
from sentiment.config import MAX_CHARS
from sentiment.data.distinct_tweets import DistinctTweet, collapse
from sentiment.data.near_duplicates import NearDuplicates, canonical_form
from sentiment.data.sources import DEFAULT_SOURCE, Source, read_source
from sentiment.errors import DataError

SPLITS = ("train", "validation", "test")
# Hardly more than the third that chance gives to each label; validation and test keep such tweets.
MIN_TRAINING_CONFIDENCE = 0.4
_LENGTH_BUCKET = 20
_FILE = "dataset.json"


@dataclass(frozen=True)
class Split:
    """Texts and their labels, in the order of the source."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Return the split that holds pairs of text and label."""
        rows = list(pairs)
        return cls(tuple(text for text, _ in rows), tuple(label for _, label in rows))

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Return each text with its label."""
        return zip(self.texts, self.labels, strict=True)

    def apart_from(self, texts: Iterable[str]) -> Split:
        """Return the rows that neither repeat nor nearly repeat any of these texts."""
        others = NearDuplicates.of(texts)
        return Split.of(pair for pair in self.pairs() if others.find(canonical_form(pair[0])) is None)

    @property
    def digest(self) -> str:
        """The SHA-256 of the rows in their order."""
        return digest_of(self.texts, self.labels)


@dataclass(frozen=True)
class EvaluationSet:
    """Texts with their true labels that no model may have learned from.

    `weights` say of how many texts of production each one is a picture, 1 / the probability with
    which it was drawn; None: all count alike.
    """

    name: str
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    weights: tuple[float, ...] | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of texts, labels and weights: the same digest means the same set."""
        weights = [] if self.weights is None else [self.weights]
        return _sha256([self.texts, self.labels, *weights])


@dataclass(frozen=True)
class DataReport:
    """The preparation of a source in numbers.

    `dropped` counts rows by reason, `counts` by split and label, `lengths` texts by their length in
    characters, in buckets.
    """

    rows_read: int
    dropped: dict[str, int]
    contradictions: int
    counts: dict[str, dict[str, int]]
    lengths: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON-serialisable values."""
        return asdict(self)


@dataclass(frozen=True)
class Dataset:
    """A prepared source.

    `digest` is the SHA-256 of every split's texts and labels: the same digest means the same data.
    """

    name: str
    source: str
    train: Split
    validation: Split
    test: Split
    report: DataReport
    digest: str

    @property
    def splits(self) -> dict[str, Split]:
        """The three splits by name."""
        return {name: getattr(self, name) for name in SPLITS}

    def sample(self, rows: int) -> Dataset:
        """Return about `rows` rows, chosen by hash.

        Each label keeps its share of every split, and at least two rows.

        Raises:
            DataError: A split has no row of some label.
        """
        share = rows / sum(len(split.texts) for split in self.splits.values())
        splits = {name: _sample_split(split, share) for name, split in self.splits.items()}
        return _assemble(f"{self.name}-{rows}", self.source, splits, self.report)

    def with_training(self, rows: Split) -> Dataset:
        """Return this dataset with validated rows in its training split; the other splits stay.

        A training text of the same canonical form gives way to the validated row. A row whose form
        is in validation or test is left out.
        """
        held_back = {canonical_form(text) for split in (self.validation, self.test) for text in split.texts}
        forms = {canonical_form(text): (text, label) for text, label in rows.pairs()}
        added = [pair for form, pair in forms.items() if form not in held_back]
        kept = [pair for pair in self.train.pairs() if canonical_form(pair[0]) not in forms]
        splits = {**self.splits, "train": Split.of([*kept, *added])}
        return _assemble(f"{self.name}+{len(added)}", self.source, splits, self.report)

    def save(self, directory: Path | str) -> None:
        """Write the dataset to a directory as one JSON file, all or nothing."""
        durable.replace(Path(directory) / _FILE, json.dumps(asdict(self), ensure_ascii=False).encode())

    @classmethod
    def load(cls, directory: Path | str) -> Dataset:
        """Return the dataset that `save` wrote.

        Raises:
            DataError: The file is missing, damaged, or does not match its digest.
        """
        path = Path(directory) / _FILE
        try:
            content = json.loads(path.read_text("utf-8"))
            splits = {
                name: Split(tuple(content[name]["texts"]), tuple(content[name]["labels"])) for name in SPLITS
            }
            dataset = cls(**{**content, **splits, "report": DataReport(**content["report"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path} is missing or damaged ({error}): delete it and prepare the data again"
            ) from error
        if dataset.digest != _digest(dataset.splits):
            raise DataError(
                f"{path} does not match its digest {dataset.digest[:12]}: "
                "delete it and prepare the data again"
            )
        return dataset


def load_dataset(source: str = DEFAULT_SOURCE, max_chars: int = MAX_CHARS) -> Dataset:
    """Read a source and prepare it; see `read_source` for what a source may be.

    Longer texts than `max_chars` are left out.

    Raises:
        DataError: The source cannot be read, or is not fit to train on; the message names the file,
            the line and the remedy.
    """
    return prepare(read_source(source), source, max_chars)


def prepare(source: Source, origin: str, max_chars: int = MAX_CHARS) -> Dataset:
    """Return the rows of a source cleaned, settled and split.

    Raises:
        DataError: A split would lack one of the labels.
    """
    tweets, dropped = collapse(source.rows, max_chars)
    own_splits = {tweet.source_split for tweet in tweets}
    lacking = set(SPLITS) - own_splits
    chosen: dict[str, list[DistinctTweet]] = {name: [] for name in SPLITS}
    for tweet in tweets:
        name = tweet.split(lacking)
        if name == "train" and tweet.confidence() < MIN_TRAINING_CONFIDENCE:
            dropped["low confidence"] += 1
        else:
            chosen[name].append(tweet)
    splits = {
        name: Split.of((tweet.text, tweet.settled_label()) for tweet in members)
        for name, members in chosen.items()
    }
    contradictions = sum(len(tweet.votes) > 1 for tweet in tweets)
    report = DataReport(len(source.rows), dict(dropped), contradictions, counts={}, lengths={})
    return _assemble(source.name, origin, splits, report)


def _sample_split(split: Split, share: float) -> Split:
    ranked: dict[str, list[tuple[bytes, int]]] = {label: [] for label in LABELS}
    for number, (text, label) in enumerate(split.pairs()):
        ranked[label].append((hashlib.sha256(text.encode()).digest(), number))
    numbers = sorted(
        number
        for rows in ranked.values()
        for _, number in sorted(rows)[: max(2, math.ceil(share * len(rows)))]
    )
    return Split.of((split.texts[number], split.labels[number]) for number in numbers)


def _assemble(name: str, origin: str, splits: dict[str, Split], intake: DataReport) -> Dataset:
    """Return the dataset of three splits, with its counts and digest.

    Every label must be in each split.
    """
    counts = {
        split_name: {label: split.labels.count(label) for label in LABELS}
        for split_name, split in splits.items()
    }
    for split_name, by_label in counts.items():
        absent = [label for label, count in by_label.items() if not count]
        if absent:
            raise DataError(
                f"{origin}: the {split_name} split has no {absent[0]!r} row "
                f"(it has {sum(by_label.values())} rows of the {intake.rows_read} read); "
                f"give more tweets of each label, at least about 50 of each"
            )
    lengths = Counter(
        len(text) // _LENGTH_BUCKET * _LENGTH_BUCKET for split in splits.values() for text in split.texts
    )
    histogram = {f"{start}-{start + _LENGTH_BUCKET - 1}": lengths[start] for start in sorted(lengths)}
    report = replace(intake, counts=counts, lengths=histogram)
    return Dataset(
        name, origin, splits["train"], splits["validation"], splits["test"], report, _digest(splits)
    )


def _digest(splits: dict[str, Split]) -> str:
    return _sha256([[name, splits[name].texts, splits[name].labels] for name in SPLITS])


def digest_of(texts: Sequence[str], labels: Sequence[str]) -> str:
    """Return the SHA-256 of texts and their labels, in their order."""
    return _sha256([texts, labels])


def _sha256(content: list[Any]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
