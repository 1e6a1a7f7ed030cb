"""The command line of `python -m flows.score`."""

from __future__ import annotations

import argparse

from flows.table_flags import add_table_flags
from sentiment.command import whole_number


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.score",
        description="Score files of texts with the champion. A run that ended early is resumed "
        "by the same command.",
    )
    parser.add_argument(
        "--input",
        required=True,
        metavar="FILE|FOLDER|PATTERN",
        help="CSV with any delimiter, one tweet per line, JSON, JSON Lines or Parquet, also .gz; "
        "a folder of them; a pattern in quotes: 'data/**/*.csv'; or az://CONTAINER/PATH of these",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="FILE|FOLDER",
        help="CSV or Parquet, by its ending; for several files a folder; also az://CONTAINER/PATH; "
        "rows that cannot be scored go to FILE.rejected.csv",
    )
    add_table_flags(parser)
    parser.add_argument("--model", metavar="TAG", help="a model of the store (default: the champion)")
    parser.add_argument("--restart", action="store_true", help="begin anew, and replace what is there")
    _add_engine_flags(parser)
    return parser


def _add_engine_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="what computes: this process (default), or a Ray cluster, which needs the extra 'ray'",
    )
    parser.add_argument(
        "--address",
        metavar="RAY",
        help="the cluster, run on a node of it: HEAD:6379, or auto (default: this machine's cores)",
    )
    parser.add_argument(
        "--workers",
        type=whole_number("workers", 1, 10_000),
        metavar="N",
        help="processes that compute on the cluster (default: one per core)",
    )
