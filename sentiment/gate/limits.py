"""The gate's other questions: behaviour, calibration and cost of the challenger. Pure checks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sentiment.evaluation.behaviour_suite import KINDS
from sentiment.evaluation.metrics import checked_indices, expected_calibration_error
from sentiment.evaluation.significance import holm, sign_flip
from sentiment.gate.phrase import Phrase
from sentiment.gate.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models import Scores
    from sentiment.evaluation.cost import Cost
    from sentiment.gate.evidence import Contender, Evidence
    from sentiment.gate.thresholds import Thresholds
    from sentiment.gate.verdict import Outcome


def check_behaviour(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return a check of each kind of the behavioural suite: no fewer cases pass, beyond chance.

    The suite follows Ribeiro et al., ACL 2020. A sign-flip test over the templates of each kind,
    whose cases pass or fail together, Holm-corrected over the kinds. A margin in points would be a
    matter of a few templates.
    """
    new, champion = evidence.challenger.behaviour, evidence.champion
    if set(new) != set(KINDS):
        return [
            Check(
                "behavioural suite",
                "behaviour",
                "hold",
                "The challenger has not answered the whole behavioural suite.",
            )
        ]
    before = champion.behaviour if champion else {}
    comparable = [kind for kind in KINDS if len(before.get(kind, ())) == len(new[kind])]
    worse = holm(
        {
            kind: sign_flip(np.array(before[kind], dtype=float), np.array(new[kind], dtype=float))
            for kind in comparable
        },
        limits.alpha,
    )
    return [
        _check_kind(kind, new[kind], before[kind] if kind in comparable else None, champion, kind in worse)
        for kind in KINDS
    ]


def _check_kind(
    kind: str,
    passed: Sequence[float],
    before: Sequence[float] | None,
    champion: Contender | None,
    is_worse: bool,
) -> Check:
    rate = sum(passed) / len(passed)
    words = Phrase(
        "{kind!c}: {rate:.0%} of the cases of {templates} templates pass",
        kind=kind,
        rate=float(rate),
        templates=len(passed),
    )
    figures = {"champion": None, "challenger": rate, "templates": len(passed)}
    if before is None:
        outcome: Outcome = "hold" if champion else "note"
        other = "{words}; the champion has not answered the same ones."
        return Check(
            kind, "behaviour", outcome, Phrase(other if champion else "{words}.", words=words), figures
        )
    earlier = sum(before) / len(before)
    by_chance = "{words}, {earlier:.0%} with the champion."
    worse = "{words}, {earlier:.0%} with the champion, and not by chance."
    sentence = Phrase(worse if is_worse else by_chance, words=words, earlier=float(earlier))
    return Check(
        kind, "behaviour", "hold" if is_worse else "pass", sentence, {**figures, "champion": earlier}
    )


def check_calibration(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return the check of the expected calibration error on the test split."""
    labels = evidence.test.labels
    new = _calibration_error(labels, evidence.challenger.scores["test"])
    if evidence.champion is None:
        sentence = Phrase("The scores are {new:.1f} points off what comes true, on average.", new=100 * new)
        return [Check("calibration", "calibration", "note", sentence, {"champion": None, "challenger": new})]
    old = _calibration_error(labels, evidence.champion.scores["test"])
    is_worse = new > old + limits.calibration_margin
    sentence = Phrase(
        "The challenger's scores are {new:.1f} points off what comes true, on average; "
        "the champion's {old:.1f}.",
        new=100 * new,
        old=100 * old,
    )
    figures = {"champion": old, "challenger": new, "limit": old + limits.calibration_margin}
    return [Check("calibration", "calibration", "hold" if is_worse else "pass", sentence, figures)]


def _calibration_error(labels: Sequence[str], scores: Scores) -> float:
    is_correct = checked_indices(labels, scores) == scores.argmax(axis=1)
    return expected_calibration_error(is_correct, scores.max(axis=1))


def check_budgets(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return the checks of latency, size and memory: by the budgets, and by the champion's time."""
    new, old = evidence.challenger.cost, evidence.champion.cost if evidence.champion else None
    if new is None:
        return [Check("cost", "budget", "hold", "What the challenger costs was not measured.")]
    return [
        _check_latency(new, old, limits),
        _check_budget("size", new.size_mb, old.size_mb if old else None, limits.size_mb),
        _check_budget("memory", new.memory_mb, old.memory_mb if old else None, limits.memory_mb),
    ]


def _check_latency(new: Cost, old: Cost | None, limits: Thresholds) -> Check:
    p95, before = new.latency_ms_p95, old.latency_ms_p95 if old else None
    figures = {"champion": before, "challenger": p95, "limit": limits.latency_ms, "unit": "ms"}
    if not 0 < p95 <= limits.latency_ms:  # NaN fails, too
        sentence = Phrase(
            "One answer takes {p95:.1f} ms (p95), not within the budget of {limit:g} ms.",
            p95=p95,
            limit=limits.latency_ms,
        )
        return Check("latency", "budget", "reject", sentence, figures)
    if before is not None and not 0 < before < math.inf:
        sentence = Phrase(
            "The champion's answers took {before} ms (p95), which cannot be compared with.", before=before
        )
        return Check("latency", "budget", "hold", sentence, figures)
    if before is not None and p95 > limits.quick_ms and p95 > limits.slower * before:
        sentence = Phrase(
            "One answer takes {p95:.1f} ms (p95), {times:.1f} times the champion's {before:.1f} ms; "
            "{allowed:g} are allowed.",
            p95=p95,
            times=p95 / before,
            before=before,
            allowed=limits.slower,
        )
        return Check("latency", "budget", "hold", sentence, {**figures, "limit": limits.slower * before})
    sentence = Phrase("One answer takes {p95:.1f} ms (p95).", p95=p95)
    if before is not None:
        both = "One answer takes {p95:.1f} ms (p95), the champion's {before:.1f} ms."
        sentence = Phrase(both, p95=p95, before=before)
    return Check("latency", "budget", "pass", sentence, figures)


def _check_budget(name: str, value: float, before: float | None, limit: float) -> Check:
    figures = {"champion": before, "challenger": value, "limit": limit, "unit": "MB"}
    is_over = not 0 < value <= limit  # NaN fails, too
    within = "The {name} is {value:,.0f} MB, within the budget of {limit:,.0f} MB."
    over = "The {name} is {value:,.0f} MB, not within the budget of {limit:,.0f} MB."
    sentence = Phrase(over if is_over else within, name=name, value=value, limit=limit)
    return Check(name, "budget", "reject" if is_over else "pass", sentence, figures)
