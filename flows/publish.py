"""Publish the champion of the local store on Azure Blob: `python -m flows.publish`."""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.publish import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

import sys

from flows.arguments.publish import make_parser
from sentiment.command import run_command
from sentiment.config import read_settings
from sentiment.promotion.publication import publish_champion


def publish(over: str | None = None) -> str:
    """Upload the champion, point to it, and return its tag; see `publish_champion`."""
    return publish_champion(read_settings(), progress=tell, over=over)


def tell(line: str) -> None:
    """Print a line of progress to stderr, apart from the result."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Read the command line, publish the champion and print its tag."""
    print(publish(make_parser().parse_args().over))


if __name__ == "__main__":
    sys.exit(run_command(main))
