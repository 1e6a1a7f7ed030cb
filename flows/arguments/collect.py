"""The command line of `python -m flows.collect`."""

from __future__ import annotations

import argparse

from sentiment.command import whole_number


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.collect", description="Take bad predictions and samples into the review queue."
    )
    more = (
        "how far back the first time looks, 1 to 730 (default: %(default)s); "
        "later ones go on where the last one ended"
    )
    parser.add_argument("--days", type=whole_number("days", 1, 730), default=28, help=more)
    return parser
