"""The command line of `python -m flows.train`."""

from __future__ import annotations

import argparse

import models
from flows.table_flags import add_data_flags
from sentiment.training.plan import ROWS


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.train", description="Train and compare the models; the winner goes to the gate."
    )
    add_data_flags(parser)
    parser.add_argument(
        "--profile", default="quick", choices=list(ROWS), help="how much to train (default: %(default)s)"
    )
    every = list(models.FAMILIES)
    parser.add_argument(
        "--families", nargs="+", default=every, choices=every, help="which models (default: all)"
    )
    parser.add_argument(
        "--base-model",
        help="BERT's base: a hub name, a local folder, 'minilm' or 'mpnet' (default: the profile's)",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of every model (default: %(default)s)")
    return parser
