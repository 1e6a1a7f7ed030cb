"""Publish the champion of the local store on Azure Blob: `python -m flows.publish`.

Its layout there: `sentiment.champions.releases`.
"""

from __future__ import annotations

if __name__ == "__main__":
    from sentiment.command import prepare_environment

    prepare_environment()

import argparse
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from sentiment.blobs import open_folder
from sentiment.champions import store
from sentiment.champions.releases import NATIVE, SERVED, Pointer, Releases
from sentiment.command import run_command
from sentiment.config import read_settings
from sentiment.errors import ConfigError, GateError

if TYPE_CHECKING:
    from pathlib import Path

    from sentiment.champions.store import StoredModel


def publish(over: str | None = None) -> str:
    """Upload the champion, if it is not there yet, point to it, and return its tag; `over` names the one that it may displace unseen.

    Raises:
        StoreError: There is no champion, or another model lies under its tag.
        GateError: The champion on Blob is one that this store has never had, or it changed
            meanwhile.
        BlobError: The storage cannot be used.
        TrackingError: MLflow does not answer.
    """
    stored, releases = store.champion(), open_releases()
    seen = releases.pointer()
    _refuse_a_stranger(seen, over, releases.address)
    with ExitStack() as stack:
        native = {} if releases.find(stored.tag) else _native(stored, stack)
        releases.publish(stored.tag, {SERVED: stored.path} | native, progress=tell)
    if seen.champion != stored.tag:
        releases.swap_champion(stored.tag, seen)
    return stored.tag


def open_releases() -> Releases:
    """Return the releases at SENTIMENT_MODELS_URL.

    Raises:
        ConfigError: It is not set, or the environment names no storage account.
    """
    url = read_settings().models_url
    if not url:
        raise ConfigError(
            "SENTIMENT_MODELS_URL is not set, so there is nowhere to publish to or fetch from: set it to az://CONTAINER"
        )
    return Releases(open_folder(url))


def _refuse_a_stranger(seen: Pointer, over: str | None, address: str) -> None:
    """Raise a GateError if ours was never judged against the champion on Blob, as far as this store knows."""
    known = {*store.pointed(), *(one.tag for one in store.fallen()), over}
    if seen.champion and seen.champion not in known:
        raise GateError(
            f"the champion at {address} is {seen.champion}, which this store has never had: run 'python -m flows.fetch' "
            f"and judge against it, or publish over it with --over {seen.champion}"
        )


def _native(stored: StoredModel, stack: ExitStack) -> dict[str, Path]:
    """Return the folder of the trained model that the champion was made from, downloaded while the stack is open, if MLflow has it."""
    from sentiment.training import runs, versions

    runs.connect(read_settings())
    version = versions.find_version(stored.metadata.get("mlflow_version", "none"))
    if version is None or version.run_id != stored.metadata.get("run_id"):
        tell(f"MLflow does not hold the training of {stored.tag}: it is published without its native form")
        return {}
    return {NATIVE: stack.enter_context(versions.downloaded_native(version))}


def tell(line: str) -> None:
    """Say a line of progress, apart from the result."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Read the command line, publish the champion and print its tag."""
    parser = argparse.ArgumentParser(
        "python -m flows.publish",
        description="Upload this store's champion to SENTIMENT_MODELS_URL and make it the champion there; its tag is printed.",
        epilog="Nothing there is ever overwritten. After an interruption the same command goes on.",
    )
    parser.add_argument(
        "--over", metavar="TAG", help="displace this champion there, although this store has never had it"
    )
    print(publish(parser.parse_args().over))


if __name__ == "__main__":
    sys.exit(run_command(main))
