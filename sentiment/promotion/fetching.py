"""Fetches a champion from Azure Blob into this store; it was judged where it was published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentiment.champions import store
from sentiment.champions.adoption import adopted
from sentiment.champions.calibration import keep_calibration
from sentiment.champions.releases import NATIVE, SERVED, describe_all
from sentiment.errors import GateError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from models import Progress
    from sentiment.champions.releases import Manifest, Releases


def fetch_champion(
    releases: Releases, tag: str | None = None, native: Path | None = None, *, progress: Progress
) -> str:
    """Make a released model, by default the champion on Blob, the champion here; return its tag.

    Every file is checked before the store holds any of them. `native` is a folder to put the
    trained model into as well.

    Raises:
        StoreError: There is no such release, a file of it was altered, the store holds another
            model under its tag, or the calibration there is damaged.
        GateError: The champion here changed meanwhile, or the one on Blob was rolled back here.
        BlobError: The storage cannot be used.
    """
    expected = store.pointer()
    release = releases.manifest(tag or _champion(releases))
    calibration = releases.calibrations().get(release.tag)
    with adopted(release.tag) as folder:
        if folder:
            releases.download(release, SERVED, folder, progress=progress)
    if not folder:
        _refuse_another_copy(release, releases.address)
    if native:
        _refuse_a_full_folder(native)
        releases.download(release, NATIVE, native, progress=progress)
    if release.tag != expected:
        store.swap_champion(release.tag, expected=expected)
        store.prune()
    if calibration:
        keep_calibration(calibration)
    return release.tag


def _champion(releases: Releases) -> str:
    """Return the tag of the champion on Blob, which must not have been rolled back here."""
    tag = releases.pointer().champion
    if tag is None:
        raise StoreError(
            f"{releases.address} has no champion: run 'python -m flows.publish' on a machine that has one"
        )
    for fallen in store.fallen():
        if fallen.tag == tag:
            raise GateError(
                f"{tag}, the champion at {releases.address}, was rolled back here on {fallen.at} "
                f"({fallen.because}): run 'python -m flows.publish' to take it back there too, "
                f"or fetch it all the same with --version {tag}"
            )
    return tag


def _refuse_another_copy(release: Manifest, address: str) -> None:
    """Raise a StoreError if the store's copy of a release has other files than the release."""
    if describe_all(store.find(release.tag).path) != release.form(SERVED):
        raise StoreError(
            f"the store's copy of {release.tag} is not what {address} holds: "
            f"remove it with 'bentoml models delete {release.tag}' if you trust the release, then fetch again"
        )


def _refuse_a_full_folder(folder: Path) -> None:
    """Raise a StoreError if a folder for the native form holds files already."""
    if folder.exists() and any(folder.iterdir()):
        raise StoreError(f"{folder} is not empty: name a new folder for the native form")
