"""The command line of `python -m flows.bundle`."""

from __future__ import annotations

import argparse


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    return argparse.ArgumentParser(
        "python -m flows.bundle", description="Build the Bento of the champion; its tag is printed."
    )
