"""The three models, behind one contract.

`create` makes a new model by its family name and `load` reads a saved one. Both import only the framework that the family needs.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from models.base import LABELS, MODEL_FILE, ModelError, SentimentModel, clean_text

__all__ = ["FAMILIES", "LABELS", "ModelError", "SentimentModel", "clean_text", "create", "load"]

FAMILIES = {
    "tfidf": "models.tfidf:TfidfModel",
    "keras": "models.keras_net:KerasModel",
    "bert": "models.bert:BertModel",
}


def create(family: str, **hyperparameters: Any) -> SentimentModel:
    """Return a new, unfitted model of a family.

    Raises:
        ModelError: The family is unknown, or the extra that it needs is not installed.
    """
    return _model_class(family)(**hyperparameters)


def load(directory: Path | str) -> SentimentModel:
    """Return the model that `save` wrote to a directory, ready to predict.

    Raises:
        ModelError: The directory holds no model, or one of an unknown family.
    """
    path = Path(directory) / MODEL_FILE
    try:
        family = json.loads(path.read_text("utf-8"))["family"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"no saved model in {directory} ({MODEL_FILE} is missing or damaged): run 'make train' first") from error
    return _model_class(family).load(directory)


def _model_class(family: str) -> type[SentimentModel]:
    if family not in FAMILIES:
        raise ModelError(f"unknown model family {family!r}; choose one of {', '.join(FAMILIES)}")
    module, _, name = FAMILIES[family].partition(":")
    try:
        model_class: type[SentimentModel] = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise ModelError(f"the {family} model needs the package {error.name!r}: pip install -c constraints.txt -e '.[{family}]'") from error
    return model_class
