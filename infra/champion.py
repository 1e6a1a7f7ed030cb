"""The published champion: fetch it, hand it on as files, compare it: `python -m infra.champion`.

What builds an image or trains runs the code of many packages, so it has no identity: a job of few
packages downloads the champion with `--download`, and the build takes it over with `--from`. What
trained puts its new champion beside it with `--hand-over`, and a job of few packages publishes that
with `--upload`.
"""

from __future__ import annotations

import argparse
import sys
import urllib.request
from pathlib import Path

from infra.carried_champion import NONE, ReleaseCopy, hand_over, take_to
from infra.github import summarise, tell
from infra.programs import ProgramError, run
from sentiment.blobs import open_folder
from sentiment.champions.calibration import CALIBRATION_FILE
from sentiment.champions.pointer import POINTER_FILE
from sentiment.champions.releases import SERVED, Releases
from sentiment.command import run_command
from sentiment.config import read_settings
from sentiment.errors import ConfigError

_FETCH_SECONDS, _TRAIN_SECONDS, _ASK_SECONDS = 1800, 7200, 120


def obtain(*, or_train: bool = False) -> None:
    """Fetch the champion; where the storage has none, train one if `or_train`.

    Storage that cannot be reached is an error: it may hold a champion.

    Raises:
        ConfigError: SENTIMENT_MODELS_URL is not set, or the environment names no storage account.
        BlobError: The storage cannot be reached.
        ProgramError: The champion cannot be fetched, or the training failed.
    """
    if published():
        tag = run("python", "-m", "flows.fetch", seconds=_FETCH_SECONDS, tries=2).strip().splitlines()[-1]
        summarise(f"- the champion is {tag}, as it was published")
    else:
        _do_without(or_train)


def download(folder: Path) -> str | None:
    """Copy the published champion into a new folder, as it is served, and return its tag.

    Where none is published, the folder holds the file `none` alone, and None is returned.

    Raises:
        ConfigError: SENTIMENT_MODELS_URL is not set, or the environment names no storage account.
        BlobError: The storage cannot be reached.
        StoreError: A file is not the one that was published.
    """
    blobs = open_folder(_address())
    releases = Releases(blobs)
    tag = releases.pointer().champion
    folder.mkdir(parents=True)
    if not tag:
        (folder / NONE).touch()
        return None
    place = folder / tag.replace(":", "/")
    releases.download(releases.manifest(tag), SERVED, place / SERVED, _say)
    for name in (POINTER_FILE, CALIBRATION_FILE, f"{tag.replace(':', '/')}/manifest.json"):
        blob = blobs.read(name)
        if blob:
            (folder / name).write_bytes(blob.content)
    summarise(f"- the champion is {tag}, as it was published")
    return tag


def take_over(folder: Path, *, or_train: bool = False) -> None:
    """Make the champion of a downloaded folder that of this store, every file checked.

    Raises:
        ConfigError: The folder is not there.
        StoreError: A file is not the one that was published.
        ProgramError: The training failed.
    """
    from sentiment.promotion.fetching import fetch_champion

    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder}: run 'python -m infra.champion --download {folder}'")
    if (folder / NONE).exists():
        _do_without(or_train)
    else:
        fetch_champion(Releases(ReleaseCopy(folder)), progress=_say)


def upload(folder: Path) -> str:
    """Publish the champion that was handed over in a folder, and return its tag.

    Raises:
        ConfigError: SENTIMENT_MODELS_URL is not set, or nothing was handed over.
        GateError: Another champion is published than the one that was downloaded.
        StoreError: A file is not the one that was handed over.
        BlobError: The storage cannot be reached.
    """
    tag = take_to(Releases(open_folder(_address())), folder, _say)
    summarise(f"- {tag} is published")
    return tag


def is_news(service: str) -> bool:
    """Return whether another champion is published than the one with which a service answers.

    Raises:
        ConfigError: SENTIMENT_MODELS_URL is not set, or the address is none.
        ProgramError: The service does not say which model serves.
    """
    if not service.startswith(("https://", "http://127.0.0.1:")):
        raise ConfigError(f"{service!r} is no address of a service: set SENTIMENT_SERVICE_URL to https://...")
    try:
        with urllib.request.urlopen(f"{service.rstrip('/')}/readyz", timeout=_ASK_SECONDS) as answer:  # noqa: S310
            said = answer.read(10_000).decode("utf-8", "replace").strip()
    except OSError as error:
        raise ProgramError(f"{service}/readyz does not answer ({error}): see the app's log") from error
    if not said.endswith(" serves"):
        raise ProgramError(f"{service}/readyz says {said!r}, not which model serves: see the app's log")
    serving = said.removesuffix(" serves")
    champion = published()
    summarise(f"- {champion or 'no champion'} is published, {serving} serves")
    return champion not in (None, serving)


def published() -> str | None:
    """Return the tag of the champion at SENTIMENT_MODELS_URL, or None where it holds none."""
    return Releases(open_folder(_address())).pointer().champion


def _say(line: str) -> None:
    print(line, flush=True)


def _address() -> str:
    url = read_settings().models_url
    if not url:
        raise ConfigError(
            "SENTIMENT_MODELS_URL is not set: set it to where champions are published, such as az://models"
        )
    return url


def _do_without(or_train: bool) -> None:
    summarise("- no champion is published yet; docs/release.md says how to publish one")
    if or_train:
        run("python", "-m", "flows.train", "--profile", "quick", seconds=_TRAIN_SECONDS)
        summarise("- a model was trained for this release alone")


def main() -> None:
    """Read the command line and put a champion into the store, if there is one."""
    parser = argparse.ArgumentParser(
        "python -m infra.champion", description="Fetch the published champion into this machine's store."
    )
    parser.add_argument("--or-train", action="store_true", help="train one if none is published yet")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--download", metavar="FOLDER", type=Path, help="copy it into a new folder instead")
    way.add_argument("--from", dest="source", metavar="FOLDER", type=Path, help="take it from such a folder")
    way.add_argument("--hand-over", metavar="FOLDER", type=Path, help="put this store's into such a folder")
    way.add_argument("--upload", metavar="FOLDER", type=Path, help="publish what was handed over so")
    way.add_argument(
        "--compare", metavar="ADDRESS", help="write the output `promoted`: does another one serve?"
    )
    chosen = parser.parse_args()
    if chosen.download:
        download(chosen.download)
    elif chosen.source:
        take_over(chosen.source, or_train=chosen.or_train)
    elif chosen.hand_over:
        hand_over(chosen.hand_over, _say)
    elif chosen.upload:
        upload(chosen.upload)
    elif chosen.compare is not None:
        tell("promoted", str(is_news(chosen.compare)).lower())
    else:
        obtain(or_train=chosen.or_train)


if __name__ == "__main__":
    sys.exit(run_command(main))
