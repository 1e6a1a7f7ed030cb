"""Two ways to win: better in production, or better on the base, and no worse at the other place."""

from dataclasses import replace

import numpy as np
import pytest
from gate_fixtures import (
    FEW_DRAWS,
    as_good,
    check_named,
    make_evidence,
    outcome,
    spoil,
    sure,
    verdict,
    with_challenger,
    with_exam,
    with_facts,
)

from models import LABELS
from sentiment.gate.spending import Look
from sentiment.gate.verdict import Decision

NAME = "macro F1 in production"


def on_base(evidence, *, loss=0.0):
    """The evidence with a challenger that is worse on the base's test split, or as good."""
    old = evidence.champion.scores["test"]
    new = spoil(old, evidence.test, loss) if loss else as_good(old, evidence.test)
    return with_challenger(evidence, scores={**evidence.challenger.scores, "test": new})


def test_better_in_production_and_as_good_on_the_base_is_promoted():
    given = verdict(on_base(with_exam(make_evidence())))

    assert given.decision is Decision.PROMOTE, given.reasons
    assert given.reasons[0].startswith("The challenger is better in production: F1 ")
    assert "no worse on the base: a loss of 2 points is ruled out" in given.reasons[1]


def test_better_in_production_excuses_no_loss_on_the_base_beyond_the_margin():
    evidence = with_exam(make_evidence())
    small, large = (verdict(on_base(evidence, loss=loss)) for loss in (0.02, 0.08))

    assert outcome(small, NAME) == outcome(large, NAME) == "pass"
    assert (outcome(small, "macro F1 on test"), outcome(large, "macro F1 on test")) == ("hold", "reject")
    assert (
        "a loss of 2 points on the base is not ruled out" in check_named(small, "macro F1 on test").sentence
    )


def test_better_in_production_need_not_rule_out_a_loss_in_every_slice_of_the_base():
    strict = replace(FEW_DRAWS, slice_margin=0.0001)
    plain, better = (
        verdict(on_base(evidence), strict) for evidence in (make_evidence(), with_exam(make_evidence()))
    )

    assert outcome(plain, "class negative") == "hold"
    assert outcome(better, "class negative") == "note"
    assert "cannot be ruled out" in check_named(better, "class negative").sentence
    assert better.decision is Decision.PROMOTE, better.reasons


def test_better_on_the_base_and_as_good_in_production_is_promoted():
    given = verdict(with_exam(make_evidence(), 3000, gain=0.0))

    assert given.decision is Decision.PROMOTE, given.reasons
    assert "no worse in production: a loss of 2 points is ruled out" in given.reasons[0]


def test_better_on_the_base_alone_is_not_promoted_with_a_loss_in_production():
    unsure = verdict(with_exam(make_evidence(), 300, gain=0.0))
    worse = verdict(with_exam(make_evidence(), 1500, gain=0.0, loss=0.15))

    assert (unsure.decision, worse.decision) == (Decision.HOLD, Decision.REJECT)
    assert outcome(unsure, "macro F1 on test") == "pass"
    assert "a loss of 2 points in production is not ruled out" in unsure.reasons[0]
    assert outcome(worse, NAME) == "reject"


@pytest.mark.parametrize("rows", [0, 1, 99])
def test_below_a_hundred_tweets_the_base_decides_as_if_there_were_no_exam(rows):
    plain = make_evidence()
    evidence = with_exam(plain, rows, gain=0.0, loss=0.9) if rows else plain

    given, before = verdict(evidence), verdict(plain)
    check = check_named(given, NAME)

    assert given.decision is before.decision is Decision.PROMOTE
    assert check_named(given, "macro F1 on test") == check_named(before, "macro F1 on test")
    assert check.outcome == "note"
    assert check.figures["rows"] == rows
    assert check.figures["labels"] == 3 * (100 - rows)
    assert f"About {3 * (100 - rows)} more audit labels are needed" in check.sentence
    assert "the base test split decides alone" in check.sentence
    assert given.reasons == (before.reasons if not rows else (*before.reasons, check.sentence))


def test_a_hold_says_how_many_labels_would_show_a_gain():
    given = verdict(on_base(with_exam(make_evidence(), 300, gain=0.0)))
    figures = check_named(given, NAME).figures

    assert given.decision is Decision.HOLD
    missing = [figures[f"labels_missing_{points}"] for points in (5, 3, 2)]
    assert missing == sorted(missing)
    assert f"of 2 points: {figures['labels_missing_2']:,}." in given.reasons[0]


def test_the_labels_that_are_missing_follow_the_disagreement_that_was_seen():
    evidence = with_exam(make_evidence(), 300, gain=0.1)
    chance = np.random.default_rng(0)
    noisy = evidence.challenger.scores["production"].copy()
    rows = chance.random(300) < 0.5
    noisy[rows] = sure(chance.integers(0, 3, rows.sum()))
    other = with_challenger(evidence, scores={**evidence.challenger.scores, "production": noisy})
    few, many = (check_named(verdict(each), NAME).figures["labels_missing_5"] for each in (evidence, other))

    assert few < many


def test_weights_decide_what_production_is():
    evidence = on_base(with_exam(make_evidence(), 1000, gain=0.4))
    old, new = evidence.champion.scores["production"], evidence.challenger.scores["production"]
    is_gain = old.argmax(axis=1) != new.argmax(axis=1)
    lost = spoil(old, evidence.production, 0.1)
    mixed = np.where(is_gain[:, None], new, lost)
    evidence = with_challenger(evidence, scores={**evidence.challenger.scores, "production": mixed})
    # Gains were drawn ten times as often as losses.
    weights = tuple(np.where(is_gain, 2.0, 20.0).tolist())
    honest = replace(evidence, production=replace(evidence.production, weights=weights))

    assert outcome(verdict(evidence), NAME) == "pass"
    assert outcome(verdict(honest), NAME) == "reject"


def test_a_better_mean_in_production_does_not_excuse_a_class_that_is_given_up():
    evidence = on_base(with_exam(make_evidence(), 2000, gain=0.9))
    lost = evidence.challenger.scores["production"].copy()
    true = np.array([LABELS.index(label) for label in evidence.production.labels])
    lost[(true == 2) & (np.arange(len(true)) % 5 > 0)] = (0.1, 0.8, 0.1)

    given = verdict(with_challenger(evidence, scores={**evidence.challenger.scores, "production": lost}))

    assert given.decision is Decision.REJECT
    assert outcome(given, "class positive in production") == "reject"


def test_complaints_speak_against_a_challenger_that_is_better_in_production():
    evidence = with_exam(make_evidence(feedback=400))
    harmed = spoil(evidence.champion.scores["feedback"], evidence.feedback, 0.3)

    given = verdict(with_challenger(evidence, scores={**evidence.challenger.scores, "feedback": harmed}))

    assert given.decision is Decision.HOLD
    assert outcome(given, NAME) == "pass"


def test_a_first_champion_needs_no_exam():
    given = verdict(replace(make_evidence(), champion=None))

    assert given.decision is Decision.PROMOTE
    assert "exam" not in given.data


def test_asking_again_without_new_tweets_gives_no_better_chance():
    evidence = on_base(with_exam(make_evidence(), 500, gain=0.25))
    first = verdict(evidence)
    spent = first.data["exam"]["alpha"]
    again = replace(evidence, exam=replace(evidence.exam, looks=(Look("version 1", 0, 1500, 500, spent),)))

    given = verdict(again)

    assert first.decision is Decision.PROMOTE
    assert given.decision is Decision.HOLD
    assert given.reasons[0].startswith("Production was asked before, and too few tweets are new")


def test_a_challenger_that_learned_its_own_exam_is_rejected():
    evidence = with_exam(make_evidence(), learned=3)

    given = verdict(evidence)

    assert given.decision is Decision.REJECT
    assert "learned from 3 of the production tweets that were to judge it" in given.reasons[0]


def test_a_file_that_lost_rows_is_noticed():
    shrunk = with_exam(make_evidence(), 400, looks=(Look("version 1", 0, 1500, 500, 0.01),))
    altered = with_exam(make_evidence(), 400, altered="the champion tweet-sentiment:old")

    assert verdict(shrunk).decision is verdict(altered).decision is Decision.HOLD
    assert "An earlier verdict saw 500 tweets of this exam, now there are 400" in verdict(shrunk).reasons[0]
    assert "Restore the file from Git" in verdict(altered).reasons[0]


def test_the_verdict_names_the_exam_it_was_made_on():
    given = verdict(with_exam(make_evidence(), 1200, gain=0.3))

    assert given.data["production"]["rows"] == 1200
    assert given.data["exam"]["is_spent"]
    assert given.data["exam"]["to"] == 3600
    assert with_facts(make_evidence().challenger)["test_digest"] == given.data["test"]["sha256"]
