"""The command line of `python -m flows.fetch`."""

from __future__ import annotations

import argparse
from pathlib import Path


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.fetch",
        description="Download a model from SENTIMENT_MODELS_URL, check every file and make it this store's "
        "champion; its tag is printed.",
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
    return parser
