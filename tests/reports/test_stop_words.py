"""The stop words of both languages: function words go, negations and words of feeling stay."""

import pytest

from sentiment.reports.stop_words import STOP_WORDS, bare_word, is_stop_word
from sentiment.reports.weekly_words import words_of


@pytest.mark.parametrize("word", ["le", "des", "c'est", "j'ai", "qu'il", "cest", "où", "aujourd'hui", "d'un"])
def test_function_words_of_french_are_stop_words(word):
    assert is_stop_word(word)


@pytest.mark.parametrize(
    "word", ["pas", "plus", "jamais", "rien", "aucun", "sans", "ni", "bien", "merci", "l'attente", "nul"]
)
def test_negations_and_words_of_feeling_in_french_stay(word):
    assert not is_stop_word(word)


def test_french_takes_no_word_that_means_something_in_english():
    assert (
        STOP_WORDS & {"car", "comment", "dire", "dont", "genre", "son", "ton", "sans", "chat", "pain"}
        == set()
    )


def test_an_article_glued_to_a_word_is_no_part_of_it():
    words = ["l'avion", "d'attente", "n't", "don't", "y'all", "s'", "quelqu'un"]

    bare = [bare_word(word) for word in words]

    assert bare == ["avion", "attente", "n't", "don't", "y'all", "s'", "quelqu'un"]
    assert words_of("L’attente, l'attente et d’ATTENTE !") == {"attente"}
