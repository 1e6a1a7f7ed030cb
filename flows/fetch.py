"""Fetch a champion from Azure Blob into this machine's store: `python -m flows.fetch`.

It was judged where it was published.
"""

from __future__ import annotations

if __name__ == "__main__":
    from sentiment.command import prepare_environment

    prepare_environment()

import argparse
import sys
from pathlib import Path

from flows.publish import open_releases, tell
from sentiment.champions import store
from sentiment.champions.adoption import adopted
from sentiment.champions.releases import NATIVE, SERVED, Manifest, Releases, describe_all
from sentiment.command import run_command
from sentiment.errors import GateError, StoreError


def fetch(tag: str | None = None, native: Path | None = None) -> str:
    """Make a released model the champion of this store and return its tag: the champion on Blob, or the one that is named.

    Every file is checked before the store holds any of them. `native` is a folder to put the
    trained model into as well.

    Raises:
        StoreError: There is no such release, a file of it was altered, or the store holds another
            model under its tag.
        GateError: The champion here changed meanwhile, or the one on Blob was rolled back here.
        BlobError: The storage cannot be used.
    """
    expected, releases = store.pointer(), open_releases()
    release = releases.manifest(tag or _champion(releases))
    with adopted(release.tag) as folder:
        if folder:
            releases.download(release, SERVED, folder, progress=tell)
    if not folder:
        _compare(release, releases.address)
    if native:
        _download_native(release, releases, native)
    if release.tag != expected:
        store.swap_champion(release.tag, expected=expected)
        store.prune()
    return release.tag


def _champion(releases: Releases) -> str:
    tag = releases.pointer().champion
    if tag is None:
        raise StoreError(
            f"{releases.address} has no champion: run 'python -m flows.publish' on a machine that has one"
        )
    for fallen in store.fallen():
        if fallen.tag == tag:
            raise GateError(
                f"{tag}, the champion at {releases.address}, was rolled back here on {fallen.at} ({fallen.because}): "
                f"run 'python -m flows.publish' to take it back there too, or fetch it all the same with --version {tag}"
            )
    return tag


def _compare(release: Manifest, address: str) -> None:
    if describe_all(store.find(release.tag).path) != release.form(SERVED):
        raise StoreError(
            f"the store's copy of {release.tag} is not what {address} holds: "
            f"remove it with 'bentoml models delete {release.tag}' if you trust the release, then fetch again"
        )


def _download_native(release: Manifest, releases: Releases, folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise StoreError(f"{folder} is not empty: name a new folder for the native form")
    releases.download(release, NATIVE, folder, progress=tell)


def main() -> None:
    """Read the command line, fetch the model and print its tag."""
    parser = argparse.ArgumentParser(
        "python -m flows.fetch",
        description="Download a model from SENTIMENT_MODELS_URL, check every file and make it this store's champion; its tag is printed.",
    )
    parser.add_argument(
        "--version", metavar="TAG", help="tweet-sentiment:VERSION (default: the champion there)"
    )
    parser.add_argument(
        "--native",
        metavar="FOLDER",
        type=Path,
        help="put the trained model, in its framework's own form, into a new folder",
    )
    chosen = parser.parse_args()
    print(fetch(chosen.version, chosen.native))


if __name__ == "__main__":
    sys.exit(run_command(main))
