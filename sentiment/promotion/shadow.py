"""Starts and ends the shadow: a challenger that scores live requests and answers none."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sentiment.champions import store
from sentiment.errors import StoreError
from sentiment.promotion.copies import save_copy
from sentiment.promotion.saved_models import as_challenger
from sentiment.training import versions

if TYPE_CHECKING:
    from sentiment.training.versions import Version


def start_shadow(version: Version) -> str:
    """Let a version score a share of the requests beside the champion; return its tag.

    Raises:
        TrackingError: MLflow does not answer.
        ModelError: The version cannot be loaded.
        StoreError: There is no champion, or the version gets every probe tweet wrong.
    """
    # The only model is served then, and that would be the shadow, which nobody has judged.
    if store.pointer() is None:
        raise StoreError(
            "there is no champion that a shadow could run beside: run 'python -m flows.promote' first"
        )
    with versions.downloaded(version) as folder:
        tag = save_copy(as_challenger(version, folder), version)
    end_shadow()
    store.set_shadow(tag)
    return tag


def end_shadow() -> None:
    """End the shadow, if there is one, and remove its copy from the store."""
    tag = None
    with contextlib.suppress(StoreError):  # a file that cannot be read is removed all the same
        tag = store.shadow_tag()
    store.set_shadow(None)
    if tag and tag not in store.pointed():
        store.remove(tag)
