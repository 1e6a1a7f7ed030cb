"""Misspellings: each kind of slip changes what it says, and nothing else."""

import numpy as np
import pytest

from sentiment.evaluation.misspelling import SLIPS, misspell, misspell_longest, misspell_word

TWEET = "I don't like @somebody at https://t.co/abcdef or www.example.com, my #awesome bag is lost 😡"


@pytest.mark.parametrize(
    ("slip", "word"),
    [("swapped", "letetr"), ("dropped", "leter"), ("doubled", "lettter"), ("stretched", "lettttter")],
)
def test_each_slip_is_what_its_name_says(slip, word):
    assert misspell_word("letter", slip, 3) == word


def test_letters_that_are_alike_are_not_swapped_with_each_other():
    assert misspell_word("letter", "swapped", 2) == "letetr"


def test_handles_links_hashtags_contractions_and_short_words_are_left_alone():
    changed = misspell(TWEET, 1.0, np.random.default_rng(0)).split()

    assert [
        (old, new)
        for old, new in zip(TWEET.split(), changed, strict=True)
        if old != new and old not in ("like", "lost")
    ] == []
    assert misspell_longest("@somebody #awesome I am :)", SLIPS[0]) == "@somebody #awesome I am :)"


def test_the_share_is_kept_and_the_same_seed_gives_the_same_text():
    text = " ".join(["wonderful"] * 4000)
    words = misspell(text, 0.25, np.random.default_rng(1)).split()

    assert np.mean([word != "wonderful" for word in words]) == pytest.approx(0.25, abs=0.03)
    assert {len(word) - len("wonderful") for word in words} == {-1, 0, 1, 3}
    assert misspell(text, 0.25, np.random.default_rng(1)).split() == words
    assert misspell(text, 0.0, np.random.default_rng(1)) == text
