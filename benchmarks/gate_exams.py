"""The gate's errors and power where production decides: exams of a shift, judged by the whole gate.

The models are real; pairs of another gain exchange the answers of two real models at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.gate_shift import Pair, Shift, numbers_of, take
from benchmarks.gate_worlds import COST, FACTS, LEARNED, LIMITS, NOW
from sentiment.data.dataset import EvaluationSet, Split
from sentiment.evaluation.behaviour_suite import KINDS
from sentiment.evaluation.significance import compare_f1
from sentiment.gate.evidence import Contender, Evidence, Exam, Role
from sentiment.gate.judge import judge
from sentiment.gate.spending import Look, may_spend
from sentiment.gate.verdict import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmarks.gate_shift import Trained
    from benchmarks.gate_worlds import Numbers
    from sentiment.gate.verdict import Verdict

COMPLAINTS, OF_MISTAKES = 300, 0.9
_BEHAVIOUR: dict[str, list[float]] = {kind: [1.0] for kind in KINDS}


@dataclass(frozen=True)
class Room:
    """A shift with its true labels, and pairs of models that are judged on it in turn."""

    shift: Shift
    pairs: Sequence[Pair]
    labels: Numbers
    base_labels: Numbers

    @classmethod
    def of(cls, shift: Shift, pairs: Sequence[Pair]) -> Room:
        """Return the room of a shift."""
        return cls(shift, pairs, numbers_of(shift.sample.labels), numbers_of(shift.base.test.labels))

    def pair(self, seed: int, share: float, sets: Sequence[str] = ("test", "validation", "sample")) -> Pair:
        """Return the pair of a seed with a share of the answers exchanged."""
        chosen = self.pairs[seed % len(self.pairs)]
        return chosen.exchanged(share, np.random.default_rng(seed), sets) if share else chosen

    def share_for(self, gain: float) -> float:
        """Return the share of answers to exchange for a true gain, on average over the pairs."""
        whole = float(np.mean([pair.gain(self.labels) for pair in self.pairs]))
        return (1 - gain / whole) / 2


@dataclass(frozen=True)
class Drawn:
    """The rows of an exam, their weights if these differ, and the rows of a set of complaints."""

    rows: Numbers
    weights: NDArray[np.float64] | None = None
    complained: Numbers | None = None


def one_look(room: Room, share: float, tweets: int, seed: int) -> bool:
    """Return whether the gate promotes after one look at an exam of tweets drawn at random."""
    rows = np.random.default_rng(seed).choice(len(room.labels), tweets, replace=False)
    return _is_promoted(room, room.pair(seed, share), Drawn(rows))


def one_look_where_they_disagree(room: Room, share: float, labels: int, times: float, seed: int) -> bool:
    """Return whether the gate promotes after one look at so many labels, drawn by disagreement.

    A tweet on which the two disagree is drawn with a probability that is `times` that of the rest.
    """
    pair = room.pair(seed, share)
    old, new = (each.scores["sample"].argmax(axis=1) for each in (pair.champion, pair.challenger))
    probability = np.where(old != new, times, 1.0)
    probability *= labels / probability.sum()
    rows = np.flatnonzero(np.random.default_rng(seed).random(len(old)) < probability)
    return _is_promoted(room, pair, Drawn(rows, 1 / probability[rows]))


def looks(room: Room, sizes: Sequence[int], seed: int) -> bool:
    """Return whether the gate ever promotes a challenger that is no better, as its exam grows."""
    pair = room.pair(seed, 0.5)
    rows = np.random.default_rng(seed).choice(len(room.labels), max(sizes), replace=False)
    earlier: list[Look] = []
    for size in sizes:
        verdict = _judge(room, pair, Drawn(rows[:size]), earlier)
        if verdict.decision is Decision.PROMOTE:
            return True
        earlier.append(Look("challenger", 0, size, size, verdict.data["exam"]["alpha"]))
    return False


def looks_alone(room: Room, sizes: Sequence[int], times: float, seed: int) -> bool:
    """Return whether the exam alone ever finds a challenger better that is not, as it grows.

    This is the test that decides, without the gate's other checks, for many more draws.
    """
    pair, chance = room.pair(seed, 0.5), np.random.default_rng(seed)
    old, new = (each.scores["sample"].argmax(axis=1) for each in (pair.champion, pair.challenger))
    rate = np.where(old != new, times, 1.0)
    rows = chance.choice(len(old), max(sizes), replace=False, p=rate / rate.sum())
    earlier: list[Look] = []
    for size in sizes:
        drawn = rows[:size]
        answers = (room.labels[drawn], old[drawn], new[drawn])
        difference = compare_f1(answers, weights=1 / rate[drawn], draws=LIMITS.draws)
        alpha = may_spend(size, "challenger", earlier, LIMITS)
        if difference.p_better <= alpha:
            return True
        earlier.append(Look("challenger", 0, size, size, alpha))
    return False


def loss(room: Room, wanted: float | None, tweets: int, seed: int) -> bool:
    """Return whether the gate promotes a challenger that gains on the base and loses in production.

    `wanted` is the loss, made by exchanging answers in production alone; None: the pair's own.
    """
    share = 0.0 if wanted is None else room.share_for(-wanted)
    rows = np.random.default_rng(seed).choice(len(room.labels), tweets, replace=False)
    return _is_promoted(room, room.pair(seed, share, ("sample",)), Drawn(rows))


def complaints(room: Room, tweets: int, seed: int) -> bool:
    """Return whether the gate promotes a challenger that gains on complaints alone.

    Neither model is better; the set of complaints is what the champion got wrong, with few others.
    """
    pair, chance = room.pair(seed, 0.5), np.random.default_rng(seed)
    order = chance.permutation(len(room.labels))
    rows, rest = order[:tweets], order[tweets:]
    is_wrong = pair.champion.scores["sample"][rest].argmax(axis=1) != room.labels[rest]
    mistakes = rest[is_wrong][: round(OF_MISTAKES * COMPLAINTS)]
    others = rest[~is_wrong][: COMPLAINTS - len(mistakes)]
    return _is_promoted(room, pair, Drawn(rows, complained=np.concatenate([mistakes, others])))


def _is_promoted(room: Room, pair: Pair, drawn: Drawn) -> bool:
    return _judge(room, pair, drawn).decision is Decision.PROMOTE


def _judge(room: Room, pair: Pair, drawn: Drawn, earlier: Sequence[Look] = ()) -> Verdict:
    rows, complained = drawn.rows, drawn.complained
    base, sample = room.shift.base, room.shift.sample
    test, validation = (EvaluationSet(name, *_both(base.splits[name])) for name in ("test", "validation"))
    feedback = None if complained is None else EvaluationSet("feedback", *_both(take(sample, complained)))
    of_each = (1.0,) * len(rows) if drawn.weights is None else tuple(drawn.weights.tolist())
    exam = EvaluationSet("production", *_both(take(sample, rows)), of_each) if len(rows) else None
    known = {**FACTS, "test_digest": test.digest}
    sets = {"production": rows} if exam else {}
    sets |= {} if complained is None else {"feedback": complained}
    is_real = any(pair is one for one in room.pairs)

    def stand(role: Role, one: Trained) -> Contender:
        scores = {name: one.scores["sample"][chosen] for name, chosen in sets.items()}
        scores |= {name: one.scores[name] for name in ("test", "validation")}
        behaviour = one.behaviour if is_real else _BEHAVIOUR
        return Contender(role, role, known, scores, behaviour, COST, LEARNED)

    evidence = Evidence(
        stand("challenger", pair.challenger),
        stand("champion", pair.champion),
        *(test, validation, feedback, exam),
        exam=Exam(0, len(rows), tuple(earlier)),
    )
    return judge(evidence, now=NOW, thresholds=LIMITS)


def _both(split: Split) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return split.texts, split.labels
