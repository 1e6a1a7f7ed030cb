"""Agreement between annotators, against the figures of the papers that defined it."""

from collections import Counter

import pytest

from sentiment.review.agreement import agree, cohen_kappa, fleiss_kappa, in_words

# Fleiss, Psychological Bulletin 76, 1971: fourteen raters, ten subjects, five categories (the table
# that textbooks repeat); kappa 0.210.
_TABLE = (
    (0, 0, 0, 0, 14),
    (0, 2, 6, 4, 2),
    (0, 0, 3, 5, 6),
    (0, 3, 9, 2, 0),
    (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0),
    (3, 2, 6, 3, 0),
    (2, 5, 3, 2, 2),
    (6, 5, 2, 1, 0),
    (0, 2, 2, 3, 7),
)


def test_fleiss_kappa_of_the_textbook_table():
    rated = Counter(
        tuple(str(number) for number, count in enumerate(row) for _ in range(count)) for row in _TABLE
    )

    assert fleiss_kappa(rated) == pytest.approx(0.210, abs=5e-4)


def test_cohen_kappa_by_hand():
    counts = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}

    assert cohen_kappa(counts) == pytest.approx(0.4)


def test_kappa_is_not_defined_where_nobody_could_disagree():
    agreement = agree([("a", "ann", "neutral"), ("a", "bob", "neutral"), ("b", "ann", "positive")])

    assert agreement.cohen == {("ann", "bob"): (None, 1)}
    assert agreement.fleiss is None
    assert agree([]).items == 0


def test_each_pair_is_compared_on_what_both_judged():
    rows = [
        (item, who, label)
        for item, who, label in zip("aabbcc", ["ann", "bob"] * 3, ["x", "x", "y", "y", "x", "y"], strict=True)
    ]
    agreement = agree([*rows, ("d", "ann", "x")])

    assert agreement.cohen[("ann", "bob")] == (pytest.approx(0.4), 3)
    assert agreement.items == 3


@pytest.mark.parametrize(
    ("kappa", "words"), [(0.9, "almost perfect"), (0.5, "moderate"), (-0.2, "poor"), (None, "not defined")]
)
def test_kappas_have_words(kappa, words):
    assert in_words(kappa) == words
