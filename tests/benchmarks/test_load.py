"""The load benchmark's pure part: what it says of a phase, and which answers it refuses."""

from collections import Counter

from benchmarks.load_client import Answers


def test_a_phase_is_a_row_with_its_refusals():
    answers = Answers([1.0, 2.0, 3.0], Counter({"200": 3, "429": 2}), seconds=1.5)

    assert answers.row("3 clients") == "| 3 clients | 2 | 2.0 | 3.0 | 2 x 429 |"
    assert answers.unwanted == {}


def test_an_answer_that_should_not_come_is_named():
    statuses = Counter({"200": 1, "500": 1, "503 without Retry-After": 2, "TimeoutError": 1})

    assert Answers(statuses=statuses).unwanted == {"500": 1, "503 without Retry-After": 2, "TimeoutError": 1}
