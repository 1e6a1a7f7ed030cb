"""The three models, behind one contract.

`create` makes a new model by its family name and `load` reads a saved one. Both import only the
framework that the family needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from models.base import Classifier, SentimentModel, read_description
from models.errors import ModelError
from models.learning import Progress, TrainingData
from models.text import LABELS, Scores, clean_text

__all__ = [
    "FAMILIES",
    "LABELS",
    "Classifier",
    "ModelError",
    "Progress",
    "Scores",
    "SentimentModel",
    "TrainingData",
    "clean_text",
    "create",
    "load",
]

FAMILIES = {
    "tfidf": "models.tfidf:TfidfModel",
    "keras": "models.keras_net:KerasModel",
    "bert": "models.bert:BertModel",
}
# What each exports for serving; it needs no ML framework but ONNX Runtime.
_SERVED = {
    "tfidf": "models.served_tfidf:ServedTfidf",
    "keras": "models.served_keras:ServedKeras",
    "bert": "models.served_bert:ServedBert",
}


def create(family: str, **hyperparameters: Any) -> SentimentModel:
    """Return a new, unfitted model of a family.

    Raises:
        ModelError: The family is unknown, or the extra that it needs is not installed.
    """
    model: SentimentModel = _class(family, FAMILIES)(**hyperparameters)
    return model


def load(directory: Path | str) -> Classifier:
    """Return the model that `save` or `export` wrote to a directory, ready to predict.

    Raises:
        ModelError: The directory holds no model or one of an unknown family, or a file of it is
            missing or damaged.
    """
    content = read_description(directory)
    classifier = _class(content["family"], _SERVED if content.get("form") == "served" else FAMILIES)
    try:
        loaded: Classifier = classifier.load(directory)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"the model in {directory} is incomplete or damaged ({error}): run 'make train' again"
        ) from error
    return loaded


def _class(family: str, classes: Mapping[str, str]) -> Any:
    if family not in classes:
        raise ModelError(f"unknown model family {family!r}; choose one of {', '.join(classes)}")
    module, _, name = classes[family].partition(":")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise ModelError(
            f"the {family} model needs the package {error.name!r}: "
            f"pip install -c constraints.txt -e '.[{family}]'"
        ) from error
