"""The command line of `python -m flows.retrain`."""

from __future__ import annotations

import argparse
from typing import get_args

from flows.table_flags import add_data_flags
from sentiment.training.plan import ROWS, Trigger


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.retrain",
        description="Train challengers on the base and the validated feedback; the gate judges the best.",
        epilog="Exit codes: 0 promoted or no reason to train, 1 error, 3 HOLD, 4 REJECT.",
    )
    add_data_flags(parser)
    parser.add_argument("--profile", choices=list(ROWS), help="how much to train (default: as the champion)")
    parser.add_argument(
        "--families",
        default="champion",
        choices=["champion", "all"],
        help="which models (default: the champion's, with its teacher)",
    )
    parser.add_argument(
        "--trigger", default="manual", choices=get_args(Trigger), help="why (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of every model (default: %(default)s)")
    return parser
