"""The command line of `python -m flows.deploy`."""

from __future__ import annotations

import argparse

POOL = "sentiloop"


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        "python -m flows.deploy", description="Put the flows of prefect.yaml on a Prefect server."
    )
    parser.add_argument(
        "--pool", default=POOL, help="the work pool (default: %(default)s, made where it is missing)"
    )
    parser.add_argument(
        "--directory", metavar="PATH", help="where the runs find this checkout (default: here)"
    )
    parser.add_argument("--work", action="store_true", help="go on as a worker of the pool, until Ctrl-C")
    parser.add_argument(
        "--sole-worker",
        action="store_true",
        help="the pool has no worker now: mark the runs that its last one left unfinished as crashed",
    )
    return parser
