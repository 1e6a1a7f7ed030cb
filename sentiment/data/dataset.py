"""Labelled tweets made ready for training: cleaned, without duplicates, labels settled, split for good.

The split of a tweet is a hash of its canonical form, so that adding tweets never moves an old one.
Of several near-duplicates the first one in the source stays, so that none crosses a split.
`sources` reads; this file decides.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from models import LABELS, clean_text
from sentiment import durable
from sentiment.data.near_duplicates import NearDuplicates, canonical_form
from sentiment.data.sources import DEFAULT_SOURCE, Row, Source, read_source
from sentiment.errors import DataError

SPLITS = ("train", "validation", "test")
TEST_SHARE = 0.1
VALIDATION_SHARE = 0.1
# Hardly more than the third that chance gives to each label; validation and test keep such tweets.
MIN_TRAINING_CONFIDENCE = 0.4
_LENGTH_BUCKET = 20
_FILE = "dataset.json"


@dataclass(frozen=True)
class Split:
    """Texts and their labels, in the order of the source."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]

    def apart_from(self, texts: Iterable[str]) -> Split:
        """Return the rows that repeat none of these texts, not even nearly."""
        others = NearDuplicates.of(texts)
        pairs = [
            pair
            for pair in zip(self.texts, self.labels, strict=True)
            if others.find(canonical_form(pair[0])) is None
        ]
        return Split(tuple(text for text, _ in pairs), tuple(label for _, label in pairs))

    @property
    def digest(self) -> str:
        """The SHA-256 of the rows in their order."""
        return hashlib.sha256(json.dumps([self.texts, self.labels]).encode()).hexdigest()


@dataclass(frozen=True)
class EvaluationSet:
    """Texts with their true labels that no model may have learned from."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 of the texts and labels: the same digest means the same set."""
        return hashlib.sha256(json.dumps([self.texts, self.labels], ensure_ascii=True).encode()).hexdigest()


@dataclass(frozen=True)
class DataReport:
    """What became of a source: rows read, rows dropped by reason, counts by split and label, and lengths in characters by bucket."""

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
        """Return about `rows` of the rows, each label in every split keeping its share (at least two of each), chosen by hash.

        Raises:
            DataError: A split has no row of some label.
        """
        share = rows / sum(len(split.texts) for split in self.splits.values())
        splits = {name: _sample_split(split, share) for name, split in self.splits.items()}
        return _assemble(f"{self.name}-{rows}", self.source, splits, self.report)

    def with_training(self, rows: Split) -> Dataset:
        """Return this dataset with rows that people validated in its training split; validation and test stay as they are.

        A training text of the same canonical form gives way to the validated row. A row whose form
        is in validation or test is left out.
        """
        held_back = {canonical_form(text) for split in (self.validation, self.test) for text in split.texts}
        forms = {
            canonical_form(text): (text, label) for text, label in zip(rows.texts, rows.labels, strict=True)
        }
        added = [pair for form, pair in forms.items() if form not in held_back]
        kept = [
            pair
            for pair in zip(self.train.texts, self.train.labels, strict=True)
            if canonical_form(pair[0]) not in forms
        ]
        texts, labels = zip(*kept, *added, strict=True)
        train = Split(texts, labels)
        return _assemble(
            f"{self.name}+{len(added)}", self.source, {**self.splits, "train": train}, self.report
        )

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
                f"{path} does not match its digest {dataset.digest[:12]}: delete it and prepare the data again"
            )
        return dataset


def load_dataset(source: str = DEFAULT_SOURCE) -> Dataset:
    """Read a source and prepare it; see `read_source` for what a source may be.

    Raises:
        DataError: The source cannot be read, or is not fit to train on; the message names the file,
            the line and the remedy.
    """
    return prepare(read_source(source), source)


def prepare(source: Source, origin: str) -> Dataset:
    """Return the rows of a source cleaned, settled and split.

    Raises:
        DataError: A split would lack one of the labels.
    """
    groups, dropped = _collapse(source.rows)
    has_test = not any(group.split for group in groups) or any(group.split == "test" for group in groups)
    chosen: dict[str, list[_Group]] = {name: [] for name in SPLITS}
    for group in groups:
        name = _choose_split(group, has_test=has_test)
        if name == "train" and group.confidence() < MIN_TRAINING_CONFIDENCE:
            dropped["low confidence"] += 1
        else:
            chosen[name].append(group)
    splits = {
        name: Split(tuple(group.text for group in members), tuple(group.settled_label() for group in members))
        for name, members in chosen.items()
    }
    contradictions = sum(len(group.votes) > 1 for group in groups)
    report = DataReport(len(source.rows), dict(dropped), contradictions, counts={}, lengths={})
    return _assemble(source.name, origin, splits, report)


def choose_split(form: str) -> str:
    """Return the split of a canonical form: a function of the text alone, the same for ever.

    >>> choose_split("great cheap")
    'train'
    """
    position = int.from_bytes(hashlib.sha256(form.encode("utf-8", "surrogatepass")).digest()[:8]) / 2**64
    if position < TEST_SHARE:
        return "test"
    return "validation" if position < TEST_SHARE + VALIDATION_SHARE else "train"


@dataclass
class _Group:
    """A tweet that stays, and the votes for its label: its own and those of its duplicates."""

    text: str
    form: str
    split: str | None
    votes: dict[str, float] = field(default_factory=dict)
    copies: int = 0

    def vote(self, row: Row) -> None:
        """Count a copy's label with its annotators' confidence."""
        self.votes[row.label] = self.votes.get(row.label, 0.0) + row.confidence
        self.copies += 1

    def settled_label(self) -> str:
        """The label with the most annotator confidence over all copies; at a tie the one seen first."""
        return max(self.votes, key=lambda label: self.votes[label])

    def confidence(self) -> float:
        """The share of the copies' possible confidence, 0 to 1, that the settled label has."""
        return self.votes[self.settled_label()] / self.copies


def _collapse(rows: Iterable[Row]) -> tuple[list[_Group], Counter[str]]:
    """Return one group per distinct tweet, and how many rows were dropped by reason."""
    groups: list[_Group] = []
    by_form: dict[str, _Group] = {}
    index = NearDuplicates()
    dropped = Counter({"empty": 0, "duplicate": 0, "near-duplicate": 0, "low confidence": 0})
    for row in sorted(rows, key=_precedence):
        text = clean_text(row.text)
        if not text:
            dropped["empty"] += 1
            continue
        form = canonical_form(text)
        group = by_form.get(form) if row.split != "test" else None  # a benchmark's own test split stays whole
        if group is not None:
            dropped["duplicate"] += 1
        elif row.split != "test" and (number := index.find(form)) is not None:
            group = groups[number]
            dropped["near-duplicate"] += 1
        else:
            group = by_form[form] = _Group(text, form, row.split)
            groups.append(group)
            index.add(form)
        if group.split == row.split:  # a benchmark's own test labels are not ours to change
            group.vote(row)
    return groups, dropped


def _precedence(row: Row) -> int:
    """Rows that a source puts into its test split come first, then validation: a near-duplicate leaves the training split, not the test."""
    return {"test": 0, "validation": 1}.get(row.split or "train", 2)


def _choose_split(group: _Group, *, has_test: bool) -> str:
    if group.split is None:
        return choose_split(group.form)
    if group.split == "train" and not has_test:
        return "test" if choose_split(group.form) == "test" else "train"
    return group.split


def _sample_split(split: Split, share: float) -> Split:
    ranked: dict[str, list[tuple[bytes, int]]] = {label: [] for label in LABELS}
    for number, (text, label) in enumerate(zip(split.texts, split.labels, strict=True)):
        ranked[label].append((hashlib.sha256(text.encode()).digest(), number))
    numbers = sorted(
        number
        for rows in ranked.values()
        for _, number in sorted(rows)[: max(2, math.ceil(share * len(rows)))]
    )
    return Split(
        tuple(split.texts[number] for number in numbers), tuple(split.labels[number] for number in numbers)
    )


def _assemble(name: str, origin: str, splits: dict[str, Split], intake: DataReport) -> Dataset:
    """Count what the splits hold, check that every label is in each, and seal them with their digest."""
    counts = {
        split_name: {label: split.labels.count(label) for label in LABELS}
        for split_name, split in splits.items()
    }
    for split_name, by_label in counts.items():
        absent = [label for label, count in by_label.items() if not count]
        if absent:
            raise DataError(
                f"{origin}: the {split_name} split has no {absent[0]!r} row (it has {sum(by_label.values())} rows of the "
                f"{intake.rows_read} read); give more tweets of each label, at least about 50 of each"
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
    content = [[name, splits[name].texts, splits[name].labels] for name in SPLITS]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()
