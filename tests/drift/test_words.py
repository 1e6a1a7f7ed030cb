"""Words that are unknown, new or missing."""

import math

from drifting import counts

from sentiment.drift.words import Word, Words, new_words, unknown_share, vanished_words


def test_a_word_counts_once_per_text_and_handles_and_links_do_not():
    words = Words.of(["Late late LATE @ann http://t.co/1", "too late"])

    assert (words.texts, words.counts) == (2, {"late": 2, "too": 1})


def test_unknown_is_what_no_training_text_holds():
    assert unknown_share(counts(goal=3, gate=9), counts(gate=1)) == 0.25
    assert math.isnan(unknown_share(Words.of([]), counts(gate=1)))


def test_new_words_are_ten_times_as_frequent_as_in_training():
    production = counts(goal=12, rare=2, gate=30, crew=20, flag=3)
    training = Words(1000, counts(gate=100, crew=21, flag=3).counts)

    assert new_words(production, training) == (
        Word("goal", 12, 0),
        Word("flag", 3, 3),
    )
    assert new_words(production, Words(1000, counts(gate=30).counts))[0] == Word("gate", 30, 30)


def test_vanished_words_are_ten_times_as_rare_as_in_training():
    production, training = (
        counts(gate=3, crew=1),
        Words(1000, counts(gate=300, crew=90, flag=29, seat=30).counts),
    )

    assert vanished_words(production, training) == (Word("gate", 3, 300), Word("seat", 0, 30))


def test_the_lists_are_short():
    many = counts(**{f"word{number}": 3 + number for number in range(40)})

    assert [word.production for word in new_words(many, counts())] == list(range(42, 30, -1))
