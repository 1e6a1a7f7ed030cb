"""Made-up models for the tests of the gate: scores with known mistakes on made-up tweets."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from models import LABELS
from sentiment.data import EvaluationSet
from sentiment.evidence import Contender, Evidence
from sentiment.footprint import Cost
from sentiment.gate import judge
from sentiment.lineage import fingerprint

BEHAVIOUR = {"minimum functionality": [True] * 80 + [False] * 20, "invariance": [True] * 60, "direction": [True] * 40}
NOW = datetime(2026, 11, 24, tzinfo=UTC)
COST = Cost(latency_ms_p95=5.0, size_mb=20.0, memory_mb=300.0)
_PIECES = (
    "I don't like",
    "#late again",
    "thanks @ann",
    "what a day 😀",
    "the long way home on a train that never comes and never will, so I wait and wait and wait",
)


def texts(name, rows):
    return tuple(f"{name}{number} {_PIECES[number % len(_PIECES)]}" for number in range(rows))


def evaluation_set(name, rows, seed=0):
    labels = np.random.default_rng(seed).choice(LABELS, size=rows, p=[0.45, 0.3, 0.25])
    return EvaluationSet(name, texts(name, rows), tuple(labels.tolist()))


def scores(one, accuracy, seed):
    """Scores whose highest is the true label for a share of the texts, and another label for the rest."""
    chance = np.random.default_rng(seed)
    true = np.array([LABELS.index(label) for label in one.labels])
    wrong = (true + chance.integers(1, 3, len(true))) % 3
    predicted = np.where(chance.random(len(true)) < accuracy, true, wrong)
    return sure(predicted, 0.8)


def sure(predicted, score=0.8):
    rows = np.full((len(predicted), 3), (1 - score) / 2)
    rows[np.arange(len(predicted)), predicted] = score
    return rows


def improve(champion_scores, one, share, seed=9):
    """The champion's answers with a share of its mistakes corrected, as sure as they are right."""
    true = np.array([LABELS.index(label) for label in one.labels])
    predicted = champion_scores.argmax(axis=1)
    mistakes = np.flatnonzero(predicted != true)
    chosen = np.random.default_rng(seed).choice(mistakes, size=round(share * len(mistakes)), replace=False)
    predicted[chosen] = true[chosen]
    return sure(predicted, float((predicted == true).mean()))


def make_evidence(*, gain=0.25, rows=3000, feedback=None):
    """A champion that is right on four fifths, and a challenger that corrects a share of its mistakes everywhere."""
    sets = {"test": evaluation_set("test", rows, 1), "validation": evaluation_set("validation", rows, 2)}
    if feedback:
        sets["feedback"] = evaluation_set("feedback", feedback, 3)
    old = {name: scores(one, 0.8, number) for number, (name, one) in enumerate(sets.items())}
    new = {name: improve(old[name], one, gain) for name, one in sets.items()}
    learned = frozenset(fingerprint(text) for text in texts("train", 50))
    facts = [{"trained_at": f"2026-11-{day}T00:00:00+00:00", "test_digest": sets["test"].digest} for day in ("01", "20")]
    champion = Contender("champion", "tweet-sentiment:old", facts[0], old, BEHAVIOUR, COST, learned)
    challenger = Contender("challenger", "version 2", facts[1], new, BEHAVIOUR, COST, learned)
    return Evidence(challenger, champion, sets["test"], sets["validation"], sets.get("feedback"))


def with_challenger(evidence, **changes):
    return replace(evidence, challenger=replace(evidence.challenger, **changes))


def with_champion(evidence, **changes):
    return replace(evidence, champion=replace(evidence.champion, **changes))


def with_facts(contender, **facts):
    return {**contender.facts, **facts}


def verdict(evidence, **options):
    return judge(evidence, now=NOW, **options)


def outcome(given, name):
    return next(check.outcome for check in given.checks if check.name == name)
