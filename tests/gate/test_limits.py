"""Each limit of the gate, from both sides: just within passes, just beyond does not."""

from dataclasses import replace

import numpy as np
import pytest
from gate_fixtures import (
    BEHAVIOUR,
    COST,
    FEW_DRAWS,
    NOW,
    improve,
    make_evidence,
    outcome,
    scores,
    sure,
    verdict,
    with_challenger,
    with_champion,
    with_facts,
)

from models import LABELS
from sentiment.data.dataset import EvaluationSet
from sentiment.data.fingerprints import dump, fingerprint, parse
from sentiment.evaluation.significance import gap_between_sets
from sentiment.gate.judge import judge
from sentiment.gate.thresholds import Thresholds
from sentiment.gate.verdict import Decision


def with_cost(**changes):
    return with_challenger(make_evidence(), cost=replace(COST, **changes))


def with_passes(kind, passed, of):
    return with_challenger(
        make_evidence(), behaviour={**BEHAVIOUR, kind: [True] * passed + [False] * (of - passed)}
    )


def with_confidence(score):
    evidence = make_evidence()
    predicted = evidence.challenger.scores["test"].argmax(axis=1)
    return with_challenger(evidence, scores={**evidence.challenger.scores, "test": sure(predicted, score)})


def with_emoji(*, lost, won=0):
    """A better challenger that loses and wins some of the champion's tweets with an emoji."""
    evidence = make_evidence()
    true = np.array([LABELS.index(label) for label in evidence.test.labels])
    new, old = evidence.challenger.scores["test"].copy(), evidence.champion.scores["test"]
    has_emoji, is_right = np.array(["😀" in text for text in evidence.test.texts]), old.argmax(axis=1) == true
    new[has_emoji] = old[has_emoji]
    for chosen, labels in (
        (np.flatnonzero(has_emoji & is_right)[:lost], (true + 1) % 3),
        (np.flatnonzero(has_emoji & ~is_right)[:won], true),
    ):
        new[chosen] = sure(labels[chosen])
    return with_challenger(evidence, scores={**evidence.challenger.scores, "test": new})


def with_lead_on_test(share):
    evidence = make_evidence(gain=0.02)
    learned = improve(evidence.champion.scores["test"], evidence.test, share)
    return with_challenger(evidence, scores={**evidence.challenger.scores, "test": learned})


@pytest.mark.parametrize(
    ("group", "name", "within", "beyond", "what"),
    [
        # Three times the champion's 5 ms.
        ("budget", "latency", with_cost(latency_ms_p95=14.9), with_cost(latency_ms_p95=15.1), "hold"),
        ("budget", "latency", with_cost(latency_ms_p95=14.9), with_cost(latency_ms_p95=250.1), "reject"),
        ("budget", "latency", with_cost(latency_ms_p95=1.0), with_cost(latency_ms_p95=-1.0), "reject"),
        ("budget", "size", with_cost(size_mb=1500), with_cost(size_mb=1501), "reject"),
        ("budget", "memory", with_cost(memory_mb=4000), with_cost(memory_mb=4001), "reject"),
        # 4 or 6 lost, none won.
        (
            "behaviour",
            "invariance",
            with_passes("invariance", 56, 60),
            with_passes("invariance", 54, 60),
            "hold",
        ),
        # Other cases.
        (
            "behaviour",
            "invariance",
            with_passes("invariance", 60, 60),
            with_passes("invariance", 59, 59),
            "hold",
        ),
        ("calibration", "calibration", with_confidence(0.85), with_confidence(0.9), "hold"),
        ("slices", "emoji", with_emoji(lost=5), with_emoji(lost=60, won=38), "hold"),
        ("slices", "emoji", with_emoji(lost=60, won=38), with_emoji(lost=60), "reject"),
        ("evidence", "memory", with_lead_on_test(0.1), with_lead_on_test(0.3), "reject"),
    ],
)
def test_what_is_just_within_a_limit_is_not_what_is_just_beyond(group, name, within, beyond, what):
    thresholds = Thresholds() if group == "slices" else FEW_DRAWS
    outcomes = [
        {(check.group, check.name): check.outcome for check in verdict(evidence, thresholds).checks}[
            group, name
        ]
        for evidence in (within, beyond)
    ]

    assert outcomes[0] != what
    assert outcomes[1] == what


def test_a_fast_model_is_not_held_for_being_three_times_slower_than_a_faster_one():
    quick = with_champion(with_cost(latency_ms_p95=9.9), cost=replace(COST, latency_ms_p95=0.3))
    slower = with_champion(with_cost(latency_ms_p95=10.1), cost=replace(COST, latency_ms_p95=0.3))

    assert (outcome(verdict(quick), "latency"), outcome(verdict(slower), "latency")) == ("pass", "hold")


def test_a_worse_challenger_is_rejected_and_not_merely_held():
    evidence = make_evidence(gain=0.0)
    worse = with_challenger(
        evidence, scores={**evidence.challenger.scores, "test": scores(evidence.test, 0.75, 0)}
    )

    assert outcome(verdict(worse), "macro F1 on test") == "reject"
    assert outcome(verdict(worse), "accuracy on test") == "hold"


def test_many_slices_do_not_add_up_to_a_false_rejection():
    """A slice with p below alpha, but not below alpha over the number of slices, is not worse."""
    given = verdict(with_emoji(lost=60, won=38), Thresholds())
    check = next(check for check in given.checks if check.name == "emoji")

    assert 0.045 / 11 < check.figures["p_worse"] < 0.045
    assert check.outcome != "reject"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda one: with_challenger(one, training_rows=frozenset()), "training rows of the challenger"),
        (lambda one: with_challenger(one, facts={"trained_at": "2026-11-20T00:00:00+00:00"}), "test split"),
        (lambda one: with_challenger(one, facts={"test_digest": one.test.digest}), "age"),
        (lambda one: with_challenger(one, facts=with_facts(one.challenger, trained_at="2026-11-20")), "age"),
        (lambda one: with_challenger(one, behaviour={}), "behavioural suite"),
        (lambda one: with_challenger(one, behaviour={"invariance": [True] * 60}), "behavioural suite"),
        (lambda one: with_champion(one, cost=replace(COST, latency_ms_p95=float("nan"))), "latency"),
    ],
)
def test_what_is_not_known_does_not_promote(change, name):
    given = verdict(change(make_evidence()))

    assert given.decision is Decision.HOLD
    assert outcome(given, name) == "hold"


@pytest.mark.parametrize("texts", [("a complaint",), ("a complaint", "another one")])
def test_the_first_complaints_do_not_stop_the_gate(texts):
    evidence = make_evidence()
    few = replace(evidence, feedback=EvaluationSet("feedback", texts, ("negative",) * len(texts)))
    row = np.array([[0.8, 0.1, 0.1]] * len(texts))
    few = with_challenger(few, scores={**few.challenger.scores, "feedback": row})
    few = with_champion(few, scores={**few.champion.scores, "feedback": row[:, ::-1]})

    assert verdict(few).decision is Decision.PROMOTE
    flipped = {name: scores[:, ::-1] for name, scores in few.challenger.scores.items()}
    assert verdict(with_challenger(few, scores=flipped)).decision is Decision.REJECT


def test_a_first_champion_must_beat_the_one_answer_that_is_right_most_often():
    evidence = replace(make_evidence(), champion=None)
    flipped = with_challenger(
        evidence, scores={name: rows[:, ::-1] for name, rows in evidence.challenger.scores.items()}
    )
    constant = np.tile([0.8, 0.1, 0.1], (3000, 1))
    lazy = with_challenger(evidence, scores=dict.fromkeys(evidence.challenger.scores, constant))

    assert verdict(evidence).decision is Decision.PROMOTE
    assert (verdict(flipped).decision, verdict(lazy).decision) == (Decision.HOLD, Decision.HOLD)
    assert verdict(with_challenger(evidence, training_rows=None)).decision is Decision.HOLD


def test_a_test_text_that_was_learned_with_a_word_added_is_in_the_record():
    evidence = make_evidence()
    leaked = "the service at the station was so slow today that I missed my train"
    test = EvaluationSet("test", (leaked, *evidence.test.texts[1:]), evidence.test.labels)
    rows = parse(dump(["something else", f"{leaked} lol"], test.texts))

    assert fingerprint(leaked) in rows
    assert fingerprint(test.texts[7]) not in rows
    given = verdict(replace(with_challenger(evidence, training_rows=rows), test=test))
    assert outcome(given, "training rows of the challenger") == "reject"


def test_a_challenger_that_learned_the_validation_texts_is_rejected():
    evidence = make_evidence()
    rows = frozenset(fingerprint(text) for text in evidence.validation.texts)

    assert verdict(with_challenger(evidence, training_rows=rows)).decision is Decision.REJECT


def test_the_p_value_of_a_gap_between_sets_is_right_as_often_as_it_says():
    chance = np.random.default_rng(0)

    def lead(rows):
        return chance.random(rows) < 0.8, chance.random(rows) < 0.8

    values = np.array([gap_between_sets(lead(800), lead(300))[1] for _ in range(2000)])

    assert np.mean(values < 0.05) == pytest.approx(0.05, abs=0.015)
    assert np.mean(values < 0.5) == pytest.approx(0.5, abs=0.035)


def test_the_level_is_the_one_of_the_thresholds():
    evidence = make_evidence(gain=0.012)
    p_value = next(
        check for check in verdict(evidence, Thresholds()).checks if check.name == "macro F1 on test"
    ).figures["p_better"]
    just_above, just_below = (
        judge(evidence, now=NOW, thresholds=Thresholds(alpha=p_value * factor)) for factor in (1.01, 0.99)
    )

    assert (outcome(just_above, "macro F1 on test"), outcome(just_below, "macro F1 on test")) == (
        "pass",
        "hold",
    )
