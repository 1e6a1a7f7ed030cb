"""The BentoML model store: save a model, find it again, point to the champion. How good a model is, is tracked elsewhere."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models import LABELS
from sentiment import durable
from sentiment.config import MODEL_NAME, read_settings
from sentiment.errors import GateError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bentoml._internal.models import Model, ModelStore

    from models import SentimentModel

POINTER_FILE = f"{MODEL_NAME}.champion"  # one tag per line: the champion, then those before it, the latest first
SHADOW_FILE = f"{MODEL_NAME}.shadow"
_LOCK_SECONDS = 30
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
    tags = pointed()
    return find(tags[0]) if tags else newest()


def pointer() -> str | None:
    """Return the tag that the pointer names; None if there is no pointer.

    Raises:
        StoreError: The pointer cannot be read.
    """
    return _first(pointed())


def previous() -> StoredModel | None:
    """Return the champion before this one; None if there was none.

    Raises:
        StoreError: The store holds it no longer.
    """
    tags = pointed()
    return find(tags[1]) if len(tags) > 1 else None


def shadow() -> StoredModel | None:
    """Return the model that scores a share of the requests beside the champion and answers none; None if there is none.

    Raises:
        StoreError: The store holds it no longer.
    """
    tags = _read_tags(store_home() / SHADOW_FILE)
    return find(tags[0]) if tags else None


def has_champion() -> bool:
    """Return whether there is a pointer, even to a model that is missing, or any model at all."""
    return (store_home() / POINTER_FILE).exists() or bool(_all_models())


def swap_champion(tag: str, *, expected: str | None) -> None:
    """Point to a model of the store if the pointer still names `expected` (None: there is none); the earlier champions stay named below.

    Whoever reads the pointer meanwhile gets the old one or the new one; of two swaps at once, one wins.

    Raises:
        StoreError: The tag is not in the store.
        GateError: Somebody else has changed the champion.
    """
    new = find(tag).tag
    with _locked(expected) as tags:
        _write_tags([new, *(tag for tag in tags if tag != new)])


def roll_back(*, expected: str | None = None) -> str:
    """Point to the champion before this one and return its tag; the present one is named no longer.

    Raises:
        StoreError: There is no earlier one, or the store holds it no longer.
        GateError: The champion is not `expected`, where that is given.
    """
    with _locked(expected or pointer()) as tags:
        if len(tags) < 2:  # noqa: PLR2004 - this one and the one before
            raise StoreError(f"there is no champion before {tags[0] if tags else 'the first'}: promote another one instead")
        _write_tags([find(tags[1]).tag, *tags[2:]])
    return tags[1]


def set_champion(tag: str) -> None:
    """Point to a model of the store, whatever the pointer says now.

    Raises:
        StoreError: The tag is not in the store.
    """
    swap_champion(tag, expected=pointer())


def set_shadow(tag: str | None) -> None:
    """Name the shadow, or None to end it.

    Raises:
        StoreError: The tag is not in the store.
    """
    path = store_home() / SHADOW_FILE
    if tag is None:
        path.unlink(missing_ok=True)
    else:
        durable.replace(path, find(tag).tag.encode())


def remove(tag: str) -> None:
    """Take a model out of the store; one that is not there is no error."""
    import bentoml

    with contextlib.suppress(bentoml.exceptions.NotFound):
        bentoml.models.delete(tag, _model_store=_model_store())


@contextlib.contextmanager
def _locked(expected: str | None) -> Iterator[list[str]]:
    """Hold the pointer's lock and give its tags, if the first is the expected one."""
    from filelock import FileLock, Timeout

    path = store_home() / POINTER_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{path}.lock", timeout=_LOCK_SECONDS):
            tags = pointed()
            if _first(tags) != expected:
                present = _first(tags) or "none"
                raise GateError(f"the champion is {present}, not {expected or 'none'}: it changed meanwhile; judge again, then promote")
            yield tags
    except Timeout as error:
        raise StoreError(f"the pointer {path} has been locked for {_LOCK_SECONDS} s: see who holds it, then run again") from error


def _first(tags: list[str]) -> str | None:
    return tags[0] if tags else None


def pointed() -> list[str]:
    """Return the tags that the pointer names, the champion first.

    Raises:
        StoreError: The pointer cannot be read.
    """
    return _read_tags(store_home() / POINTER_FILE)


def _read_tags(path: Path) -> list[str]:
    try:
        tags = path.read_text("ascii").split()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeError) as error:
        raise StoreError(f"the pointer {path} cannot be read ({type(error).__name__}): mend or delete that file") from error
    if not tags:
        raise StoreError(f"the pointer {path} is empty: write the champion's tag into it, or delete that file")
    return tags


def _write_tags(tags: list[str]) -> None:
    durable.replace(store_home() / POINTER_FILE, "".join(f"{tag}\n" for tag in tags).encode())


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
