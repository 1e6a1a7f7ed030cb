"""The words of the mistakes: what counts as a word, and how they are compared."""

import pytest

from sentiment.masking import PLACEHOLDERS, mask
from sentiment.reports.stop_words import is_stop_word
from sentiment.reports.weekly_shares import (
    HIGHER,
    TOO_FEW,
    UNCLEAR,
)
from sentiment.reports.weekly_words import MOST_WORDS, compare_words, words_of


def test_words_leave_out_what_says_nothing_and_keep_hashtags_emoji_and_negations():
    text = (
        "RT @user: The #Gate wasn’t open, NOT at 9 😡😡 http mail (email) or (phone) "
        "https://t.co/x www.x.com :( <3"
    )

    assert words_of(text) == {"#gate", "wasn't", "open", "not", "😡", "mail", ":(", "<3"}


def test_what_masking_puts_in_a_text_is_no_word():
    masked = mask("@ann ann@example.com +49 171 1234567 GB29 NWBK 6016 1331 9268 19 https://t.co/x")

    assert words_of(masked) == set()
    assert all(sign in masked for sign in PLACEHOLDERS)


def test_variants_of_an_emoji_are_one_word_and_joined_ones_stay_joined():
    assert words_of("❤️ ❤ 👍🏽 👍 👨‍👩‍👧 🇫🇷🇩🇪") == {"❤", "👍", "👨‍👩‍👧", "🇫🇷", "🇩🇪"}


def test_words_of_other_scripts_stay_whole():
    assert words_of("हिन्दी 漢字 ÜBER cafe\u0301 snake_case a/b 2026 #2026 ##x") == {
        "हिन्दी",
        "漢字",
        "über",
        "café",
        "snake_case",
        "b",
        "#x",
    }


def test_negations_are_no_stop_words():
    negations = {"not", "no", "never", "nothing", "nor", "without", "cant", "don't", "can't", "isn't"}

    assert not {word for word in negations if is_stop_word(word)}


def test_contractions_of_function_words_are_stop_words_and_words_of_feeling_are_not():
    assert all(is_stop_word(word) for word in ("i'm", "it's", "you've", "that's", "im", "rt", "just"))
    assert not any(is_stop_word(word) for word in ("cry", "serious", "gate's", "late", "n't"))


def test_a_word_counts_once_per_tweet_and_a_tweet_once():
    wrong = ["late late late", "late late late", "late again", "gate"]

    words = compare_words(wrong, ["late but fine", "gate"]).set_index("word")

    assert words.loc["late", ["wrong", "right"]].tolist() == [2, 1]
    assert words.loc["late", "wrong_share"] == pytest.approx(2 / 3)
    assert words.loc["late", "right_share"] == 0.5
    assert "gate" not in words.index  # in one wrong tweet only
    assert list(words["verdict"]) == [TOO_FEW]


def test_equally_frequent_words_keep_one_order():
    wrong = ["zebra apple common", "common apple zebra plus"]

    for texts in (wrong, wrong[::-1]):
        assert list(compare_words(texts, ["common thing"])["word"]) == ["apple", "zebra", "common"]


def test_a_word_of_both_sides_is_not_called_special_and_one_of_the_mistakes_is():
    wrong = [f"flight delayed {n}x" for n in range(40)]
    right = [f"flight smooth {n}y" for n in range(60)]

    words = compare_words(wrong, right).set_index("word")

    assert words.loc["delayed", "verdict"] == HIGHER
    assert words.loc["flight", "verdict"] == UNCLEAR


def test_no_more_words_are_listed_than_people_read():
    texts = [" ".join(f"w{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(100))]

    assert len(compare_words([texts[0], texts[0] + " x"], [])) == MOST_WORDS
