"""Fetch the published champion, or train the first one: `python -m infra.champion`."""

from __future__ import annotations

import argparse
import sys

from infra.github import summarise
from infra.programs import run
from sentiment.blobs import open_folder
from sentiment.champions.releases import Releases
from sentiment.command import run_command
from sentiment.config import read_settings
from sentiment.errors import ConfigError

_FETCH_SECONDS, _TRAIN_SECONDS = 1800, 7200


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
        return
    summarise("- no champion is published yet; docs/release.md says how to publish one")
    if or_train:
        run("python", "-m", "flows.train", "--profile", "quick", seconds=_TRAIN_SECONDS)
        summarise("- a model was trained for this release alone")


def published() -> str | None:
    """Return the tag of the champion at SENTIMENT_MODELS_URL, or None where it holds none."""
    url = read_settings().models_url
    if not url:
        raise ConfigError(
            "SENTIMENT_MODELS_URL is not set: set it to where champions are published, such as az://models"
        )
    return Releases(open_folder(url)).pointer().champion


def main() -> None:
    """Read the command line and put a champion into the store, if there is one."""
    parser = argparse.ArgumentParser(
        "python -m infra.champion", description="Fetch the published champion into this machine's store."
    )
    parser.add_argument("--or-train", action="store_true", help="train one if none is published yet")
    obtain(or_train=parser.parse_args().or_train)


if __name__ == "__main__":
    sys.exit(run_command(main))
