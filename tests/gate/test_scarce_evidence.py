"""Scarce evidence decides nothing: empty sets, few texts, a small lead, no champion."""

from dataclasses import replace

import numpy as np
from gate_fixtures import (
    COST,
    evaluation_set,
    make_evidence,
    outcome,
    verdict,
    with_challenger,
    with_champion,
    with_facts,
)

from sentiment.data.dataset import EvaluationSet
from sentiment.gate.thresholds import Thresholds
from sentiment.gate.verdict import Decision


def test_an_empty_slice_is_named_and_decides_nothing():
    evidence = make_evidence()
    plain = replace(
        evidence,
        test=replace(evidence.test, texts=tuple(text.replace("😀", "") for text in evidence.test.texts)),
    )

    for change, side in ((with_challenger, plain.challenger), (with_champion, plain.champion)):
        plain = change(plain, facts=with_facts(side, test_digest=plain.test.digest))

    given = verdict(plain)

    assert outcome(given, "emoji") == "note"
    assert given.decision is Decision.PROMOTE


def test_an_empty_or_one_sided_evaluation_set_decides_nothing():
    evidence = make_evidence()
    empty = replace(evidence, test=EvaluationSet("test", (), ()))
    empty = with_champion(
        with_challenger(empty, scores={**evidence.challenger.scores, "test": np.zeros((0, 3))}),
        scores={**evidence.champion.scores, "test": np.zeros((0, 3))},
    )
    one_sided = replace(
        evidence, test=replace(evidence.test, labels=("negative",) * len(evidence.test.labels))
    )

    assert (verdict(empty).decision, verdict(one_sided).decision) == (Decision.HOLD, Decision.HOLD)


def test_too_few_test_texts_decide_nothing():
    given = verdict(make_evidence(rows=20, gain=1.0))

    assert given.decision is not Decision.PROMOTE
    assert outcome(given, "test size") == "hold"


def test_a_small_lucky_lead_is_held():
    assert verdict(make_evidence(gain=0.004), thresholds=Thresholds()).decision is Decision.HOLD


def test_a_first_champion_must_still_give_probabilities_within_the_budgets():
    evidence = replace(make_evidence(), champion=None)
    slow = with_challenger(evidence, cost=replace(COST, latency_ms_p95=500.0))

    assert verdict(evidence).decision is Decision.PROMOTE
    assert "There was no champion" in verdict(evidence).reasons[0]
    assert verdict(slow).decision is Decision.REJECT
    assert (
        verdict(
            with_challenger(
                evidence, scores={**evidence.challenger.scores, "test": np.full((3000, 3), np.nan)}
            )
        ).decision
        is Decision.REJECT
    )


def test_a_feedback_set_that_is_too_small_decides_nothing():
    given = verdict(replace(make_evidence(), feedback=None))
    small = make_evidence(feedback=60)

    assert given.decision is verdict(small).decision is Decision.PROMOTE
    assert outcome(verdict(small), "macro F1 on feedback") == "note"
    assert evaluation_set("feedback", 60).digest != small.test.digest
