"""Real models of one shift: a champion of the base, challengers that learned from production, too.

What is true of them is known from many tweets of production that no model learns from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

import models
from benchmarks.gate_worlds import Numbers, Scores, macro_f1
from models import LABELS
from models.tfidf_features import FEATURES
from sentiment import durable
from sentiment.data.dataset import Dataset, Split, digest_of, load_dataset, prepare
from sentiment.data.sources import DEFAULT_SOURCE, is_to_airline, read_source
from sentiment.evaluation.behaviour_suite import run_suite
from sentiment.training.lesson_weight import lesson_repeats
from sentiment.training.plain_sentences import supplement_for
from sentiment.training.plan import NO_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sentiment.data.sources import Source

SETS = ("test", "validation", "sample")
LESSONS = 1600
# The richest features, and few of the grid's points: a model must not take minutes.
_GRID = {"features": FEATURES[-1:], "regularisations": (0.5, 1.0), "class_weights": ("balanced",)}


@dataclass(frozen=True)
class Shift:
    """A base that models are made for, and two random parts of what people send afterwards.

    `sample` is what the truth is known from and exams are drawn from; `lessons` may be learned.
    """

    base: Dataset
    sample: Split
    lessons: Split

    @classmethod
    def to_folder(cls, folder: str) -> Shift:
        """Return the shift from the default corpus to another source; see `load_dataset`."""
        base, other = load_dataset(), load_dataset(folder)
        known = [text for split in base.splits.values() for text in split.texts]
        return cls._of(base, _joined(other.splits.values()).apart_from(known))

    @classmethod
    def to_airlines(cls) -> Shift:
        """Return the shift inside the default corpus: from other tweets to those to airlines."""
        source = read_source()  # prepared texts name no airline any more
        base, production = (
            prepare(_chosen(source, name, is_airline=is_airline), DEFAULT_SOURCE)
            for name, is_airline in (("without airlines", False), ("airlines", True))
        )
        known = [text for split in base.splits.values() for text in split.texts]
        return cls._of(base, _joined(production.splits.values()).apart_from(known))

    @classmethod
    def _of(cls, base: Dataset, production: Split) -> Shift:
        order = np.random.default_rng(0).permutation(len(production.texts))
        half = min(20_000, len(order) // 2)
        return cls(base, take(production, order[:half]), take(production, order[half:]))


@dataclass(frozen=True)
class Trained:
    """A model's scores of `SETS`, and its behavioural answers."""

    scores: dict[str, Scores]
    behaviour: dict[str, list[float]]

    def truth(self, labels: Numbers, name: str = "sample") -> float:
        """Return its macro F1 on a set whose true labels are given."""
        return macro_f1(labels, self.scores[name].argmax(axis=1))


@dataclass(frozen=True)
class Pair:
    """A champion, a challenger, and for every set whose answers both have exchanged."""

    champion: Trained
    challenger: Trained

    def exchanged(self, share: float, chance: np.random.Generator, sets: Iterable[str] = SETS) -> Pair:
        """Return the pair with the answers to a random share of the texts exchanged.

        At a half neither is better, and they disagree as often as before; at a quarter the gain is
        half of what it was.
        """
        old, new = dict(self.champion.scores), dict(self.challenger.scores)
        for name in sets:
            rows = (chance.random(len(old[name])) < share)[:, None]
            old[name], new[name] = (
                np.where(rows, new[name], old[name]),
                np.where(rows, old[name], new[name]),
            )
        return Pair(Trained(old, self.champion.behaviour), Trained(new, self.challenger.behaviour))

    def gain(self, labels: Numbers, name: str = "sample") -> float:
        """Return the challenger's true gain in macro F1 on a set."""
        return self.challenger.truth(labels, name) - self.champion.truth(labels, name)


def champion_of(shift: Shift, cache: Path) -> Trained:
    """Return the model of the base alone."""
    return _learn(shift, shift.base.train, NO_ROWS, cache)


def challenger_of(shift: Shift, seed: int, cache: Path, *, rows: int = LESSONS) -> Trained:
    """Return the model of the base and of some production tweets, others for each seed."""
    return _learn(shift, shift.base.train, _lessons(shift, seed, rows), cache)


def half_base_of(shift: Shift, seed: int, cache: Path) -> Trained:
    """Return the model of half of the base and of some production tweets."""
    base = shift.base.train
    rows = np.random.default_rng(100 + seed).choice(len(base.texts), len(base.texts) // 2, replace=False)
    return _learn(shift, take(base, rows), _lessons(shift, 10 + seed, LESSONS), cache)


def numbers_of(labels: Iterable[str]) -> Numbers:
    """Return labels as indices into LABELS."""
    return np.array([LABELS.index(label) for label in labels])


def take(rows: Split, chosen: Numbers) -> Split:
    """Return the chosen rows."""
    return Split(tuple(rows.texts[row] for row in chosen), tuple(rows.labels[row] for row in chosen))


def fit(shift: Shift, train: Split, lessons: Sequence[str] = (), *, seed: int = 0) -> models.SentimentModel:
    """Return the model of these rows, as a retraining makes it from a part of its grid."""
    plain = supplement_for(shift.base)
    data = models.TrainingData(
        train.texts,
        train.labels,
        (shift.base.validation.texts, shift.base.validation.labels),
        repeats=lesson_repeats(train.texts, lessons),
        supplement=(plain.texts, plain.labels),
    )
    return models.create("tfidf", **_GRID, seed=seed).fit(data, progress=lambda _: None)


def _lessons(shift: Shift, seed: int, rows: int) -> Split:
    chance = np.random.default_rng(seed)
    return take(shift.lessons, chance.choice(len(shift.lessons.texts), rows, replace=False))


def _learn(shift: Shift, base: Split, lessons: Split, cache: Path) -> Trained:
    """Return the model of these rows; what it scored once is kept in a file."""
    learned = Split.of([*base.pairs(), *lessons.pairs()])
    key = digest_of([learned.digest, lessons.digest], [shift.base.digest, shift.sample.digest])
    path = cache / f"{key[:16]}.json"
    if not path.exists():
        model = fit(shift, learned, lessons.texts)
        texts = (shift.base.test.texts, shift.base.validation.texts, shift.sample.texts)
        rounded = {
            name: np.round(model.predict_proba(each), 6).tolist()
            for name, each in zip(SETS, texts, strict=True)
        }
        durable.replace(
            path, json.dumps({"scores": rounded, "behaviour": run_suite(model.predict_proba)}).encode()
        )
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    scores = {name: np.array(each) for name, each in content["scores"].items()}
    return Trained(
        {name: each / each.sum(axis=1, keepdims=True) for name, each in scores.items()}, content["behaviour"]
    )


def _joined(splits: Iterable[Split]) -> Split:
    return Split.of(pair for split in splits for pair in split.pairs())


def _chosen(source: Source, name: str, *, is_airline: bool) -> Source:
    rows = tuple(row for row in source.rows if is_to_airline(row.text) is is_airline)
    return replace(source, name=name, rows=rows)
