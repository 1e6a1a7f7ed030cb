"""The command line of `python -m flows.watch`."""

from __future__ import annotations

import argparse
from datetime import timedelta


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.watch", description="Evaluate the alert over the logs and tell people what changed."
    )
    parser.add_argument(
        "--every", type=_seconds, metavar="SECONDS", help="keep on evaluating until Ctrl-C (default: once)"
    )
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= timedelta(days=1).total_seconds():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 to 86400")
    return seconds
