"""The command line of `python -m flows.analyse`."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from sentiment.command import whole_number

MOST_DAYS = 31
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.analyse", description="Write the weekly report from the logs."
    )
    parser.add_argument(
        "--days",
        type=whole_number("days", 1, MOST_DAYS),
        default=7,
        help="length of the period, 1 to 31 (default: %(default)s)",
    )
    parser.add_argument(
        "--end",
        type=read_moment,
        metavar="ISO",
        help="end of the period, UTC unless it says otherwise (default: now)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="where the page goes (default: reports/ below SENTIMENT_HOME)",
    )
    return parser


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC, which it is taken to be in unless it says otherwise."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_moment(text: str) -> datetime:
    """Return the moment that a flag names; argparse says what is wrong with it."""
    try:
        moment = in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a moment such as 2026-11-23 or 2026-11-23T15:00+01:00"
        ) from error
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise argparse.ArgumentTypeError(f"{text!r} is not in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return moment
