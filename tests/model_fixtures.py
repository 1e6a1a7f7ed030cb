"""The three models, trained once for all the files that ask them."""

from __future__ import annotations

import pytest
from progress import quiet

import models
from models import FAMILIES, SentimentModel

QUICK = {
    "tfidf": {},
    "keras": {"epochs": 12, "learning_rate": 0.02, "batch_size": 16},
    "bert": {"epochs": 3, "learning_rate": 3e-4, "batch_size": 16, "adversarial": 0.0},
}
ODD_TEXTS = [
    "",
    "   ",
    "😀",
    "👨‍👩‍👧 family",
    "مرحبا بالعالم",
    "a\u200bb",
    "\x00\x07",
    "\ud800",
    "https://t.co/x @ann",
    "!!!",
    "word " * 400,
]


@pytest.fixture(scope="session")
def fitted(small_corpus) -> dict[str, SentimentModel]:
    """One model of each family, trained on the small corpus; tests change none of them."""
    return {
        family: models.create(family, **QUICK[family]).fit(*small_corpus, validation=small_corpus, progress=quiet) for family in FAMILIES
    }


@pytest.fixture(scope="session")
def exported(fitted, small_corpus, tmp_path_factory):
    """The folder that each of them serves from; tests change none of them."""
    folders = {}
    for family, model in fitted.items():
        folders[family] = tmp_path_factory.mktemp("export") / family
        model.export(folders[family], small_corpus[0])
    return folders


@pytest.fixture(params=list(FAMILIES))
def family(request):
    return request.param
