"""Retrain, and pass the gate's verdict to GitHub Actions: `python -m infra.verdict`.

HOLD and REJECT are answers, not failures.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from infra.github import summarise, tell
from infra.programs import ProgramError
from sentiment.command import run_command
from sentiment.config import read_settings
from sentiment.gate.verdict import Decision
from sentiment.gate.verdict_text import as_markdown, read_json
from sentiment.language import speaking

# As `python -m flows.retrain --help` says; 1 is an error.
DECISIONS = {0: Decision.PROMOTE, 3: Decision.HOLD, 4: Decision.REJECT}


def retrain(*arguments: str, program: tuple[str, ...] = (sys.executable, "-m", "flows.retrain")) -> bool:
    """Retrain, put the verdict into the job's summary, and return whether there is a new champion.

    Raises:
        ProgramError: The training failed, or left no verdict that fits its exit code.
        GateError: The file holds no verdict.
    """
    file = read_settings().home / "verdict" / "verdict.json"
    before = file.read_bytes() if file.exists() else b""
    code = subprocess.run([*program, *arguments], check=False).returncode  # noqa: S603 - its output goes to the job's log as it comes
    if code not in DECISIONS:
        raise ProgramError(f"python -m flows.retrain failed with {code}: see its log above")
    after = file.read_bytes() if file.exists() else b""
    if after == before:
        if code:
            raise ProgramError(
                f"python -m flows.retrain ended with {code} and left no verdict in {file}: see its log above"
            )
        summarise("No reason to retrain, as the log says.")
        return False
    verdict = read_json(after.decode())
    with speaking(read_settings().language):
        summarise(as_markdown(verdict))
    if verdict.is_promoted != (code == 0):
        raise ProgramError(
            f"python -m flows.retrain ended with {code}, but its verdict is {verdict.decision}: "
            "release nothing"
        )
    return verdict.is_promoted


def main() -> None:
    """Read the command line, retrain, and write the output `promoted`: true or false."""
    parser = argparse.ArgumentParser(
        "python -m infra.verdict", description="Retrain; the verdict goes into the job's summary."
    )
    parser.add_argument(
        "--trigger", default="schedule", help="why, for python -m flows.retrain (default: %(default)s)"
    )
    tell("promoted", str(retrain("--trigger", parser.parse_args().trigger)).lower())


if __name__ == "__main__":
    sys.exit(run_command(main))
