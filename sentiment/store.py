"""The BentoML model store: save a model, find it again, point to the champion. How good a model is, is tracked elsewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models import LABELS
from sentiment import durable
from sentiment.config import MODEL_NAME, read_settings
from sentiment.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bentoml._internal.models import Model, ModelStore

    from models import SentimentModel

POINTER_FILE = f"{MODEL_NAME}.champion"
# Beyond doubt for a person. A stored model keeps the one it is surest of, and the service asks it that one before it says it is ready.
PROBES = {
    "negative": ("This is terrible, I hate it", "Worst flight ever, awful service, never again", "So sad and angry, what a horrible day"),
    "neutral": ("The flight leaves at nine from gate four", "The meeting is on Tuesday", "The report has twelve pages"),
    "positive": ("I love this, thank you so much!", "Best day ever, great crew", "What an amazing and wonderful surprise"),
}


@dataclass(frozen=True)
class StoredModel:
    """A model in the store: its tag, the folder for `models.load`, and what was saved with it."""

    tag: str
    path: Path
    metadata: Mapping[str, str]


def save(model: SentimentModel, *, metadata: Mapping[str, str]) -> str:
    """Put a fitted model into the store and return its tag; `probe_text` and `probe_label` join its metadata.

    Raises:
        StoreError: The model gets every probe tweet wrong.
    """
    import bentoml

    text, label = choose_probe(model)
    details = {**metadata, "probe_text": text, "probe_label": label}
    labels = {"family": model.family}
    with bentoml.models.create(MODEL_NAME, metadata=details, labels=labels, _model_store=_model_store()) as reference:
        model.save(reference.path)
    return str(reference.tag)


def choose_probe(model: SentimentModel) -> tuple[str, str]:
    """Return the probe tweet that the model labels correctly with the highest score, and its label.

    Raises:
        StoreError: There is none.
    """
    probes = [(text, label) for label, texts in PROBES.items() for text in texts]
    rows = model.predict_proba([text for text, _ in probes])
    correct = [(row.max(), probe) for row, probe in zip(rows, probes, strict=True) if LABELS[row.argmax()] == probe[1]]
    if not correct:
        raise StoreError(
            f"the {model.family} model labels none of {len(probes)} unmistakable tweets correctly: train it on more or better data"
        )
    return max(correct)[1]


def champion() -> StoredModel:
    """Return the model to serve: the one that the pointer names, or the newest where there is no pointer, as in an image.

    Raises:
        StoreError: The store holds no such model.
    """
    pointer = store_home() / POINTER_FILE
    if not pointer.exists():
        return newest()
    try:
        return find(pointer.read_text("ascii").strip())
    except (OSError, UnicodeError) as error:
        raise StoreError(f"the pointer {pointer} cannot be read ({type(error).__name__}): mend or delete that file") from error


def has_champion() -> bool:
    """Return whether there is a pointer, even to a model that is missing, or any model at all."""
    return (store_home() / POINTER_FILE).exists() or bool(_all_models())


def set_champion(tag: str) -> None:
    """Point to a model of the store; whoever reads the pointer meanwhile gets the old one or the new one.

    Raises:
        StoreError: The tag is not in the store.
    """
    durable.replace(store_home() / POINTER_FILE, find(tag).tag.encode())


def find(tag: str) -> StoredModel:
    """Return the stored model with this very tag.

    Raises:
        StoreError: It is not in the store.
    """
    for model in _all_models():
        if str(model.tag) == tag:
            return _as_stored(model)
    raise StoreError(f"no model {tag!r} in the store: run 'make train' first")


def newest() -> StoredModel:
    """Return the model that was saved last.

    Raises:
        StoreError: The store is empty.
    """
    models = _all_models()
    if not models:
        raise StoreError(f"no model {MODEL_NAME!r} in the store: run 'make train' first")
    return _as_stored(max(models, key=lambda model: model.creation_time))


def _all_models() -> list[Model]:
    import bentoml

    try:
        return bentoml.models.list(MODEL_NAME, _model_store=_model_store())
    except bentoml.exceptions.NotFound:
        return []


def _as_stored(model: Model) -> StoredModel:
    return StoredModel(str(model.tag), Path(model.path), {key: str(value) for key, value in model.info.metadata.items()})


def store_home() -> Path:
    """Return BENTOML_HOME, which by default lies below SENTIMENT_HOME; in a Bento's image, the Bento itself, which holds its model."""
    bento = os.environ.get("BENTO_PATH")
    if bento and (Path(bento) / "models").is_dir():
        return Path(bento)
    return Path(os.environ.get("BENTOML_HOME") or read_settings().home / "bentoml").expanduser().absolute()


def _model_store() -> ModelStore:
    # BentoML reads BENTOML_HOME once, before it imports a service: an explicit store is what lets a bare `bentoml serve` find the models.
    from bentoml._internal.models import ModelStore

    return ModelStore(store_home() / "models")
