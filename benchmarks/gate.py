"""How often the gate is wrong: `python -m benchmarks.gate`. False promotions when nothing is better, and the power to see a true gain.

Three parts. The first two make pairs of models from real answers on the real test split, whose true difference is known: none at all, or
so many points; both behave alike and cost the same, all else goes through the gate. The third trains real models on resampled, spoilt and
fewer training rows, and leaves nothing out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

import models
from models import LABELS
from sentiment.behaviour_suite import KINDS, run_suite
from sentiment.data import Dataset, Split, load_dataset
from sentiment.evaluate import f1_by_label
from sentiment.evidence import Contender, Cost, EvaluationSet, Evidence
from sentiment.gate import judge
from sentiment.thresholds import Thresholds
from sentiment.verdict import Decision

LIMITS = Thresholds(draws=1000)  # not the gate's 10,000: p values to a thousandth are enough for every level that it uses
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FACTS = {"trained_at": "2025-01-01T00:00:00+00:00"}
SAME = {"cost": Cost(5, 10, 100), "training_rows": frozenset({"none of them"}), "behaviour": {kind: [True] for kind in KINDS}}
FEATURES = {"features": ("words (1,2)",), "regularisations": (3.0,), "class_weights": ("balanced",)}
DISAGREEMENTS, GAINS, FEEDBACK_ROWS = (0.03, 0.08, 0.15, 0.25), (0.005, 0.01, 0.02, 0.03), 300
SPOILT, COMPLAINTS = (0.05, 0.1, 0.2), 0.9
Scores = NDArray[np.float64]
Numbers = NDArray[np.int64]
Drawn = tuple[tuple[str, ...], tuple[str, ...], Scores, Scores]  # texts, labels, the champion's and the challenger's scores


@dataclass(frozen=True)
class Population:
    """Texts, true labels, a real model's answers and how sure it was of each."""

    texts: tuple[str, ...]
    true: Numbers
    answers: Numbers
    confidence: NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """A pair of models: how often they disagree for nothing, and which share of its mistakes the challenger corrects.

    `complaints` is the share of the feedback set that was chosen because the champion got it wrong; None: there is no feedback set.
    """

    disagreement: float
    correction: float = 0.0
    complaints: float | None = None


@cache
def populations() -> dict[str, Population]:
    """Return the real test and validation split of the default corpus with a real model's answers."""
    dataset = load_dataset()
    model = _fit(dataset, dataset.train)
    return {name: _population(split, model) for name, split in (("test", dataset.test), ("validation", dataset.validation))}


def simulate(world: World, seed: int) -> Decision:
    """Return the gate's decision on one pair of models and one draw of texts."""
    chance = np.random.default_rng(seed)
    sizes = {"test": len(populations()["test"].texts), "validation": len(populations()["validation"].texts)}
    drawn = {name: _draw(populations()[name], size, world, chance) for name, size in sizes.items()}
    if world.complaints is not None:
        drawn["feedback"] = _complain(_draw(populations()["validation"], 10 * FEEDBACK_ROWS, world, chance), world.complaints)
    sets = {name: EvaluationSet(name, one[0], one[1]) for name, one in drawn.items()}
    facts = {**SAME, "facts": {**FACTS, "test_digest": sets["test"].digest}}
    champion = Contender("champion", "a", scores={name: one[2] for name, one in drawn.items()}, **facts)  # type: ignore[arg-type]
    challenger = Contender("challenger", "b", scores={name: one[3] for name, one in drawn.items()}, **facts)  # type: ignore[arg-type]
    evidence = Evidence(challenger, champion, sets["test"], sets["validation"], sets.get("feedback"))
    return judge(evidence, now=NOW, thresholds=LIMITS).decision


def true_gain(disagreement: float, correction: float) -> float:
    """Return the challenger's true lead in macro F1 over all texts of the test split, as the mean of many draws of its answers."""
    one, chance = populations()["test"], np.random.default_rng(0)
    gains = []
    for _ in range(20):
        old, new = _answers(one, World(disagreement, correction), chance)
        gains.append(_macro_f1(one.true, new) - _macro_f1(one.true, old))
    return float(np.mean(gains))


def find_correction(disagreement: float, gain: float) -> float:
    """Return the share of mistakes to correct for a true gain, by bisection."""
    low, high = 0.0, 0.6
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if true_gain(disagreement, middle) < gain else (low, middle)
    return (low + high) / 2


def retrained(models_per_kind: int) -> list[str]:
    """Return a table of what becomes of real challengers, whose true gain is known: from half of the training rows that no model learned.

    Champions learn from four fifths of the other half, challengers from other four fifths, from spoilt ones, or champions from fewer rows.
    Each pair is judged on a test split of its own, drawn from the half that is kept.
    """
    dataset = load_dataset()
    learned, kept = _halves(dataset.train)
    kinds = {
        "other rows of the same kind": (_resample, _resample),
        **{f"labels shuffled on {share:.0%} of the rows": (_resample, partial(_spoil, share)) for share in SPOILT},
        "more rows: four fifths against a third": (partial(_resample, share=1 / 3), _resample),
    }
    lines = [
        "| real challengers | pairs | promoted | truly no better: promoted | truly 1.5 points better or more: promoted |",
        "| --- " * 5 + "|",
    ]
    for kind, (of_champion, of_challenger) in kinds.items():
        old, new = (
            [_Real.learn(dataset, make(learned, seed), kept) for seed in range(start, start + models_per_kind)]
            for start, make in ((0, of_champion), (models_per_kind, of_challenger))
        )
        judged = [_judge_real(*pair, kept, seed) for seed, pair in enumerate(product(old, new))]
        lines.append(f"| {kind} | {len(judged)} | {_share(judged)} | {_share(judged, most=0.0)} | {_share(judged, least=0.015)} |")
        _tell(f"  {lines[-1]}")
    return lines


@dataclass(frozen=True)
class _Real:
    """A trained model: its scores of the kept texts and of validation, and its answers to the behavioural suite."""

    kept: Scores
    validation: EvaluationSet
    on_validation: Scores
    behaviour: dict[str, list[bool]]

    @classmethod
    def learn(cls, dataset: Dataset, rows: Split, kept: Split) -> _Real:
        model, validation = _fit(dataset, rows), EvaluationSet("validation", dataset.validation.texts, dataset.validation.labels)
        return cls(model.predict_proba(kept.texts), validation, model.predict_proba(validation.texts), run_suite(model.predict_proba))


def _judge_real(old: _Real, new: _Real, kept: Split, seed: int) -> tuple[float, bool]:
    """Return the challenger's true gain and whether the gate promotes it on one test split drawn from the kept texts."""
    chosen = np.random.default_rng(seed).choice(len(kept.texts), size=len(populations()["test"].texts), replace=False)
    test = EvaluationSet("test", tuple(kept.texts[row] for row in chosen), tuple(kept.labels[row] for row in chosen))
    facts = {**SAME, "facts": {**FACTS, "test_digest": test.digest}}
    sides = [
        Contender(role, role, scores={"test": one.kept[chosen], "validation": one.on_validation}, **{**facts, "behaviour": one.behaviour})  # type: ignore[arg-type]
        for role, one in (("champion", old), ("challenger", new))
    ]
    decision = judge(Evidence(sides[1], sides[0], test, new.validation), now=NOW, thresholds=LIMITS).decision
    true = np.array([LABELS.index(label) for label in kept.labels])
    gain = _macro_f1(true, new.kept.argmax(axis=1)) - _macro_f1(true, old.kept.argmax(axis=1))
    return gain, decision is Decision.PROMOTE


def _share(judged: list[tuple[float, bool]], *, least: float = -1.0, most: float = 1.0) -> str:
    chosen = [is_promoted for gain, is_promoted in judged if least <= gain <= most]
    return f"{sum(chosen)} of {len(chosen)} ({sum(chosen) / len(chosen):.0%})" if chosen else "none of this kind"


def _halves(rows: Split) -> tuple[Split, Split]:
    order = np.random.default_rng(0).permutation(len(rows.texts))
    return _take(rows, order[: len(order) // 2]), _take(rows, order[len(order) // 2 :])


def _fit(dataset: Dataset, rows: Split) -> models.SentimentModel:
    validation = (dataset.validation.texts, dataset.validation.labels)
    return models.create("tfidf", **FEATURES).fit(rows.texts, rows.labels, validation=validation, progress=lambda _: None)


def _resample(rows: Split, seed: int, share: float = 0.8) -> Split:
    """Return a share of the rows: as many for every model, others for each."""
    return _take(rows, np.random.default_rng(seed).choice(len(rows.texts), size=round(share * len(rows.texts)), replace=False))


def _spoil(share: float, rows: Split, seed: int) -> Split:
    """Return four fifths of the rows, the labels of a share of them shuffled."""
    chance, chosen_rows = np.random.default_rng(seed), _resample(rows, seed)
    labels = np.array(chosen_rows.labels)
    chosen = chance.random(len(labels)) < share
    labels[chosen] = chance.permutation(labels[chosen])
    return Split(chosen_rows.texts, tuple(labels.tolist()))


def _take(rows: Split, chosen: Numbers) -> Split:
    return Split(tuple(rows.texts[number] for number in chosen), tuple(rows.labels[number] for number in chosen))


def _population(split: Split, model: models.SentimentModel) -> Population:
    scores = model.predict_proba(split.texts)
    true = np.array([LABELS.index(label) for label in split.labels])
    return Population(split.texts, true, scores.argmax(axis=1), scores.max(axis=1))


def _complain(drawn: Drawn, share: float) -> Drawn:
    """Return a feedback set of FEEDBACK_ROWS: this share of it are mistakes of the champion, the others are as they come."""
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
    # Who corrects a share of the mistakes may be surer by just that: both are as sure as they are right.
    confidence = 1 - (1 - drawn.confidence) * (1 - world.correction)
    return tuple(one.texts[row] for row in rows), labels, _scores(old, drawn.confidence), _scores(new, confidence)


def _answers(one: Population, world: World, chance: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Return both models' answers: where they disagree, a coin says who has the real one, so that neither is better by it."""
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


def _macro_f1(true: Numbers, answers: Numbers) -> float:
    return float(f1_by_label(np.bincount(true * 3 + answers, minlength=9).reshape(3, 3)).mean())


def _interval(promoted: int, judged: int) -> str:
    """Return a rate with its exact 95% interval (Clopper and Pearson 1934)."""
    low = float(beta.ppf(0.025, promoted, judged - promoted + 1)) if promoted else 0.0
    high = float(beta.ppf(0.975, promoted + 1, judged - promoted)) if promoted < judged else 1.0
    return f"{promoted / judged:.1%} ({low:.1%} to {high:.1%})"


def _rate(pool: ProcessPoolExecutor, world: World, draws: int) -> tuple[int, int]:
    decisions = Counter(pool.map(partial(simulate, world), range(draws), chunksize=10))
    return decisions[Decision.PROMOTE], draws


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _draw_power(path: Path, power: dict[tuple[float, float], float]) -> None:
    from sentiment.canvas import ACCENT, INK, LINE, QUIET, add_panel, as_png, new_figure

    figure = new_figure(12, 7, "What the gate sees", "share of challengers that are promoted, by their true gain; default test split")
    panel = add_panel(figure, (0.09, 0.12, 0.68, 0.68))
    points = [100 * gain for gain in (0.0, *GAINS)]
    ends = []
    for number, disagreement in enumerate(DISAGREEMENTS):
        rates = [power[disagreement, gain] for gain in (0.0, *GAINS)]
        panel.plot(points, rates, marker="osD^"[number], color=ACCENT, alpha=1 - 0.2 * number, linewidth=2.5)
        ends.append((rates[-2], f"{disagreement:.0%} disagreement ({'●■◆▲'[number]})"))
    for number, (_, words) in enumerate(ends):
        panel.text(3.15, 0.98 - 0.075 * number, words, size=13, color=INK, va="center")
    panel.axhline(0.05, color=QUIET, linewidth=1.2, linestyle="--")
    panel.text(3.15, 0.05, "5% at most, if no better", size=12, color=QUIET, va="center")
    panel.axhline(0.9, color=QUIET, linewidth=1.2, linestyle=":")
    panel.text(0, 0.92, "90%", size=12, color=QUIET)
    panel.set_xticks(points, ["0", *(f"+{point:g}" for point in points[1:])])
    panel.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
    panel.set_ylim(-0.02, 1.03)
    panel.set_xlabel("true gain in macro F1, points")
    panel.grid(visible=True, axis="y", color=LINE, linewidth=0.8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_png(figure))


def measure_power(draws: int) -> tuple[list[str], dict[tuple[float, float], float]]:
    """Return the table of promotion rates by disagreement and true gain, and the rates."""
    lines = [
        f"| disagree | no gain | no gain, {COMPLAINTS:.0%} complaints in the feedback | "
        + " | ".join(f"+{100 * gain:g}" for gain in GAINS)
        + " |"
    ]
    lines.append("| --- " * (3 + len(GAINS)) + "|")
    rates: dict[tuple[float, float], float] = {}
    with ProcessPoolExecutor() as pool:
        for disagreement in DISAGREEMENTS:
            cells = [_rate(pool, World(disagreement), 2 * draws), _rate(pool, World(disagreement, complaints=COMPLAINTS), 2 * draws)]
            cells += [_rate(pool, World(disagreement, find_correction(disagreement, gain)), draws) for gain in GAINS]
            rates |= {
                (disagreement, gain): promoted / judged
                for gain, (promoted, judged) in zip((0.0, *GAINS), [cells[0], *cells[2:]], strict=True)
            }
            lines.append(f"| {disagreement:.0%} | " + " | ".join(_interval(*cell) for cell in cells) + " |")
            _tell(f"  {lines[-1]}")
    return lines, rates


def main() -> None:
    """Read the command line, measure, and print the tables."""
    parser = argparse.ArgumentParser("python -m benchmarks.gate", description="Measure how often the gate is wrong.")
    parser.add_argument("--draws", type=int, default=300, help="simulated judgements per cell, twice as many where nothing is better")
    parser.add_argument("--models", type=int, default=12, help="real models of each kind (default: %(default)s)")
    parser.add_argument("--picture", type=Path, help="where the picture of the power goes")
    chosen = parser.parse_args()
    start = time.perf_counter()
    _tell("training one model, then simulating")
    lines, rates = measure_power(chosen.draws)
    size = len(populations()["test"].texts)
    print(f"Share promoted, with the exact 95% interval, on {size:,} test texts:\n\n" + "\n".join(lines) + "\n")
    print("\n".join(retrained(chosen.models)))
    if chosen.picture:
        _draw_power(chosen.picture, rates)
    _tell(f"done in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
