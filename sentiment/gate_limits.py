"""The gate's other questions: does the challenger behave, does it know how sure it is, and what does it cost? Pure checks of evidence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sentiment.evaluate import evaluate
from sentiment.significance import mcnemar
from sentiment.verdict import Check

if TYPE_CHECKING:
    from sentiment.evidence import Cost, Evidence
    from sentiment.thresholds import Thresholds
    from sentiment.verdict import Outcome


def check_behaviour(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return a check of each kind of the behavioural suite (Ribeiro et al., ACL 2020): the pass rate must not fall."""
    champion = evidence.champion
    if not evidence.challenger.behaviour:
        return [Check("behavioural suite", "behaviour", "note", "The behavioural suite was not run.")]
    checks = []
    for kind, passed in evidence.challenger.behaviour.items():
        new, old = np.array(passed, dtype=bool), np.array(champion.behaviour.get(kind, ()) if champion else (), dtype=bool)
        rate, cases = float(new.mean()), len(new)
        if len(old) != cases:
            outcome: Outcome = "hold" if champion else "note"
            sentence = f"{kind.capitalize()}: {rate:.0%} of {cases} cases pass; the champion has not answered the same ones."
            checks.append(Check(kind, "behaviour", outcome, sentence, {"champion": None, "challenger": rate, "cases": cases}))
            continue
        before = float(old.mean())
        is_worse = rate < before - limits.behaviour_margin or mcnemar(old, new)[1] < limits.alpha / len(evidence.challenger.behaviour)
        sentence = f"{kind.capitalize()}: {rate:.0%} of {cases} cases pass, {before:.0%} with the champion."
        figures = {"champion": before, "challenger": rate, "cases": cases}
        checks.append(Check(kind, "behaviour", "hold" if is_worse else "pass", sentence, figures))
    return checks


def check_calibration(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return the check of the expected calibration error on the test split."""
    labels = evidence.test.labels
    new = evaluate(labels, evidence.challenger.scores["test"])["ece"]
    if evidence.champion is None:
        sentence = f"The scores are {100 * new:.1f} points off what comes true, on average."
        return [Check("calibration", "calibration", "note", sentence, {"champion": None, "challenger": new})]
    old = evaluate(labels, evidence.champion.scores["test"])["ece"]
    is_worse = new > old + limits.calibration_margin
    sentence = f"The challenger's scores are {100 * new:.1f} points off what comes true, on average; the champion's {100 * old:.1f}."
    figures = {"champion": old, "challenger": new, "limit": old + limits.calibration_margin}
    return [Check("calibration", "calibration", "hold" if is_worse else "pass", sentence, figures)]


def check_budgets(evidence: Evidence, limits: Thresholds) -> list[Check]:
    """Return the checks of what an answer costs: against the budgets, and the time against the champion's."""
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
    if not p95 <= limits.latency_ms:  # NaN fails, too
        sentence = f"One answer takes {p95:.1f} ms (p95), over the budget of {limits.latency_ms:g} ms."
        return Check("latency", "budget", "reject", sentence, figures)
    if before is not None and p95 > limits.quick_ms and p95 > limits.slower * before:
        sentence = (
            f"One answer takes {p95:.1f} ms (p95), {p95 / before:.1f} times the champion's {before:.1f} ms; {limits.slower:g} are allowed."
        )
        return Check("latency", "budget", "hold", sentence, {**figures, "limit": limits.slower * before})
    than = "" if before is None else f", the champion's {before:.1f} ms"
    return Check("latency", "budget", "pass", f"One answer takes {p95:.1f} ms (p95){than}.", figures)


def _check_budget(name: str, value: float, before: float | None, limit: float) -> Check:
    figures = {"champion": before, "challenger": value, "limit": limit, "unit": "MB"}
    is_over = not (math.isfinite(value) and value <= limit)
    sentence = f"The {name} is {value:,.0f} MB, {'over' if is_over else 'within'} the budget of {limit:,.0f} MB."
    return Check(name, "budget", "reject" if is_over else "pass", sentence, figures)
