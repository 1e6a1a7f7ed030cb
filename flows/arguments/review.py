"""The command line of `python -m flows.review`."""

from __future__ import annotations

import argparse
from pathlib import Path


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.review",
        description="The review queue, for scripts; people use the page's tab Review.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="how far the review is, and how far annotators agree")
    commands.add_parser(
        "config",
        help="print the labelling configuration for Label Studio: paste it into the project's settings",
    )
    export = commands.add_parser(
        "export", help="write what waits for annotators to a file: .json is Label Studio's, .csv a table"
    )
    more = (
        "write all items with every annotator's judgements, to analyse them; "
        "not for annotators, who judge blind"
    )
    export.add_argument("--judgements", action="store_true", help=more)
    take_in = commands.add_parser(
        "import", help="read judgements from a file: .json is Label Studio's, everything else a table"
    )
    more = "who judged, where the file gives no name: NAME, or NUMBER=NAME for each of Label Studio's numbers"
    take_in.add_argument("--annotator", action="append", default=[], metavar="NAME", help=more)
    more = "the encoding of a file that is not UTF-8: cp1252 is Excel's"
    take_in.add_argument("--encoding", metavar="NAME", help=more)
    for command in (export, take_in):
        command.add_argument("file", type=Path)
    return parser
