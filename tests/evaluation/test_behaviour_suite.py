"""The behavioural suite: a fixed set of cases that good and bad models pass as they should."""

import numpy as np

from models import LABELS
from sentiment.evaluation import behaviour_suite
from sentiment.evaluation.behaviour_cases import Case
from sentiment.evaluation.behaviour_suite import (
    KINDS,
    ask_suite,
    capabilities,
    cases,
    pass_rates,
    run_suite,
    suite_digest,
)


def model(label):
    """A model that says one label of everything."""
    return lambda texts: np.tile(np.eye(3)[LABELS.index(label)], (len(texts), 1))


def test_there_are_hundreds_of_different_cases_of_three_kinds_and_many_capabilities():
    assert len(set(cases())) == len(cases()) >= 350
    assert {case.kind for case in cases()} == set(KINDS)
    assert capabilities().keys() >= {
        *(
            "vocabulary",
            "negation",
            "contrast",
            "sarcasm",
            "intensity",
            "emoji",
            "hashtags",
            "typos",
            "case",
            "names",
            "countries",
        ),
        *("handles and links", "facts"),
        *("ratings", "idioms", "questions", "numbers and dates", "names that are words", "newer emoji"),
    }
    assert min(capabilities().values()) >= 20


def test_cases_that_are_alike_share_a_template_and_the_gate_counts_the_template_once():
    """Six templates lost and none won have p = 4.5% over three kinds.

    Each kind has more than twice as many templates.
    """
    shares = run_suite(
        lambda texts: np.array([[0.8, 0.1, 0.1] if "album" in text else [0.1, 0.1, 0.8] for text in texts])
    )
    templates = {kind: {case.template for case in cases() if case.kind == kind} for kind in KINDS}

    assert {kind: len(rates) for kind, rates in shares.items()} == {
        kind: len(some) for kind, some in templates.items()
    }
    assert all(len(some) >= 15 for some in templates.values())
    assert 0.8 in shares["minimum functionality"]  # of five things, the album is not wonderful


def test_names_and_countries_are_tried_in_glad_sad_and_plain_sentences():
    for capability in ("names", "countries"):
        pairs = [(case.text, case.changed) for case in cases() if case.capability == capability]
        # One word differs.
        assert all(len(set(first.split()) ^ set(second.split())) == 2 for first, second in pairs)
        words = " ".join(first for first, _ in pairs)
        assert all(
            any(word in words for word in some)
            for some in (("great", "wonderful"), ("terrible", "hated"), ("noon", "landed"))
        )


def test_another_case_makes_another_digest(monkeypatch):
    before = suite_digest()
    monkeypatch.setattr(
        behaviour_suite, "cases", lambda: (*cases(), Case("direction", "emoji", "a", "b", "positive"))
    )

    assert suite_digest() != before
    assert len(before) == 64


def test_changed_texts_are_changed_and_expectations_are_labels():
    assert all(case.changed != case.text for case in cases())
    assert all(case.expected in LABELS for case in cases() if case.kind != "invariance")


def test_a_model_that_always_says_the_same_passes_invariance_and_direction_and_no_vocabulary():
    passed = run_suite(model("neutral"))

    assert set(passed["invariance"]) == set(passed["direction"]) == {1.0}
    assert np.mean(passed["minimum functionality"]) < 0.45
    assert pass_rates(ask_suite(model("neutral")))["vocabulary"] == 0


def test_a_model_that_reads_handles_as_praise_fails_invariance():
    def by_handle(texts):
        return np.array([[0.1, 0.1, 0.8] if "@" in text else [0.8, 0.1, 0.1] for text in texts])

    assert min(run_suite(by_handle)["invariance"]) < 1


def test_a_model_that_takes_anger_for_joy_fails_direction():
    def upside_down(texts):
        return np.array(
            [[0.1, 0.1, 0.8] if "hate" in text or "😡" in text else [0.4, 0.3, 0.3] for text in texts]
        )

    assert min(run_suite(upside_down)["direction"]) < 1


def test_how_sure_a_right_answer_is_may_change_but_a_fall_on_the_way_to_it_may_not():
    def praise_is(before, after):
        answers = ask_suite(
            lambda texts: np.array([after if "I love it!" in text else before for text in texts])
        )
        return [
            a.passes
            for a in answers
            if (a.case.capability, a.case.expected) == ("praise and blame", "positive")
        ]

    assert all(praise_is([0.05, 0.05, 0.9], [0.15, 0.15, 0.7]))
    assert not any(praise_is([0.5, 0.1, 0.4], [0.6, 0.1, 0.3]))


def test_the_model_is_asked_once():
    asked = []

    def counting(texts):
        asked.append(len(texts))
        return np.full((len(texts), 3), 1 / 3)

    run_suite(counting)
    assert len(asked) == 1


def test_rates_are_shares_of_the_cases_of_each_capability():
    rates = pass_rates(ask_suite(model("neutral")))

    assert rates.keys() == capabilities().keys()
    assert (rates["facts"], rates["names"], rates["sarcasm"]) == (1.0, 1.0, 0.0)
    # Five facts that hold a negation, and the ten that ask for a direction.
    assert rates["negation"] == 15 / 40


def test_an_answer_holds_what_the_model_said():
    case = next(answer for answer in ask_suite(model("neutral")) if answer.case.capability == "sarcasm")
    moved = next(answer for answer in ask_suite(model("positive")) if answer.case.kind == "direction")

    assert (case.passes, case.text, case.changed) == (
        False,
        {"negative": 0.0, "neutral": 1.0, "positive": 0.0},
        {},
    )
    assert (moved.passes, moved.changed) == (True, {"negative": 0.0, "neutral": 0.0, "positive": 1.0})
