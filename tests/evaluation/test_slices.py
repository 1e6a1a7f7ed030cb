"""Which tweets are in which slice."""

import pytest

from sentiment.evaluation.slices import slices


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("I don’t like the way this train is always late", {"negation"}),
        ("we cannot see why anybody ever goes there", {"negation"}),
        ("so happy about the notebook today, thanks all 😍", {"emoji"}),
        ("so happy about the new one today :) thanks", {"emoji"}),
        ("stuck at the gate again with all of them #delayed", {"hashtags"}),
        ("thanks @ann for the help with all of this", {"mentions"}),
        ("just fine", {"short"}),
        (" ".join(["word"] * 25), {"long"}),
        ("a plain tweet with a few plain words in it", set()),
    ],
)
def test_a_tweet_is_in_its_slices_and_no_other(text, inside):
    members = slices([text])

    assert {name for name, rows in members.items() if rows[0]} == inside


def test_texts_with_the_words_of_feedback_are_feedback_like():
    texts = [f"the meeting number {number} is on Tuesday in hall {number}" for number in range(8)] + [
        "my parcel is lost",
        "lost parcel again",
    ]
    rows = slices(texts, ["where is my parcel", "parcel lost again", "lost my parcel twice"])["feedback-like"]

    assert rows.nonzero()[0].tolist() == [8, 9]


def test_without_texts_or_feedback_slices_are_empty():
    assert not slices(["some text"])["feedback-like"].any()
    assert all(len(rows) == 0 for rows in slices([], ["x"]).values())
