"""The command line of `python -m flows.validate`."""

from __future__ import annotations

import argparse

from flows.table_flags import add_data_flags


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.validate",
        description="Append what people settled to the dataset of validated feedback.",
    )
    add_data_flags(parser, "the base to train on")
    return parser
