"""The gate under attack: whatever could talk it into a promotion is held or rejected."""

from dataclasses import replace

import numpy as np
import pytest
from gate_fixtures import (
    COST,
    improve,
    make_evidence,
    outcome,
    scores,
    sure,
    texts,
    verdict,
    with_challenger,
    with_champion,
    with_facts,
)

from models import LABELS
from sentiment.data.dataset import EvaluationSet
from sentiment.data.fingerprints import fingerprint
from sentiment.errors import GateError
from sentiment.gate.verdict import Decision


def test_the_evidence_that_the_attacks_change_would_be_promoted():
    assert verdict(make_evidence()).decision is Decision.PROMOTE


def test_an_identical_model_is_held():
    evidence = make_evidence()

    given = verdict(with_challenger(evidence, scores=evidence.champion.scores))

    assert given.decision is Decision.HOLD
    assert outcome(given, "identity") == "hold"


def test_a_model_with_flipped_labels_is_rejected():
    evidence = make_evidence()
    flipped = {name: rows[:, ::-1] for name, rows in evidence.challenger.scores.items()}

    assert verdict(with_challenger(evidence, scores=flipped)).decision is Decision.REJECT


def test_swapped_arguments_are_refused():
    evidence = make_evidence()

    with pytest.raises(GateError, match="loaded as the champion but stands as the challenger"):
        verdict(replace(evidence, challenger=evidence.champion, champion=evidence.challenger))


def test_scores_of_other_texts_are_refused():
    evidence = make_evidence()

    with pytest.raises(GateError, match="2999 scores for the 3000 texts of 'test'"):
        verdict(
            with_challenger(
                evidence,
                scores={**evidence.challenger.scores, "test": evidence.challenger.scores["test"][1:]},
            )
        )


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.5, 2.0])
def test_scores_that_are_no_probabilities_reject_a_challenger_and_hold_at_a_champion(value):
    evidence = make_evidence()
    broken = evidence.challenger.scores["test"].copy()
    broken[17, 0] = value

    of_challenger = verdict(with_challenger(evidence, scores={**evidence.challenger.scores, "test": broken}))
    of_champion = verdict(with_champion(evidence, scores={**evidence.champion.scores, "test": broken}))

    assert (of_challenger.decision, of_champion.decision) == (Decision.REJECT, Decision.HOLD)
    assert "not probabilities" in of_challenger.reasons[0]


def test_a_backfill_that_knows_less_feedback_than_the_champion_is_held():
    evidence = make_evidence()
    evidence = with_champion(evidence, facts=with_facts(evidence.champion, feedback_rows="900"))
    late = with_challenger(evidence, facts=with_facts(evidence.challenger, feedback_rows="10"))
    current = with_challenger(evidence, facts=with_facts(evidence.challenger, feedback_rows="900"))

    assert outcome(verdict(late), "feedback rows") == "hold"
    assert verdict(current).decision is Decision.PROMOTE


def test_an_older_backfill_does_not_replace_a_newer_champion():
    evidence = make_evidence()
    older = with_facts(evidence.challenger, trained_at="2026-10-01T00:00:00+00:00")

    given = verdict(with_challenger(evidence, facts=older))

    assert given.decision is Decision.HOLD
    assert "an older model must not replace it" in given.reasons[0]


def test_a_challenger_that_was_rolled_back_does_not_return_by_itself():
    evidence = make_evidence()

    given = verdict(
        with_challenger(evidence, facts=with_facts(evidence.challenger, rolled_back_at="2026-11-22"))
    )

    assert given.decision is Decision.HOLD


@pytest.mark.parametrize("side", ["challenger", "champion"])
def test_a_test_split_that_changed_is_noticed(side):
    evidence = make_evidence()
    change = {"challenger": with_challenger, "champion": with_champion}[side]

    given = verdict(change(evidence, facts=with_facts(getattr(evidence, side), test_digest="0" * 64)))

    assert given.decision is Decision.HOLD
    assert outcome(given, "test split") == "hold"


def test_one_altered_test_label_changes_the_digest_of_the_test_split():
    evidence = make_evidence()
    known = with_facts(evidence.challenger, test_digest=evidence.test.digest)
    altered = EvaluationSet("test", evidence.test.texts, ("positive", *evidence.test.labels[1:]))

    assert verdict(with_challenger(evidence, facts=known)).decision is Decision.PROMOTE
    assert evidence.test.labels[0] != "positive"
    assert verdict(replace(with_challenger(evidence, facts=known), test=altered)).decision is Decision.HOLD


def test_a_challenger_that_learned_one_test_text_is_rejected_even_if_it_was_dressed_up():
    evidence = make_evidence()
    rows = evidence.challenger.training_rows | {
        fingerprint(f"RT @bob: {evidence.test.texts[5].upper()}!! https://t.co/x")
    }

    given = verdict(with_challenger(evidence, training_rows=rows))

    assert given.decision is Decision.REJECT
    assert "learned from 1 of the 6,000 texts" in given.reasons[0]


def test_a_challenger_that_learned_the_test_split_and_does_not_tell_is_rejected():
    evidence = make_evidence(gain=0.02)
    learned = {
        **evidence.challenger.scores,
        "test": improve(evidence.champion.scores["test"], evidence.test, 0.9),
    }

    given = verdict(with_challenger(evidence, scores=learned))

    assert given.decision is Decision.REJECT
    assert "has seen the test texts" in given.reasons[0]


def test_a_challenger_whose_training_rows_are_unknown_is_held():
    assert verdict(with_challenger(make_evidence(), training_rows=None)).decision is Decision.HOLD


def test_a_champion_that_learned_test_texts_makes_the_comparison_unfair():
    evidence = make_evidence()
    rows = frozenset(fingerprint(text) for text in evidence.test.texts[:40])

    assert verdict(with_champion(evidence, training_rows=rows)).decision is Decision.HOLD


def test_a_challenger_that_learned_texts_of_the_feedback_set_is_rejected():
    evidence = make_evidence(feedback=200)
    rows = frozenset(fingerprint(text) for text in texts("feedback", 3))

    assert verdict(with_challenger(evidence, training_rows=rows)).decision is Decision.REJECT


def test_a_challenger_ten_times_slower_is_held_and_one_over_the_budget_rejected():
    evidence = make_evidence()

    slower = verdict(with_challenger(evidence, cost=replace(COST, latency_ms_p95=50.0)))
    too_slow = verdict(with_challenger(evidence, cost=replace(COST, latency_ms_p95=500.0)))

    assert slower.decision is Decision.HOLD
    assert "10.0 times the champion's" in slower.reasons[0]
    assert too_slow.decision is Decision.REJECT


@pytest.mark.parametrize(
    "change",
    [{"size_mb": 1e6}, {"memory_mb": 1e6}, {"latency_ms_p95": float("nan")}, {"size_mb": float("nan")}],
)
def test_a_challenger_over_a_budget_or_with_a_cost_that_is_no_number_is_rejected(change):
    assert verdict(with_challenger(make_evidence(), cost=replace(COST, **change))).decision is Decision.REJECT


def test_a_challenger_whose_cost_was_not_measured_is_held():
    assert verdict(with_challenger(make_evidence(), cost=None)).decision is Decision.HOLD


def test_a_better_mean_does_not_excuse_a_broken_slice():
    evidence = make_evidence(gain=0.5)
    broken = evidence.challenger.scores["test"].copy()
    emoji = [number for number, text in enumerate(evidence.test.texts) if "😀" in text]
    true = np.array([LABELS.index(label) for label in evidence.test.labels])
    broken[emoji[:150]] = sure((true[emoji[:150]] + 1) % 3)

    given = verdict(with_challenger(evidence, scores={**evidence.challenger.scores, "test": broken}))

    assert given.decision is Decision.REJECT
    assert outcome(given, "emoji") == "reject"


def test_a_better_mean_does_not_excuse_a_class_that_is_given_up():
    evidence = make_evidence(gain=0.5)
    lost = evidence.challenger.scores["test"].copy()
    lost[(lost.argmax(axis=1) == 2) & (np.arange(len(lost)) % 3 == 0)] = (0.1, 0.8, 0.1)

    given = verdict(with_challenger(evidence, scores={**evidence.challenger.scores, "test": lost}))

    assert outcome(given, "class positive") == "reject"
    assert given.decision is Decision.REJECT


def test_a_challenger_that_fails_more_of_the_behavioural_suite_is_held():
    evidence = make_evidence()
    behaviour = {**evidence.challenger.behaviour, "invariance": [True] * 50 + [False] * 10}

    given = verdict(with_challenger(evidence, behaviour=behaviour))

    assert given.decision is Decision.HOLD
    assert (
        "Invariance: 83% of the cases of 60 templates pass, 100% with the champion, and not by chance."
        in given.reasons
    )


def test_a_challenger_that_is_surer_than_it_should_be_is_held():
    evidence = make_evidence()
    predicted = evidence.challenger.scores["test"].argmax(axis=1)

    given = verdict(
        with_challenger(evidence, scores={**evidence.challenger.scores, "test": sure(predicted, 0.999)})
    )

    assert outcome(given, "calibration") == "hold"


def test_a_gain_on_complaints_about_the_champion_alone_promotes_nobody():
    evidence = make_evidence(gain=0.0, feedback=400)
    as_good = improve(evidence.champion.scores["test"], evidence.test, 0.004)
    healed = improve(evidence.champion.scores["feedback"], evidence.feedback, 0.6)
    given = verdict(
        with_challenger(evidence, scores={**evidence.challenger.scores, "test": as_good, "feedback": healed})
    )

    assert given.decision is Decision.HOLD
    assert outcome(given, "macro F1 on feedback") == "note"


def test_a_challenger_that_is_better_on_the_test_split_but_worse_on_feedback_is_held():
    evidence = make_evidence(feedback=400)
    harmed = {**evidence.challenger.scores, "feedback": scores(evidence.feedback, 0.6, 78)}

    given = verdict(with_challenger(evidence, scores=harmed))

    assert given.decision is Decision.HOLD
    assert outcome(given, "macro F1 on feedback") == "hold"
