"""Simulated pairs of models with a known true difference, judged by the whole gate.

The answers are a real model's on the real test split, changed at random. Behaviour and cost are
equal in both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
from numpy.typing import NDArray

import models
from models import LABELS
from sentiment.data.dataset import Dataset, EvaluationSet, Split, load_dataset
from sentiment.evaluation.behaviour_suite import KINDS
from sentiment.evaluation.cost import Cost
from sentiment.evaluation.metrics import f1_by_label
from sentiment.gate.evidence import Contender, Evidence
from sentiment.gate.judge import judge
from sentiment.gate.thresholds import Thresholds
from sentiment.gate.verdict import Decision

# Not the gate's 10,000: p values to a thousandth are enough for every level that it uses.
LIMITS = Thresholds(draws=1000)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FACTS = {"trained_at": "2025-01-01T00:00:00+00:00"}
COST, LEARNED = Cost(5, 10, 100), frozenset({"none of them"})
FEEDBACK_ROWS = 300
_BEHAVIOUR: dict[str, list[float]] = {kind: [1.0] for kind in KINDS}
_FEATURES = {"features": ("words (1,2)",), "regularisations": (3.0,), "class_weights": ("balanced",)}
Scores = NDArray[np.float64]
Numbers = NDArray[np.int64]
# Texts, labels, the champion's and the challenger's scores.
Drawn = tuple[tuple[str, ...], tuple[str, ...], Scores, Scores]


@dataclass(frozen=True)
class Population:
    """Texts, true labels, a real model's answers and its confidence in each."""

    texts: tuple[str, ...]
    true: Numbers
    answers: Numbers
    confidence: NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """A pair of models: their rate of random disagreement, and the share of mistakes corrected.

    `complaints` is the share of the feedback set that was chosen because the champion got it wrong;
    None: there is no feedback set.
    """

    disagreement: float
    correction: float = 0.0
    complaints: float | None = None


@cache
def populations() -> dict[str, Population]:
    """Return the default corpus's test and validation split with a real model's answers."""
    dataset = load_dataset()
    model = fit(dataset, dataset.train)
    return {
        name: _population(split, model)
        for name, split in (("test", dataset.test), ("validation", dataset.validation))
    }


def simulate(world: World, seed: int) -> Decision:
    """Return the gate's decision on a pair of models and a random draw of texts."""
    chance = np.random.default_rng(seed)
    sizes = {"test": len(populations()["test"].texts), "validation": len(populations()["validation"].texts)}
    drawn = {name: _draw(populations()[name], size, world, chance) for name, size in sizes.items()}
    if world.complaints is not None:
        drawn["feedback"] = _complain(
            _draw(populations()["validation"], 10 * FEEDBACK_ROWS, world, chance), world.complaints
        )
    sets = {name: EvaluationSet(name, one[0], one[1]) for name, one in drawn.items()}
    facts = {**FACTS, "test_digest": sets["test"].digest}
    old, new = {name: one[2] for name, one in drawn.items()}, {name: one[3] for name, one in drawn.items()}
    champion = Contender("champion", "a", facts, old, _BEHAVIOUR, COST, LEARNED)
    challenger = Contender("challenger", "b", facts, new, _BEHAVIOUR, COST, LEARNED)
    evidence = Evidence(challenger, champion, sets["test"], sets["validation"], sets.get("feedback"))
    return judge(evidence, now=NOW, thresholds=LIMITS).decision


def true_gain(disagreement: float, correction: float) -> float:
    """Return the challenger's expected gain in macro F1 on the test split, over many draws."""
    one, chance = populations()["test"], np.random.default_rng(0)
    gains = []
    for _ in range(20):
        old, new = _answers(one, World(disagreement, correction), chance)
        gains.append(macro_f1(one.true, new) - macro_f1(one.true, old))
    return float(np.mean(gains))


def find_correction(disagreement: float, gain: float) -> float:
    """Return the share of mistakes to correct for a true gain, by bisection."""
    low, high = 0.0, 0.6
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if true_gain(disagreement, middle) < gain else (low, middle)
    return (low + high) / 2


def fit(dataset: Dataset, rows: Split) -> models.SentimentModel:
    """Return a small model fitted on the rows, fast and good enough."""
    validation = (dataset.validation.texts, dataset.validation.labels)
    data = models.TrainingData(rows.texts, rows.labels, validation=validation)
    return models.create("tfidf", **_FEATURES).fit(data, progress=lambda _: None)


def _population(split: Split, model: models.SentimentModel) -> Population:
    scores = model.predict_proba(split.texts)
    true = np.array([LABELS.index(label) for label in split.labels])
    return Population(split.texts, true, scores.argmax(axis=1), scores.max(axis=1))


def _complain(drawn: Drawn, share: float) -> Drawn:
    """Return a feedback set of FEEDBACK_ROWS, of which this share are the champion's mistakes."""
    texts, labels, old, new = drawn
    is_wrong = np.array([LABELS[number] for number in old.argmax(axis=1)]) != np.array(labels)
    complaints = np.flatnonzero(is_wrong)[: round(share * FEEDBACK_ROWS)]
    others = np.setdiff1d(np.arange(len(texts)), complaints)[: FEEDBACK_ROWS - len(complaints)]
    rows = [*complaints, *others]
    return tuple(texts[row] for row in rows), tuple(labels[row] for row in rows), old[rows], new[rows]


def _draw(one: Population, size: int, world: World, chance: np.random.Generator) -> Drawn:
    rows = chance.integers(0, len(one.texts), size)
    drawn = replace(one, true=one.true[rows], answers=one.answers[rows], confidence=one.confidence[rows])
    old, new = _answers(drawn, world, chance)
    labels = tuple(LABELS[number] for number in drawn.true)
    # Who corrects a share of the mistakes may be surer by just that: both are as sure as they are
    # right.
    confidence = 1 - (1 - drawn.confidence) * (1 - world.correction)
    return (
        tuple(one.texts[row] for row in rows),
        labels,
        _scores(old, drawn.confidence),
        _scores(new, confidence),
    )


def _answers(one: Population, world: World, chance: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Return both models' answers; a coin decides which keeps the real one where they disagree."""
    size = len(one.answers)
    other = (one.answers + chance.integers(1, 3, size)) % 3
    differs, is_heads = chance.random(size) < world.disagreement, chance.random(size) < 0.5  # noqa: PLR2004 - a coin
    old, new = (np.where(differs & side, other, one.answers) for side in (is_heads, ~is_heads))
    corrected = (new != one.true) & (chance.random(size) < world.correction)
    return old, np.where(corrected, one.true, new)


def _scores(answers: Numbers, confidence: NDArray[np.float64]) -> Scores:
    scores = np.repeat((1 - confidence)[:, None] / 2, 3, axis=1)
    scores[np.arange(len(answers)), answers] = confidence
    return scores


def macro_f1(true: Numbers, answers: Numbers) -> float:
    """Return the macro F1 of answers, all as indices into LABELS."""
    return float(f1_by_label(np.bincount(true * 3 + answers, minlength=9).reshape(3, 3)).mean())
