"""What labels mean: our words, their short forms, signed numbers, a user's words."""

from __future__ import annotations

import pytest

from sentiment.errors import DataError
from sentiment.tables.labels import meanings_of, parse_labels, propose_labels


def test_the_usual_words_are_known_in_any_case():
    values = ["neg", "Negative", " POS ", "neu", "Neutral"]

    assert [*meanings_of(values, {}).values()] == ["negative", "negative", "positive", "neutral", "neutral"]


@pytest.mark.parametrize(
    ("values", "known"),
    [
        (["-1", "0", "1"], ["negative", "neutral", "positive"]),
        (["-1.0", "1.0"], ["negative", "positive"]),
        (["0", "1"], []),  # two classes, or neutral and positive
        (["0", "1", "2"], []),
        (["-1", "0", "1", "2"], []),
    ],
)
def test_signed_numbers_are_known_only_where_they_are_unambiguous(values, known):
    assert [*meanings_of(values, {}).values()] == known


def test_what_the_user_says_holds_before_what_the_file_names():
    assert meanings_of(["0", "4"], {"0": "negative"}, {"0": "positive", "4": "Positive"}) == {
        "0": "negative",
        "4": "positive",
    }


@pytest.mark.parametrize("given", ["0", "0=angry", "=negative", "0:negative"])
def test_words_that_say_nothing_are_refused(given):
    with pytest.raises(DataError, match=r"--labels: .* is not VALUE=LABEL"):
        parse_labels(given)


def test_the_words_that_are_proposed_can_be_given():
    proposal = propose_labels(["4", "0", "2"])

    assert proposal == '--labels "0=negative,2=neutral,4=positive"'
    assert parse_labels(proposal.split('"')[1]) == {"0": "negative", "2": "neutral", "4": "positive"}
    assert propose_labels(["happy"]) == '--labels "happy=LABEL"'


def test_numbers_that_are_no_even_scale_get_no_meaning_proposed():
    assert propose_labels(["-1", "1", "2"]) == '--labels "-1=LABEL,1=LABEL,2=LABEL"'
    assert propose_labels(["1", "3", "5"]) == '--labels "1=negative,3=neutral,5=positive"'
    assert propose_labels(["0", "4"]) == '--labels "0=negative,4=positive"'


@pytest.mark.parametrize("given", ["0=negative,0=positive", "0=neg,2=neutral,0.0=neutral", "A=neg,a=pos"])
def test_a_label_with_two_meanings_is_refused(given):
    with pytest.raises(DataError, match=r"is given as negative and as \w+: leave one of them"):
        parse_labels(given)
    assert parse_labels("0=negative,0=neg") == {"0": "negative"}
