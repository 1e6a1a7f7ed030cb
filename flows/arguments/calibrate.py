"""The command line of `python -m flows.calibrate`."""

from __future__ import annotations

import argparse


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    return argparse.ArgumentParser(
        "python -m flows.calibrate",
        description="Learn from audit tweets how to read the champion's scores, and have them served so.",
    )
