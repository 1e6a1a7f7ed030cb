"""What the suite found, for people."""

import numpy as np

from sentiment.evaluation.behaviour_report import behaviour_metrics, describe_suite, list_failures
from sentiment.evaluation.behaviour_suite import ask_suite, capabilities, cases, suite_digest


def reads_handles_as_praise(texts):
    return np.array([[0.1, 0.1, 0.8] if "@" in text else [0.2, 0.7, 0.1] for text in texts])


def test_every_capability_has_a_metric_between_none_and_all():
    metrics = behaviour_metrics(ask_suite(reads_handles_as_praise))

    assert len(metrics) == len(capabilities())
    assert metrics["behaviour_facts"] == 1.0
    assert metrics["behaviour_handles_and_links"] == 12 / 36  # the links alone
    assert metrics["behaviour_sarcasm"] == 0.0


def test_failures_show_the_texts_and_what_the_model_said():
    text = list_failures("mine", ask_suite(reads_handles_as_praise))

    assert "| negative | Great, another delay → neutral 0.70, negative 0.20 | – |" in text
    meeting = "The meeting is on Tuesday at nine"
    assert f"| the same label | {meeting} → neutral 0.70 | @someone {meeting} → positive 0.80 |" in text
    assert "## facts" not in text
    assert "## handles and links: 33% pass" in text


def test_a_failing_direction_says_which_way_it_should_have_gone():
    text = list_failures(
        "mine",
        ask_suite(
            lambda texts: np.array(
                [[0.3, 0.1, 0.6] if "really bad" in text else [0.5, 0.3, 0.2] for text in texts]
            )
        ),
    )

    assert (
        "| more negative | this phone is bad → negative 0.50 "
        "| this phone is really bad → positive 0.60, negative 0.30 |" in text
    )


def test_every_failing_case_is_a_row_and_no_other():
    answers = ask_suite(reads_handles_as_praise)
    failing = sum(not answer.passes for answer in answers)
    text = list_failures("mine", answers)

    assert text.startswith(f"# mine: {failing} of {len(cases())} cases")
    assert sum(line.startswith("| ") and " → " in line for line in text.splitlines()) == failing


def test_a_record_says_which_suite_it_was():
    assert describe_suite() == {"suite": suite_digest(), "cases": capabilities()}
