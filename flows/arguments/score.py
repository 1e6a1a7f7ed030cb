"""The command line of `python -m flows.score`."""

from __future__ import annotations

import argparse
from pathlib import Path

from flows.table_flags import add_table_flags


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.score",
        description="Score a file of texts with the champion. A run that ended early is resumed "
        "by the same command.",
    )
    parser.add_argument(
        "--input",
        type=Path,
        required=True,
        metavar="FILE",
        help="CSV with any delimiter, one tweet per line, JSON, JSON Lines or Parquet, also .gz",
    )
    aside = "rows that cannot be scored go to FILE.rejected.csv"
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FILE", help=f"CSV or Parquet, by its ending; {aside}"
    )
    add_table_flags(parser)
    parser.add_argument("--model", metavar="TAG", help="a model of the store (default: the champion)")
    parser.add_argument("--restart", action="store_true", help="begin anew, and replace what is there")
    return parser
