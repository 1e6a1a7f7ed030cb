"""Brings MLflow and the store together after a promotion, a rollback or an interruption."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sentiment.champions import store
from sentiment.promotion.copies import mark_of, save_copy, version_of
from sentiment.promotion.saved_models import as_challenger
from sentiment.training import runs, versions

if TYPE_CHECKING:
    from sentiment.config import Settings


def catch_up(settings: Settings) -> None:
    """Connect to MLflow, tell it of rollbacks, and give an empty store MLflow's champion.

    Raises:
        TrackingError: MLflow does not answer.
        StoreError: Nothing says which of the store's models is the champion.
    """
    runs.connect(settings)
    mark_fallen()
    _restore()
    align()


def mark_fallen() -> None:
    """Record every rollback in MLflow, also those that happened while it was away."""
    for fallen in store.fallen():
        version = version_of(fallen.tag)
        if version and version.tags.get("rolled_back_at", "") < fallen.at:
            tags = {"kind": "rollback", "from": fallen.tag, "to": fallen.successor, "because": fallen.because}
            with runs.start_run("rollback", tags=tags):
                versions.set_tags(
                    version, {"rolled_back_at": fallen.at, "rolled_back_because": fallen.because}
                )


def align() -> None:
    """Point MLflow's aliases `champion` and `previous` to what the store's pointer names."""
    tags = store.pointed()
    if not tags:
        return
    for alias, tag in zip(("champion", "previous"), [*tags, None], strict=False):
        version = version_of(tag) if tag else None
        if version:
            versions.set_alias(alias, version)
        elif tag is None:
            versions.delete_alias(alias)


def _restore() -> None:
    """Give a store without a pointer MLflow's champion, as on a new machine, or its only model."""
    if store.pointer():
        return
    version = versions.find_version("champion")
    fallen = {mark_of(each.tag) for each in store.fallen()}
    if version and not fallen & set(version.tags):
        with versions.downloaded(version) as folder:
            saved = replace(as_challenger(version, folder), role="champion")
            store.swap_champion(save_copy(saved, version), expected=None)
    elif store.has_champion():
        store.swap_champion(store.champion().tag, expected=None)
