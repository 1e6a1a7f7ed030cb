"""The gate's errors on real models whose true difference is known from held-out texts.

Challengers learn from other, mislabelled or more rows than their champions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from benchmarks.gate_worlds import (
    COST,
    FACTS,
    LEARNED,
    LIMITS,
    NOW,
    Numbers,
    Scores,
    fit,
    macro_f1,
    populations,
)
from models import LABELS
from sentiment.data.dataset import Dataset, EvaluationSet, Split, load_dataset
from sentiment.evaluation.behaviour_suite import run_suite
from sentiment.gate.evidence import Contender, Evidence, Role
from sentiment.gate.judge import judge
from sentiment.gate.verdict import Decision

SPOILT = (0.05, 0.1, 0.2)
Make = Callable[[Split, int], Split]  # rows to learn from, of those that may be learned, by a seed


def retrained(models_per_kind: int) -> Iterator[str]:
    """Yield a table of verdicts on real challengers, beside their true gain.

    The true gain is measured on half of the training rows, which no model learns.

    Champions learn from four fifths of the other half, challengers from other four fifths, from
    spoilt ones, or champions from fewer rows. Each pair is judged on a test split of its own, drawn
    from the half that is kept.
    """
    dataset = load_dataset()
    learned, kept = _halves(dataset.train)
    kinds: dict[str, tuple[Make, Make]] = {
        "other rows of the same kind": (_resample, _resample),
        **{
            f"labels shuffled on {share:.0%} of the rows": (_resample, partial(_spoil, share))
            for share in SPOILT
        },
        "more rows: four fifths against a third": (partial(_resample, share=1 / 3), _resample),
    }
    yield (
        "| real challengers | pairs | promoted | truly no better: promoted "
        "| truly 1.5 points better or more: promoted |"
    )
    yield "| --- " * 5 + "|"
    for kind, (of_champion, of_challenger) in kinds.items():
        old, new = (
            [
                _Real.learn(dataset, make(learned, seed), kept)
                for seed in range(start, start + models_per_kind)
            ]
            for start, make in ((0, of_champion), (models_per_kind, of_challenger))
        )
        judged = [_judge_real(*pair, kept, seed) for seed, pair in enumerate(product(old, new))]
        worse, better = _share(judged, most=0.0), _share(judged, least=0.015)
        yield f"| {kind} | {len(judged)} | {_share(judged)} | {worse} | {better} |"


@dataclass(frozen=True)
class _Real:
    """A trained model: its scores of held-out and validation texts, and its behavioural answers."""

    kept: Scores
    validation: EvaluationSet
    on_validation: Scores
    behaviour: dict[str, list[float]]

    @classmethod
    def learn(cls, dataset: Dataset, rows: Split, kept: Split) -> _Real:
        model, validation = (
            fit(dataset, rows),
            EvaluationSet("validation", dataset.validation.texts, dataset.validation.labels),
        )
        return cls(
            model.predict_proba(kept.texts),
            validation,
            model.predict_proba(validation.texts),
            run_suite(model.predict_proba),
        )

    def stand(self, role: Role, chosen: Numbers, facts: dict[str, str]) -> Contender:
        """Return the model's evidence for the gate, on the chosen held-out texts."""
        scores = {"test": self.kept[chosen], "validation": self.on_validation}
        return Contender(role, role, facts, scores, self.behaviour, COST, LEARNED)


def _judge_real(old: _Real, new: _Real, kept: Split, seed: int) -> tuple[float, bool]:
    """Return the challenger's true gain, and whether the gate promotes it on a drawn test split."""
    chosen = np.random.default_rng(seed).choice(
        len(kept.texts), size=len(populations()["test"].texts), replace=False
    )
    test = EvaluationSet(
        "test", tuple(kept.texts[row] for row in chosen), tuple(kept.labels[row] for row in chosen)
    )
    facts = {**FACTS, "test_digest": test.digest}
    champion, challenger = old.stand("champion", chosen, facts), new.stand("challenger", chosen, facts)
    decision = judge(
        Evidence(challenger, champion, test, new.validation), now=NOW, thresholds=LIMITS
    ).decision
    true = np.array([LABELS.index(label) for label in kept.labels])
    gain = macro_f1(true, new.kept.argmax(axis=1)) - macro_f1(true, old.kept.argmax(axis=1))
    return gain, decision is Decision.PROMOTE


def _share(judged: list[tuple[float, bool]], *, least: float = -1.0, most: float = 1.0) -> str:
    chosen = [is_promoted for gain, is_promoted in judged if least <= gain <= most]
    return (
        f"{sum(chosen)} of {len(chosen)} ({sum(chosen) / len(chosen):.0%})" if chosen else "none of this kind"
    )


def _halves(rows: Split) -> tuple[Split, Split]:
    order = np.random.default_rng(0).permutation(len(rows.texts))
    return _take(rows, order[: len(order) // 2]), _take(rows, order[len(order) // 2 :])


def _resample(rows: Split, seed: int, share: float = 0.8) -> Split:
    """Return a random share of the rows, another sample for every seed."""
    return _take(
        rows,
        np.random.default_rng(seed).choice(
            len(rows.texts), size=round(share * len(rows.texts)), replace=False
        ),
    )


def _spoil(share: float, rows: Split, seed: int) -> Split:
    """Return four fifths of the rows, with a share of their labels shuffled."""
    chance, chosen_rows = np.random.default_rng(seed), _resample(rows, seed)
    labels = np.array(chosen_rows.labels)
    chosen = chance.random(len(labels)) < share
    labels[chosen] = chance.permutation(labels[chosen])
    return Split(chosen_rows.texts, tuple(labels.tolist()))


def _take(rows: Split, chosen: Numbers) -> Split:
    return Split(
        tuple(rows.texts[number] for number in chosen), tuple(rows.labels[number] for number in chosen)
    )
