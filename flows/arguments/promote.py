"""The command line of `python -m flows.promote`."""

from __future__ import annotations

import argparse

from flows.table_flags import add_data_flags


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.promote",
        description="Judge a candidate against the champion; promote it, roll back, or let it run in the "
        "shadow.",
        epilog="Exit codes: 0 promoted or done, 1 error, 3 HOLD, 4 REJECT.",
    )
    parser.add_argument(
        "--candidate",
        default="challenger",
        help="alias or number of a registered version (default: %(default)s)",
    )
    add_data_flags(parser)
    parser.add_argument(
        "--approved-by",
        action="append",
        default=[],
        metavar="NAME",
        help="promote whatever the gate says; may be repeated",
    )
    parser.add_argument("--because", default="", metavar="REASON", help="why: for an override or a rollback")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--rollback", action="store_true", help="make the champion before this one the champion again"
    )
    instead.add_argument(
        "--shadow", metavar="CANDIDATE", help="let a version score a share of the requests, unseen"
    )
    instead.add_argument("--no-shadow", action="store_true", help="end the shadow")
    return parser
