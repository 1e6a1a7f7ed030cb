"""The command line of `python -m flows.publish`."""

from __future__ import annotations

import argparse


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.publish",
        description="Upload this store's champion to SENTIMENT_MODELS_URL and make it the champion there; "
        "its tag is printed.",
        epilog="Nothing there is ever overwritten. After an interruption the same command goes on.",
    )
    parser.add_argument(
        "--over", metavar="TAG", help="displace this champion there, although this store has never had it"
    )
    return parser
