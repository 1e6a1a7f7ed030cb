"""The command line of `python -m flows.drift`."""

from __future__ import annotations

import argparse

from flows.table_flags import add_data_flags
from sentiment.command import whole_number

MOST_WEEKS = 26


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.drift",
        description="Measure how production texts differ from those that the champion learned from.",
    )
    add_data_flags(parser, "what the champion was trained on")
    parser.add_argument(
        "--weeks",
        type=whole_number("weeks", 1, MOST_WEEKS),
        default=4,
        help="weeks back, this one included (default: %(default)s)",
    )
    return parser
