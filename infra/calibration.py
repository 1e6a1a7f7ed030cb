"""Calibrate, and tell GitHub Actions whether that is news: `python -m infra.calibration`."""

from __future__ import annotations

import argparse
import subprocess
import sys

from infra.github import summarise, tell
from infra.programs import ProgramError
from sentiment.champions import store
from sentiment.champions.calibration import read_calibration
from sentiment.command import run_command


def calibrate(program: tuple[str, ...] = (sys.executable, "-m", "flows.calibrate")) -> bool:
    """Run the flow, summarise what it says for people, and return whether it changed anything.

    Raises:
        ProgramError: The flow failed.
        StoreError: There is no champion.
    """
    tag = store.champion().tag
    before = read_calibration(tag)
    run = subprocess.run(program, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603 - its log is stderr, as it comes
    if run.returncode:
        raise ProgramError(f"python -m flows.calibrate failed with {run.returncode}: see its log above")
    summarise(run.stdout)
    return read_calibration(tag) != before


def main() -> None:
    """Calibrate, and write the output `changed`: true or false."""
    argparse.ArgumentParser(
        "python -m infra.calibration", description="Calibrate; what was learned goes into the job's summary."
    ).parse_args()
    tell("changed", str(calibrate()).lower())


if __name__ == "__main__":
    sys.exit(run_command(main))
