"""The behavioural suite: a fixed set of cases that good and bad models pass as they should."""

import numpy as np

from models import LABELS
from sentiment.behaviour_suite import KINDS, cases, run_suite, suite_digest


def model(label):
    """A model that says one label of everything."""
    return lambda texts: np.tile(np.eye(3)[LABELS.index(label)], (len(texts), 1))


def test_there_are_at_least_two_hundred_different_cases_of_three_kinds():
    assert len(set(cases())) == len(cases()) >= 200
    assert {case.kind for case in cases()} == set(KINDS)
    assert {"negation", "intensity", "emoji", "typos", "names", "countries", "handles and links", "contrast"} <= {
        case.capability for case in cases()
    }


def test_changed_texts_are_changed_and_expectations_are_labels():
    assert all(case.changed != case.text for case in cases())
    assert all(case.expected in LABELS for case in cases() if case.kind != "invariance")


def test_a_model_that_always_says_the_same_passes_invariance_and_direction_and_no_vocabulary():
    passed = run_suite(model("neutral"))

    assert all(passed["invariance"])
    assert all(passed["direction"])
    assert np.mean(passed["minimum functionality"]) < 0.2


def test_a_model_that_reads_handles_as_praise_fails_invariance():
    def by_handle(texts):
        return np.array([[0.1, 0.1, 0.8] if "@" in text else [0.8, 0.1, 0.1] for text in texts])

    assert not all(run_suite(by_handle)["invariance"])


def test_a_model_that_takes_anger_for_joy_fails_direction():
    def upside_down(texts):
        return np.array([[0.1, 0.1, 0.8] if "hate" in text or "😡" in text else [0.4, 0.3, 0.3] for text in texts])

    assert not all(run_suite(upside_down)["direction"])


def test_how_sure_a_right_answer_is_may_change_but_a_fall_on_the_way_to_it_may_not():
    def praise_is(before, after):
        passed = run_suite(lambda texts: np.array([after if "I love it!" in text else before for text in texts]))
        return [
            ok
            for case, ok in zip([case for case in cases() if case.kind == "direction"], passed["direction"], strict=True)
            if case.capability == "praise"
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
    assert len(suite_digest()) == 64
