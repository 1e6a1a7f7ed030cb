"""Behaviour of the models: what must always work, what must not matter, what must push.

After Ribeiro et al. 2020, Beyond Accuracy: Behavioral Testing of NLP Models with CheckList. Each
family learns from real tweets, few enough for a test.
"""

from __future__ import annotations

import numpy as np
import pytest

import models
from models import LABELS, SentimentModel

TRAINING = {
    "tfidf": (
        4000,
        {
            "features": ("words (1,2) + characters (2,5)",),
            "regularisations": (1.0,),
            "class_weights": ("balanced",),
        },
    ),
    "keras": (6000, {"architectures": ("average",), "epochs": 4, "vocabulary_size": 5000}),
    "bert": (1500, {"epochs": 2}),
}
NEGATIVE, POSITIVE = LABELS.index("negative"), LABELS.index("positive")


@pytest.fixture(scope="module", params=["tfidf", "keras", pytest.param("bert", marks=pytest.mark.slow)])
def trained_model(request, corpus) -> SentimentModel:
    rows, hyperparameters = TRAINING[request.param]
    part = corpus.sample(rows)
    validation = (part.validation.texts, part.validation.labels)
    data = models.TrainingData(part.train.texts, part.train.labels, validation=validation)
    return models.create(request.param, **hyperparameters).fit(data, progress=lambda line: None)


def rise(trained_model: SentimentModel, before: str, after: str, column: int) -> float:
    """Return by how much a change of the text raises a score."""
    scores = trained_model.predict_proba([before, after])
    return float(scores[1, column] - scores[0, column])


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Thank you so much, best flight ever!", "positive"),
        ("I love this airline, great service", "positive"),
        ("Worst airline ever, terrible service", "negative"),
        ("My flight was cancelled and nobody helps, this is ridiculous", "negative"),
        ("Google tests self-driving cars in Nevada http://t.co/abc", "neutral"),
    ],
)
def test_unmistakable_tweets_get_their_label(trained_model, text, label):
    assert trained_model.predict([text]) == [label]


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("@ann thanks for the great flight", "@somebody_else99 thanks for the great flight"),
        ("this is the worst delay http://t.co/abc", "this is the worst delay https://example.com/x?y=z"),
        ("I don't like it &amp; never will", "I don't like it & never will"),
        ("so   happy\ntoday", "so happy today"),
        ("great\u200b day", "great day"),
    ],
    ids=["handle", "link", "entity", "white space", "zero width"],
)
def test_what_must_not_matter_does_not(trained_model, text, variant):
    scores = trained_model.predict_proba([text, variant])

    np.testing.assert_allclose(scores[0], scores[1], atol=1e-6)


@pytest.mark.parametrize(
    ("plain", "negated"),
    [
        ("I am happy with this airline", "I am not happy with this airline"),
        ("the crew was helpful, thanks", "the crew was not helpful, no thanks"),
        ("this was a good flight", "this was not a good flight"),
    ],
)
def test_negation_makes_praise_less_positive(trained_model, plain, negated):
    assert rise(trained_model, plain, negated, POSITIVE) < 0
    assert rise(trained_model, plain, negated, NEGATIVE) > 0


def test_praise_and_complaint_push_the_scores_their_way(trained_model):
    assert (
        rise(
            trained_model, "the flight lands at noon", "the flight lands at noon, awesome, love it", POSITIVE
        )
        > 0.05
    )
    assert (
        rise(
            trained_model, "the flight lands at noon", "the flight lands at noon, awful, worst ever", NEGATIVE
        )
        > 0.05
    )


def test_a_happy_emoji_is_more_positive_than_an_angry_one(trained_model):
    assert rise(trained_model, "the flight to Boston 😡", "the flight to Boston 😍", POSITIVE) > 0
    assert rise(trained_model, "see you at coachella :(", "see you at coachella :)", POSITIVE) > 0
