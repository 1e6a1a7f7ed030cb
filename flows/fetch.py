"""Fetch a champion from Azure Blob into this machine's store: `python -m flows.fetch`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.fetch import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys
from pathlib import Path

from flows.arguments.fetch import make_parser
from flows.publish import tell
from sentiment.command import run_command
from sentiment.config import read_settings
from sentiment.promotion.fetching import fetch_champion
from sentiment.promotion.publication import open_releases


def fetch(tag: str | None = None, native: Path | None = None) -> str:
    """Make a released model the champion of this store and return its tag; see `fetch_champion`."""
    return fetch_champion(open_releases(read_settings()), tag, native, progress=tell)


def main() -> None:
    """Read the command line, fetch the model and print its tag."""
    chosen = make_parser().parse_args()
    print(fetch(chosen.version, chosen.native))


if __name__ == "__main__":
    sys.exit(run_command(main))
