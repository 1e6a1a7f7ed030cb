"""The copy of a registered version in the store, and the way from its tag back to the version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.champions import store
from sentiment.promotion.saved_models import ORIGIN
from sentiment.training import versions

if TYPE_CHECKING:
    from sentiment.promotion.saved_models import SavedModel


def save_copy(saved: SavedModel, version: versions.Version, **more: str) -> str:
    """Put a copy of a version into the store and return its tag, which the version then carries.

    Raises:
        ModelError: The version cannot be loaded.
        StoreError: The model gets every probe tweet wrong.
        TrackingError: MLflow does not answer.
    """
    origin = saved.facts_named("run_id", "mlflow_version", *ORIGIN)
    tag = store.save(saved.model, metadata=origin | more)
    versions.set_tags(version, {mark_of(tag): tag})
    return tag


def version_of(tag: str) -> versions.Version | None:
    """Return the version that a tag is a copy of, even a lost copy; None if MLflow does not know.

    Raises:
        TrackingError: MLflow does not answer.
    """
    return next(iter(versions.find_versions(**{mark_of(tag): tag})), None)


def mark_of(tag: str) -> str:
    """Return the name of the tag that a version carries for its copy in the store.

    >>> mark_of("tweet-sentiment:abc")
    'stored_as_abc'
    """
    return f"stored_as_{tag.rpartition(':')[2]}"
