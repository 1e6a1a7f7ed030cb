"""The BentoML model store: save a model, find it again, point to the champion."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment import durable
from sentiment.champions.pointer import (
    FALLEN_FILE,
    POINTER_FILE,
    SHADOW_FILE,
    Fallen,
    locked,
    put_first,
    read_fallen,
    read_tags,
    refuse_change,
    write_fallen,
    write_tags,
)
from sentiment.champions.probe import choose_probe
from sentiment.config import MODEL_NAME, read_settings
from sentiment.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bentoml._internal.models import Model, ModelStore

    from models import Classifier


@dataclass(frozen=True)
class StoredModel:
    """A model in the store: its tag, the folder for `models.load`, and what was saved with it."""

    tag: str
    path: Path
    metadata: Mapping[str, str]


def save(model: Classifier, *, metadata: Mapping[str, str]) -> str:
    """Put a fitted model into the store, with a probe tweet in its metadata; return its tag.

    Raises:
        StoreError: The model gets every probe tweet wrong.
    """
    import bentoml

    text, label = choose_probe(model)
    details = {**metadata, "probe_text": text, "probe_label": label}
    labels = {"family": model.family}
    with bentoml.models.create(
        MODEL_NAME, metadata=details, labels=labels, _model_store=_model_store()
    ) as reference:
        model.save(reference.path)
    return str(reference.tag)


def champion() -> StoredModel:
    """Return the model to serve: the one that the pointer names, else the only one in the store.

    Raises:
        StoreError: The store holds no such model, or several of which none is named.
    """
    tag = pointer()
    return find(tag) if tag else _only()


def earlier_champions() -> list[StoredModel]:
    """Return the champions before the present one that are still in the store, the newest first.

    Raises:
        StoreError: The pointer cannot be read.
    """
    held = {str(model.tag): model for model in _all_models()}
    return [_as_stored(held[tag]) for tag in pointed()[1:] if tag in held]


def pointer() -> str | None:
    """Return the tag that the pointer names; None if there is no pointer.

    Raises:
        StoreError: The pointer cannot be read.
    """
    return next(iter(pointed()), None)


def pointed() -> list[str]:
    """Return the tags that the pointer names: the champion first, then those before it.

    Raises:
        StoreError: The pointer cannot be read.
    """
    return read_tags(_file(POINTER_FILE))


def has_champion() -> bool:
    """Return whether there is a pointer, even to a model that is missing, or any model at all."""
    return _file(POINTER_FILE).exists() or bool(_all_models())


def swap_champion(tag: str, *, expected: str | None) -> None:
    """Point to a model of the store if the pointer still names `expected` (None: there is none).

    The earlier champions stay named after it. The model is on the disk before it is named.
    Whoever reads the pointer meanwhile gets the old one or the new one; of two swaps at once, one
    wins.

    Raises:
        StoreError: The tag is not in the store.
        GateError: Somebody else has changed the champion.
    """
    with locked(_file(POINTER_FILE)) as tags:
        refuse_change(tags, expected)
        found = find(tag)
        durable.sync_tree(found.path, below=store_home())
        write_tags(_file(POINTER_FILE), put_first(found.tag, tags))


def roll_back(*, expected: str | None = None, because: str = "no reason given") -> str:
    """Point to the champion before this one and return its tag; record the present one as fallen.

    The files of the present champion may be missing.

    Raises:
        StoreError: There is no earlier one, or the store holds it no longer.
        GateError: The champion is not `expected`, where that is given.
    """
    with locked(_file(POINTER_FILE)) as tags:
        if expected:
            refuse_change(tags, expected)
        if len(tags) < 2:  # noqa: PLR2004 - this one and the one before
            raise StoreError(
                f"there is no champion before {tags[0] if tags else 'the first'}: promote another one instead"
            )
        fallen, successor = tags[0], find(tags[1]).tag
        now = datetime.now(UTC).isoformat(timespec="seconds")
        earlier = read_fallen(_file(FALLEN_FILE))
        write_fallen(_file(FALLEN_FILE), [*earlier, Fallen(fallen, successor, now, because)])
        write_tags(_file(POINTER_FILE), tags[1:])
    return successor


def fallen() -> list[Fallen]:
    """Return the champions that were rolled back, the earliest first.

    Raises:
        StoreError: The record cannot be read.
    """
    present = pointer()  # after a crash between the two files of a rollback, it has not happened
    return [champion for champion in read_fallen(_file(FALLEN_FILE)) if champion.tag != present]


def prune(*, keep: int = 3) -> None:
    """Remove every model but the champion, those before it (`keep` in all) and the shadow.

    Raises:
        StoreError: The pointer or the shadow's file cannot be read.
    """
    with locked(_file(POINTER_FILE)) as tags:
        if tags:
            write_tags(_file(POINTER_FILE), tags[:keep])
            for tag in _all_tags() - {*tags[:keep], shadow_tag()}:
                remove(tag)


def shadow() -> StoredModel | None:
    """Return the shadow, which scores requests and answers none; None if there is none.

    Raises:
        StoreError: The store holds it no longer.
    """
    tag = shadow_tag()
    return find(tag) if tag else None


def shadow_tag() -> str | None:
    """Return the tag of the shadow, which may be missing; None if there is none.

    Raises:
        StoreError: The shadow's file cannot be read.
    """
    return next(iter(read_tags(_file(SHADOW_FILE))), None)


def set_shadow(tag: str | None) -> None:
    """Name the shadow, or None to end it.

    Raises:
        StoreError: The tag is not in the store.
    """
    if tag is None:
        _file(SHADOW_FILE).unlink(missing_ok=True)
    else:
        write_tags(_file(SHADOW_FILE), [find(tag).tag])


def remove(tag: str) -> None:
    """Remove a model, whole or broken, from the store; a missing one is no error."""
    import bentoml

    # Also what BentoML says of other, broken models.
    with contextlib.suppress(bentoml.exceptions.BentoMLException):
        bentoml.models.delete(tag, _model_store=_model_store())


def find(tag: str) -> StoredModel:
    """Return the stored model with this tag.

    Raises:
        StoreError: It is not in the store.
    """
    for model in _all_models():
        if str(model.tag) == tag:
            return _as_stored(model)
    raise StoreError(f"no model {tag!r} in the store: run 'make train' first")


def _only() -> StoredModel:
    """Return the only model of the store, or of an image the one that was saved last.

    Raises:
        StoreError: The store is empty, or nothing says which of its models is the champion.
    """
    models = sorted(_all_models(), key=lambda model: model.creation_time)
    if not models:
        raise StoreError(f"no model {MODEL_NAME!r} in the store: run 'make train' first")
    if len(models) > 1 and not _bento():
        tags = ", ".join(str(model.tag) for model in models)
        raise StoreError(
            f"{_file(POINTER_FILE)} is missing, so none of the {len(models)} models of the store "
            f"is the champion ({tags}): restore that file, or write the champion's tag into it"
        )
    return _as_stored(models[-1])


def _all_models() -> list[Model]:
    import bentoml

    models = []
    for tag in sorted(_all_tags()):
        # What a killed process left half saved is no model.
        with contextlib.suppress(bentoml.exceptions.BentoMLException):
            models += bentoml.models.list(tag, _model_store=_model_store())
    return models


def _all_tags() -> set[str]:
    """Return the tags of all models, also of broken ones."""
    return {f"{MODEL_NAME}:{folder.name}" for folder in _file(f"models/{MODEL_NAME}").glob("*/")}


def _as_stored(model: Model) -> StoredModel:
    return StoredModel(
        str(model.tag), Path(model.path), {key: str(value) for key, value in model.info.metadata.items()}
    )


def _file(name: str) -> Path:
    return store_home() / name


def store_home() -> Path:
    """Return the store's folder: in a Bento's image the Bento itself, else BENTOML_HOME.

    By default BENTOML_HOME lies below SENTIMENT_HOME.
    """
    return (
        _bento()
        or Path(os.environ.get("BENTOML_HOME") or read_settings().home / "bentoml").expanduser().absolute()
    )


def _bento() -> Path | None:
    bento = os.environ.get("BENTO_PATH")
    return Path(bento) if bento and (Path(bento) / "models").is_dir() else None


def _model_store() -> ModelStore:
    # BentoML reads BENTOML_HOME once, before it imports a service: an explicit store is what lets a
    # bare `bentoml serve` find the models.
    from bentoml._internal.models import ModelStore

    return ModelStore(store_home() / "models")
