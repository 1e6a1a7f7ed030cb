"""What only the Keras network does: two architectures, the lexicon's marks, a teacher."""

from __future__ import annotations

import numpy as np
from model_fixtures import QUICK
from progress import quiet

import models
from models import LABELS, TrainingData


def test_keras_without_the_lexicon_has_no_marks(small_corpus):
    data = TrainingData(*small_corpus, validation=small_corpus)
    options = QUICK["keras"] | {"architectures": ("average",), "epochs": 1}
    plain, marked = (
        models.create("keras", **options, has_lexicon=has_lexicon).fit(data, progress=quiet)
        for has_lexicon in (False, True)
    )

    assert plain.tokenise(["not bad, great"]).numpy()[0, 0].decode() == "[start] not bad great"
    assert marked.tokenise(["not bad, great"]).numpy()[0, 0].decode().startswith("[+2] [+3] [sum+")


def test_keras_tries_both_architectures(fitted):
    assert [trial["architecture"] for trial in fitted["keras"].trials] == ["average", "lstm"]
    assert fitted["keras"].hyperparameters["architecture"] in ("average", "lstm")


def test_keras_learns_what_its_teacher_says(small_corpus):
    """The teacher is sure that some praise is blame; the labels say nothing of the kind."""
    texts, labels = small_corpus
    scores = np.array(
        [
            [0.98, 0.01, 0.01] if "love" in text else np.eye(3)[LABELS.index(label)]
            for text, label in zip(*small_corpus, strict=True)
        ]
    )

    # They would take the labels' side.
    others = [(text, label) for text, label in zip(*small_corpus, strict=True) if "love" not in text]
    validation = tuple(zip(*others, strict=True))
    taught, untaught = (
        models.create("keras", **QUICK["keras"], architectures=("average",)).fit(
            TrainingData(texts, labels, validation=validation, teacher_scores=given), progress=quiet
        )
        for given in (scores, None)
    )

    praised, liked = ["I love this, thank you so much!"], ["amazing service, very happy"]
    assert taught.predict_proba(praised)[0, 2] < untaught.predict_proba(praised)[0, 2] - 0.2
    assert taught.predict(liked) == untaught.predict(liked) == ["positive"]
