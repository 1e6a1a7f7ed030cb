"""Publishes this store's champion on Azure Blob, for other machines to fetch."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from sentiment.blobs import open_folder
from sentiment.champions import store
from sentiment.champions.calibration import newest, read_calibration
from sentiment.champions.releases import NATIVE, SERVED, Releases
from sentiment.errors import ConfigError, GateError

if TYPE_CHECKING:
    from pathlib import Path

    from models import Progress
    from sentiment.champions.calibration import Calibration
    from sentiment.champions.releases import Pointer
    from sentiment.champions.store import StoredModel
    from sentiment.config import Settings


def open_releases(settings: Settings) -> Releases:
    """Return the releases at SENTIMENT_MODELS_URL.

    Raises:
        ConfigError: It is not set, or the environment names no storage account.
    """
    if not settings.models_url:
        raise ConfigError(
            "SENTIMENT_MODELS_URL is not set, so there is nowhere to publish to or fetch from: "
            "set it to az://CONTAINER"
        )
    return Releases(open_folder(settings.models_url))


def publish_champion(
    settings: Settings, *, progress: Progress, over: str | None = None, releases: Releases | None = None
) -> str:
    """Upload the champion, if it is not there yet, point to it, and return its tag.

    It goes to `releases`, by default those at SENTIMENT_MODELS_URL. `over` names the champion there
    that may be displaced although this store has never had it.

    Raises:
        ConfigError: There is nowhere to publish to.
        StoreError: There is no champion, another model lies under its tag, or its calibration is
            damaged.
        GateError: The champion on Blob is one that this store has never had, or it changed
            meanwhile.
        BlobError: The storage cannot be used.
        TrackingError: MLflow does not answer.
    """
    stored, releases = store.champion(), releases or open_releases(settings)
    seen = releases.pointer()
    _refuse_a_stranger(seen, over, releases.address)
    with ExitStack() as stack:
        native = {} if releases.find(stored.tag) else _native(stored, settings, stack, progress)
        releases.publish(stored.tag, {SERVED: stored.path} | native, progress=progress)
    point_to(releases, stored.tag, seen, read_calibration(stored.tag))
    return stored.tag


def point_to(releases: Releases, tag: str, seen: Pointer, calibration: Calibration) -> None:
    """Make a released model the champion there, with its calibration if that is newer.

    Raises:
        GateError: The champion there is no longer the one that was seen.
        StoreError: There is no such release, or the calibrations there are damaged.
        BlobError: The storage cannot be used.
    """
    if seen.champion != tag:
        releases.swap_champion(tag, seen)
    there = releases.calibrations()
    if calibration.labels and newest(there.get(tag, calibration), calibration) is calibration:
        releases.set_calibrations((there | {tag: calibration}).values())


def _refuse_a_stranger(seen: Pointer, over: str | None, address: str) -> None:
    """Raise a GateError if this store never had the champion on Blob and `over` names another."""
    known = {*store.pointed(), *(each.tag for each in store.fallen()), over}
    if seen.champion and seen.champion not in known:
        raise GateError(
            f"the champion at {address} is {seen.champion}, which this store has never had: "
            f"run 'python -m flows.fetch' and judge against it, "
            f"or publish over it with --over {seen.champion}"
        )


def _native(stored: StoredModel, settings: Settings, stack: ExitStack, progress: Progress) -> dict[str, Path]:
    """Return the folder of the trained champion, while `stack` is open, if MLflow has it."""
    # Only a champion that is not published yet needs MLflow, whose import takes seconds.
    from sentiment.training import runs, versions

    runs.connect(settings)
    version = versions.find_version(stored.metadata.get("mlflow_version", "none"))
    if version is None or version.run_id != stored.metadata.get("run_id"):
        progress(
            f"MLflow does not hold the training of {stored.tag}: it is published without its native form"
        )
        return {}
    return {NATIVE: stack.enter_context(versions.downloaded_native(version))}
