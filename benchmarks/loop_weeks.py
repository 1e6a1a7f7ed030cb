"""The loop week by week in one process: traffic, labels, retraining, the gate, perhaps a champion.

Everything but servers and people is the product's own: how rows are divided, where the exam
begins, how often a lesson counts, the model, and the gate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

import models
from benchmarks.gate_shift import Shift, fit, numbers_of, take
from benchmarks.gate_worlds import COST, FACTS, LEARNED, LIMITS, NOW, macro_f1
from sentiment.data.dataset import EvaluationSet, Split
from sentiment.data.division import divide
from sentiment.data.validated_row import ValidatedRow
from sentiment.evaluation.behaviour_suite import run_suite
from sentiment.gate.evidence import Contender, Evidence, Exam, Role
from sentiment.gate.judge import judge
from sentiment.gate.spending import Look
from sentiment.gate.verdict import Decision
from sentiment.hash_draws import hash_draw
from sentiment.training.retraining import exam_start

if TYPE_CHECKING:
    from collections.abc import Sequence


AT_RANDOM, UNCERTAIN, MIX, ONCE = "at random", "least sure first", "the product's mix", "at random, once"
DRAWS = (AT_RANDOM, UNCERTAIN, MIX, ONCE)
AUDIT_SHARE, COMPLAINT_SHARE = 0.5, 0.05  # of the labels; of the champion's mistakes


@dataclass(frozen=True)
class Week:
    """What one week brought.

    Attributes:
        labels: How many labels people have given up to then.
        champion: Macro F1 of the champion of the week's end, on held-out tweets of production.
        challenger: The same of the week's challenger.
        truth: The challenger's true gain on the champion of the week's beginning, in production.
        on_base: Macro F1 of the champion of the week's end on the base's test split.
        decision: The gate's word.
        exam: How many tweets of production it asked.
    """

    labels: int
    champion: float
    challenger: float
    truth: float
    on_base: float
    decision: Decision
    exam: int


@dataclass
class _Standing:
    """The champion, its facts, the tags of the last retraining, the rows, and the gate's looks."""

    champion: models.SentimentModel
    facts: dict[str, str] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    rows: list[ValidatedRow] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)


def truth_of(model: models.SentimentModel, tweets: Split) -> float:
    """Return a model's macro F1 on tweets."""
    return macro_f1(numbers_of(tweets.labels), model.predict_proba(tweets.texts).argmax(axis=1))


def live(
    shift: Shift, champion: models.SentimentModel, draw: str, budgets: Sequence[int], *, seed: int
) -> list[Week]:
    """Return the weeks of one way to draw; each has its share of the traffic, and its labels."""
    standing = _Standing(champion)
    lived: list[Week] = []
    order = np.random.default_rng(seed).permutation(len(shift.lessons.texts))
    for number, rows in enumerate(np.array_split(order, len(budgets))):
        traffic = take(shift.lessons, rows)
        standing.rows += label(standing.champion, traffic, draw, budget=budgets[number], week=number)
        lived.append(_retrain(shift, standing, draw, seed))
    return lived


def label(
    model: models.SentimentModel, traffic: Split, draw: str, *, budget: int, week: int
) -> list[ValidatedRow]:
    """Return the rows that people label in a week; the traffic is in random order."""
    scores = model.predict_proba(traffic.texts)
    least_sure = [int(row) for row in scores.max(axis=1).argsort(kind="stable")]
    audited = {AT_RANDOM: budget, ONCE: budget, UNCERTAIN: 0, MIX: round(AUDIT_SHARE * budget)}[draw]
    chosen = dict.fromkeys(range(audited), "audit")
    if draw == MIX:
        is_wrong = scores.argmax(axis=1) != numbers_of(traffic.labels)
        told = [
            row
            for row, text in enumerate(traffic.texts)
            if is_wrong[row] and hash_draw(f"complaint {text}") < COMPLAINT_SHARE
        ]
        chosen |= {row: "complaint" for row in told if row not in chosen}
    chosen = dict(list(chosen.items())[:budget])
    for row in least_sure:
        if len(chosen) < budget:
            chosen.setdefault(row, "uncertain")
    weights = {"audit": f"{len(traffic.texts) / max(1, audited):.3f}", "uncertain": "1", "complaint": ""}
    moment = (NOW + timedelta(weeks=week)).isoformat()
    return [
        ValidatedRow(
            traffic.texts[row],
            traffic.labels[row],
            models.LABELS[int(scores[row].argmax())],
            *(f"p{week}-{row}", f"f{week}-{row}", "m", "ann;bob", moment),
            drawn,
            weights[drawn],
        )
        for row, drawn in chosen.items()
    ]


def _retrain(shift: Shift, standing: _Standing, draw: str, seed: int) -> Week:
    """Train a challenger, let the gate judge it, and change the standing as the product would."""
    old, rows = standing.champion, standing.rows
    start = exam_start(standing.facts, standing.last)
    parts = divide(rows, shift.base, exam_from=start)
    lessons = () if draw == ONCE else parts.lessons.texts
    new = fit(shift, shift.base.with_training(parts.lessons).train, lessons, seed=seed)
    facts = {"feedback_rows": str(len(rows)), "exam_from": str(start)}
    evidence = _evidence(
        shift, (old, new), parts.feedback, parts.exam, Exam(start, len(rows), tuple(standing.looks))
    )
    verdict = judge(evidence, now=NOW, thresholds=LIMITS)
    asked = verdict.data["exam"]
    standing.looks.append(
        Look(f"challenger {len(rows)}", start, len(rows), int(asked["rows"]), float(asked["alpha"]))
    )
    standing.last = facts | {"exam_spent": str(bool(asked["is_spent"])).lower()}
    before, after = truth_of(old, shift.sample), truth_of(new, shift.sample)
    if verdict.decision is Decision.PROMOTE:
        standing.champion, standing.facts, standing.looks, standing.last = new, facts, [], facts
    on_base = truth_of(standing.champion, shift.base.test)
    best = after if verdict.decision is Decision.PROMOTE else before
    return Week(len(rows), best, after, after - before, on_base, verdict.decision, int(asked["rows"]))


def _evidence(
    shift: Shift,
    pair: tuple[models.SentimentModel, models.SentimentModel],
    feedback: EvaluationSet | None,
    exam: EvaluationSet | None,
    of_exam: Exam,
) -> Evidence:
    test, validation = (
        EvaluationSet(name, split.texts, split.labels)
        for name, split in (("test", shift.base.test), ("validation", shift.base.validation))
    )
    known = {**FACTS, "test_digest": test.digest}
    sets = [texts for texts in (test, validation, feedback, exam) if texts]
    roles: tuple[Role, Role] = ("champion", "challenger")
    old, new = (
        Contender(
            role=role,
            name=f"{role} {of_exam.end}",
            facts=known,
            scores={texts.name: model.predict_proba(texts.texts) for texts in sets},
            behaviour=run_suite(model.predict_proba),
            cost=COST,
            training_rows=LEARNED,
        )
        for role, model in zip(roles, pair, strict=True)
    )
    return Evidence(new, old, test, validation, feedback, production=exam, exam=of_exam)
