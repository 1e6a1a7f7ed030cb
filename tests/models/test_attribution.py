"""The weight of a word is the exact effect of leaving it out, at a bounded cost."""

import random
from itertools import pairwise

import numpy as np
import pytest

import models
from models import clean_text
from models.attribution import advance, clean_words, explain, split_words
from models.lexicon import valence_features
from models.tfidf_attribution import _valences_without

SHORT = (  # so few words that each is left out, whatever the model
    "I love this, thank you so much!",
    "@ann don't  like it\nAT :( :(",
    "see https://t.co/x ALL 50 % off",
    "meh 😐 … &amp; #sale so 😍😍",
    "good good bad good",
    "terrible",
    "— … ~",
    "İstanbul ß ＠straße \u200b ﬁne",
    "so 👎🏽👎, crew ❤️‍🔥! not 🤬 \U0001fac9",
    "🇫🇷 5️⃣ and 🅿️",
)
LONG = (
    "worst day, "
    + "the train to Boston stops here and then we are waiting at the gate " * 8
    + "but I love this so much, thank you!"
)


@pytest.fixture
def served(family, exported):
    return models.load(exported[family])


def left_out(model, text):
    """How much lower the score of the text's label is without each word."""
    words = split_words(text)
    scores = model.predict_proba([text])[0]
    without = model.predict_proba(
        [" ".join(words[:number] + words[number + 1 :]) for number in range(len(words))]
    )
    return scores.max() - without[:, scores.argmax()]


@pytest.mark.parametrize("text", SHORT)
def test_a_word_weighs_what_leaving_it_out_costs_the_label(served, text):
    weighed = explain(served, text)

    assert (
        [text[word.start : word.end] for word in weighed] == [word.word for word in weighed] == text.split()
    )
    assert all(before.end < after.start for before, after in pairwise(weighed))
    assert [word.weight for word in weighed] == pytest.approx(left_out(served, text), abs=1e-5)


def test_a_model_that_was_not_exported_explains_itself_too(family, fitted):
    model = fitted[family]

    assert [word.weight for word in explain(model, SHORT[0])] == pytest.approx(
        left_out(model, SHORT[0]), abs=1e-5
    )


def test_of_a_long_text_the_strongest_words_are_left_out_and_the_others_weigh_nothing(served, family):
    weighed, expected = np.array([word.weight for word in explain(served, LONG)]), left_out(served, LONG)
    tried = (weighed != 0) | (family == "tfidf")  # it need not choose

    assert weighed[tried] == pytest.approx(expected[tried], abs=1e-5)
    assert tried.sum() >= 3


@pytest.mark.parametrize("text", [LONG, LONG[:150], "a b c d e f g h i j " * 50, "😀 " * 500, "x" * 1000])
def test_an_explanation_scores_few_texts_worth_of_tokens(served, text):
    length, asked = len(served.tokenise([text])[0]), []
    explaining = served.explain(text, [0.2, 0.3, 0.5])
    variants, weights = advance(explaining, None)
    while weights is None:
        asked += variants
        variants, weights = advance(explaining, [[0.2, 0.3, 0.5]] * len(variants))

    assert sum(map(len, asked)) <= (served.explaining_cost + 1) * length
    assert asked or served.family == "tfidf"


def test_without_its_heaviest_words_a_text_loses_its_label_sooner_than_without_others(served, small_corpus):
    """The comprehensiveness of DeYoung et al. 2020, ERASER, against words taken at random."""
    chance, drops = random.Random(0), []
    for text in small_corpus[0][::3]:
        words, scores = split_words(text), served.predict_proba([text])[0]
        heaviest = int(np.argmax([word.weight for word in explain(served, text)]))
        variants = [
            " ".join(words[:number] + words[number + 1 :])
            for number in (heaviest, chance.randrange(len(words)))
        ]
        drops.append(scores.max() - served.predict_proba(variants)[:, scores.argmax()])
    ours, at_random = np.mean(drops, axis=0)

    assert ours > 2 * at_random


def test_a_text_that_must_be_repaired_as_a_whole_is_explained_as_its_words_are_read(served):
    text = "I love this, voilÃ\xa0 so much"
    words = split_words(text)
    assert " ".join(clean_words(words)) != clean_text(text)
    weighed = explain(served, text)
    label = served.predict_proba([text])[0].argmax()
    whole = served.predict_proba([" ".join(words)])[0, label]

    assert weighed[1].weight == pytest.approx(
        whole - served.predict_proba([" ".join(words[:1] + words[2:])])[0, label], abs=1e-5
    )


@pytest.mark.parametrize(
    "word",
    [
        "don't",
        "good!!!",
        "http",
        "https",
        "x.y",
        "t.co/x",
        "www.x.org",
        "@ann",
        "a@b",
        "&lt;3",
        "'tis",
        "A1,",
    ],
)
def test_words_are_cleaned_as_texts_are(word):
    assert clean_words([word]) == [clean_text(word)]


@pytest.mark.parametrize("rated", [{}, {"[emoji]": 0.0}])
def test_what_the_lexicon_says_without_a_word_is_what_it_says_of_the_rest(rated):
    """Negations, pauses and emoji in any order: a word's absence may negate what follows."""
    valences = {"good": 1.9, "bad": -2.5, "love": 3.2, "smiling": 2.0, "<3": 1.9, **rated}
    chance = random.Random(0)
    vocabulary = [
        "not",
        "good",
        "bad",
        "LOVE",
        "it",
        "a,",
        "so.",
        "never",
        "don't",
        "😃",
        "👎🏽👎",
        "thumbs",
        "Down",
        "<3",
        "what?!",
        "",
        "two words",
        "hardly",
    ]
    for _ in range(300):
        words = chance.choices(vocabulary, k=chance.randint(1, 12))
        texts = [
            " ".join(filter(None, [*words[:number], *words[number + 1 :]]))
            for number in range(len(words) + 1)
        ]

        expected = [valence_features(text, valences) for text in texts]

        np.testing.assert_allclose(_valences_without(words, valences), expected, atol=1e-12)
