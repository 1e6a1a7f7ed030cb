"""Start a learning job in Azure and wait for its end: `python -m infra.azure_job retrain`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any

from infra.programs import ProgramError, run_json
from sentiment.command import run_command
from sentiment.errors import ConfigError

_SECONDS = 300
_UNDER_WAY = ("Running", "Processing", "Unknown")


def run_in_azure(group: str, job: str, *, minutes: float, pause: float = 30.0) -> str:
    """Start a Container Apps job, and return the name of its execution when that has succeeded.

    Raises:
        ProgramError: az fails, or the execution failed or did not end in time.
    """
    where = ("--name", job, "--resource-group", group)
    execution = str(_az("start", *where)["name"])
    print(f"{execution} has started", flush=True)
    status, end = "Unknown", time.monotonic() + minutes * 60
    while status in _UNDER_WAY and time.monotonic() < end:
        time.sleep(pause)
        seen = _az("execution", "show", *where, "--job-execution-name", execution, tries=3)
        status = str(seen["properties"].get("status") or "Unknown")
    if status != "Succeeded":
        raise ProgramError(
            f"{execution} is {status}: see its log with 'az containerapp job logs show --name {job} "
            f"--resource-group {group} --container job --execution {execution}'"
        )
    return execution


def _az(*words: str, tries: int = 1) -> Any:
    command = ("az", "containerapp", "job", *words, "--output", "json", "--only-show-errors")
    return run_json(*command, seconds=_SECONDS, tries=tries)


def main() -> None:
    """Read the command line, start the job and wait."""
    parser = argparse.ArgumentParser("python -m infra.azure_job", description=__doc__)
    parser.add_argument("flow", help="the flow whose job to start, such as retrain")
    parser.add_argument(
        "--minutes", type=float, default=270.0, help="how long to wait (default: %(default)g)"
    )
    chosen = parser.parse_args()
    group = os.environ.get("AZURE_RESOURCE_GROUP", "").strip()
    name = os.environ.get("AZURE_ENV_NAME", "").strip()
    if not group or not name:
        raise ConfigError(
            "AZURE_RESOURCE_GROUP and AZURE_ENV_NAME do not both have a value: set them, "
            "as docs/release.md says"
        )
    # As infra/modules/learning_jobs.bicep names the jobs.
    run_in_azure(group, f"caj-{chosen.flow}-{name}", minutes=chosen.minutes)


if __name__ == "__main__":
    sys.exit(run_command(main))
