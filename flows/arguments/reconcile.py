"""The command line of `python -m flows.reconcile`."""

from __future__ import annotations

import argparse

from sentiment.command import whole_number


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.reconcile", description="Send feedback again that never arrived in the logs."
    )
    days, minutes = whole_number("days", 1, 730), whole_number("minutes", 0, 1440)
    more = "how far back, 1 to 730; not more than the logs keep (default: %(default)s)"
    parser.add_argument("--days", type=days, default=28, help=more)
    parser.add_argument(
        "--grace-minutes", type=minutes, default=10, help="leave out the last minutes (default: %(default)s)"
    )
    return parser
