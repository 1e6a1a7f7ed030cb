"""The gate before a new champion: a pure function of evidence.

`sentiment.promotion` acts on it, docs/gate.md explains it. The checks are in `comparability` (may
the two be compared at all?), `quality` and `production` (better?), `harm` (worse anywhere?) and
`limits` (behaviour, calibration, cost). Any REJECT rejects, else any HOLD holds, else the
challenger is promoted.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sentiment.errors import GateError
from sentiment.gate.comparability import check_evidence, check_scores
from sentiment.gate.harm import check_slices
from sentiment.gate.limits import check_behaviour, check_budgets, check_calibration
from sentiment.gate.production import NAME as PRODUCTION
from sentiment.gate.production import ask_production, check_exam
from sentiment.gate.quality import check_quality
from sentiment.gate.spending import may_spend
from sentiment.gate.thresholds import Thresholds
from sentiment.gate.verdict import Check, Decision, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from sentiment.gate.evidence import Contender, Evidence
    from sentiment.gate.verdict import Override


def judge(
    evidence: Evidence,
    *,
    now: datetime,
    thresholds: Thresholds | None = None,
    override: Override | None = None,
    earlier_judgements: int = 0,
) -> Verdict:
    """Return the verdict on a challenger: PROMOTE, HOLD or REJECT, with checks and reasons.

    A model whose scores are no probabilities is rejected; nothing is raised. An `override` is
    recorded beside the gate's own decision. `earlier_judgements` is how often this test split has
    decided before: it goes into the record, because every use of one test split spends some of it.

    Raises:
        GateError: The evidence is misused: the roles are swapped, or scores are of another number
            of texts.
    """
    _refuse_misuse(evidence)
    limits = thresholds or Thresholds()
    checks = [*check_scores(evidence)]
    if all(check.outcome == "pass" for check in checks):
        answer = ask_production(evidence, limits)
        checks += [*check_evidence(evidence, limits), *check_exam(evidence, limits)]
        checks += check_quality(evidence, answer, limits)
        checks += check_slices(evidence, answer, limits)
        checks += [*check_behaviour(evidence, limits), *check_calibration(evidence, limits)]
    checks += check_budgets(evidence, limits)
    decision = _decide(checks)
    return Verdict(
        decision=decision,
        reasons=_reasons(decision, checks),
        checks=tuple(checks),
        challenger=_describe(evidence.challenger),
        champion=_describe(evidence.champion) if evidence.champion else None,
        data=_describe_data(evidence, limits, earlier_judgements),
        thresholds=asdict(limits),
        judged_at=now.isoformat(timespec="seconds"),
        override=override,
    )


def _refuse_misuse(evidence: Evidence) -> None:
    for contender, role in ((evidence.challenger, "challenger"), (evidence.champion, "champion")):
        if contender is None:
            continue
        if contender.role != role:
            raise GateError(
                f"{contender.name} was loaded as the {contender.role} but stands as the {role}: "
                f"exchange the two"
            )
        for texts in evidence.sets:
            scores = contender.scores.get(texts.name)
            if scores is None or len(scores) != len(texts.texts):
                given = "no scores" if scores is None else f"{len(scores)} scores"
                raise GateError(
                    f"the {role} {contender.name} has {given} for the {len(texts.texts)} texts "
                    f"of {texts.name!r}: score it again"
                )


def _decide(checks: list[Check]) -> Decision:
    outcomes = {check.outcome for check in checks}
    if "reject" in outcomes:
        return Decision.REJECT
    return Decision.HOLD if "hold" in outcomes else Decision.PROMOTE


def _reasons(decision: Decision, checks: list[Check]) -> tuple[str, ...]:
    """Return the sentences of the checks that decided: against the challenger, or for it."""
    if decision is Decision.PROMOTE:
        quality = [check for check in checks if check.group == "quality"]
        # Where production was asked too little of, who reads the verdict should know.
        return tuple(
            check.sentence
            for check in sorted(quality, key=lambda check: check.outcome != "pass")
            if check.outcome == "pass" or (check.name == PRODUCTION and check.figures["rows"])
        )
    order = {"reject": 0, "hold": 1}
    against = [check for check in checks if check.outcome in order]
    return tuple(check.sentence for check in sorted(against, key=lambda check: order[check.outcome]))


def _describe(contender: Contender) -> dict[str, Any]:
    rows = None if contender.training_rows is None else len(contender.training_rows)
    return {"name": contender.name, **contender.facts, "training_texts": rows}


def _describe_data(evidence: Evidence, limits: Thresholds, earlier_judgements: int) -> dict[str, Any]:
    sets = {texts.name: {"rows": len(texts.texts), "sha256": texts.digest} for texts in evidence.sets}
    data: dict[str, Any] = {**sets, "earlier_judgements_on_this_test_split": earlier_judgements}
    if evidence.champion:
        exam, rows = evidence.exam, len(evidence.production.texts) if evidence.production else 0
        alpha = may_spend(rows, evidence.challenger.name, exam.looks, limits)
        data["exam"] = {"from": exam.start, "to": exam.end, "rows": rows, "alpha": alpha}
        data["exam"] |= {"earlier_looks": len(exam.looks), "is_spent": rows >= limits.whole_exam}
    return data
