"""Create containers on Blob storage, where they are missing: `python -m infra.containers NAME`."""

from __future__ import annotations

import argparse
import sys

from sentiment.blobs import open_folder
from sentiment.command import run_command


def main() -> None:
    """Read the command line and create the containers."""
    parser = argparse.ArgumentParser(
        "python -m infra.containers", description="Create containers on Blob storage, where they are missing."
    )
    parser.add_argument("names", nargs="+", metavar="NAME")
    for name in parser.parse_args().names:
        made = open_folder(f"az://{name}").make_container()
        print(f"{name}: {'made' if made else 'there already'}", flush=True)


if __name__ == "__main__":
    sys.exit(run_command(main))
