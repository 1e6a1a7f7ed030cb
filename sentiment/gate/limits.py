"""The gate's other questions: behaviour, calibration and cost of the challenger. Pure checks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sentiment.evaluation.behaviour_suite import KINDS
from sentiment.evaluation.metrics import checked_indices, expected_calibration_error
from sentiment.evaluation.significance import holm, sign_flip
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
    words = f"{kind.capitalize()}: {rate:.0%} of the cases of {len(passed)} templates pass"
    figures = {"champion": None, "challenger": rate, "templates": len(passed)}
    if before is None:
        outcome: Outcome = "hold" if champion else "note"
        reason = "; the champion has not answered the same ones." if champion else "."
        return Check(kind, "behaviour", outcome, words + reason, figures)
    earlier = sum(before) / len(before)
    sentence = f"{words}, {earlier:.0%} with the champion{', and not by chance' if is_worse else ''}."
    return Check(
        kind, "behaviour", "hold" if is_worse else "pass", sentence, {**figures, "champion": earlier}
    )


def check_calibration(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return the check of the expected calibration error on the test split."""
    labels = evidence.test.labels
    new = _calibration_error(labels, evidence.challenger.scores["test"])
    if evidence.champion is None:
        sentence = f"The scores are {100 * new:.1f} points off what comes true, on average."
        return [Check("calibration", "calibration", "note", sentence, {"champion": None, "challenger": new})]
    old = _calibration_error(labels, evidence.champion.scores["test"])
    is_worse = new > old + limits.calibration_margin
    sentence = (
        f"The challenger's scores are {100 * new:.1f} points off what comes true, on average; "
        f"the champion's {100 * old:.1f}."
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
        sentence = f"One answer takes {p95:.1f} ms (p95), not within the budget of {limits.latency_ms:g} ms."
        return Check("latency", "budget", "reject", sentence, figures)
    if before is not None and not 0 < before < math.inf:
        return Check(
            "latency",
            "budget",
            "hold",
            f"The champion's answers took {before} ms (p95), which cannot be compared with.",
            figures,
        )
    if before is not None and p95 > limits.quick_ms and p95 > limits.slower * before:
        sentence = (
            f"One answer takes {p95:.1f} ms (p95), {p95 / before:.1f} times the champion's {before:.1f} ms; "
            f"{limits.slower:g} are allowed."
        )
        return Check("latency", "budget", "hold", sentence, {**figures, "limit": limits.slower * before})
    than = "" if before is None else f", the champion's {before:.1f} ms"
    return Check("latency", "budget", "pass", f"One answer takes {p95:.1f} ms (p95){than}.", figures)


def _check_budget(name: str, value: float, before: float | None, limit: float) -> Check:
    figures = {"champion": before, "challenger": value, "limit": limit, "unit": "MB"}
    is_over = not 0 < value <= limit  # NaN fails, too
    sentence = (
        f"The {name} is {value:,.0f} MB, {'not ' if is_over else ''}within the budget of {limit:,.0f} MB."
    )
    return Check(name, "budget", "reject" if is_over else "pass", sentence, figures)
