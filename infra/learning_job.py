"""Run a learning job on an empty machine, as Azure does: `python -m infra.learning_job NAME`.

It fetches the champion and the files that earlier jobs left on Blob storage, runs the flow, and
hands on what that changed. Which jobs there are, and when they run, is in `learning_jobs.json`,
which the Bicep module reads as well.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from infra.carried_folder import CarriedFolder
from infra.champion import published
from infra.programs import ProgramError
from sentiment.blobs import open_folder
from sentiment.champions import store
from sentiment.command import run_command
from sentiment.config import Settings, apply_tool_environment, read_settings
from sentiment.drift.history import History
from sentiment.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime

JOBS_FILE = Path(__file__).with_name("learning_jobs.json")
# Exit codes of a flow that are answers, not failures: HOLD and REJECT, as flows.retrain says.
_ANSWERS = {"retrain": (3, 4)}
Folder = Literal["validated", "drift"]


class Job(BaseModel):
    """A flow as a job: when it runs, and what it takes from Blob storage and leaves there.

    Attributes:
        cron: When, in UTC.
        minutes: After which it is ended.
        size: Processor and memory, as the Bicep module knows them.
        arguments: What follows `python -m flows.NAME`.
        champion: Whether it needs the published champion.
        reads: Folders that it takes over.
        writes: Folders that it takes over and hands on.
        publishes: Whether a champion that it changed is published.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cron: str
    minutes: int
    size: Literal["small", "large"]
    arguments: tuple[str, ...]
    champion: bool
    reads: tuple[Folder, ...]
    writes: tuple[Folder, ...]
    publishes: bool


def read_jobs() -> dict[str, Job]:
    """Return the jobs by the names of their flows."""
    return TypeAdapter(dict[str, Job]).validate_json(JOBS_FILE.read_bytes())


def run_job(name: str, job: Job, program: tuple[str, ...] = (sys.executable, "-m")) -> int:
    """Run a job and return the exit code of its flow: 0, or an answer such as HOLD.

    Raises:
        ConfigError: SENTIMENT_STATE_URL or SENTIMENT_MODELS_URL is missing where the job needs it.
        BlobError: The storage cannot be used, or another job changed a folder meanwhile.
        ProgramError: The flow failed, or the champion could not be fetched or published.
    """
    settings = read_settings()
    apply_tool_environment(settings)
    carried = {folder: _open(settings, folder) for folder in (*job.reads, *job.writes)}
    for folder, copy in carried.items():
        print(f"{folder}: {'fetched' if copy.fetch() else 'none yet'}", flush=True)
    if job.champion and published():
        _run(*program, "flows.fetch")
    before, alarm = _champion(), _last_alarm(settings)
    code = _run(*program, f"flows.{name}", *job.arguments, answers=_ANSWERS.get(name, ()))
    if _last_alarm(settings) != alarm:
        print(f"alarm: drift was found on {_last_alarm(settings):%Y-%m-%d}", flush=True)
    for folder in job.writes:
        print(f"{folder}: {'handed on' if carried[folder].store() else 'unchanged'}", flush=True)
    after = _champion()
    if job.publishes and after and (after != before or name == "calibrate"):
        _run(*program, "flows.publish")
    return code


def _champion() -> str | None:
    return store.champion().tag if store.has_champion() else None


def _last_alarm(settings: Settings) -> datetime | None:
    return History.read(settings.drift_home).last_alarm


def _open(settings: Settings, name: Folder) -> CarriedFolder:
    if not settings.state_url:
        raise ConfigError(
            "SENTIMENT_STATE_URL is not set, so nothing of earlier jobs can be fetched: "
            "set it to az://CONTAINER/FOLDER"
        )
    return CarriedFolder(open_folder(settings.state_url), name, _folder(settings, name))


def _folder(settings: Settings, name: Folder) -> Path:
    return settings.validated_path.parent if name == "validated" else settings.drift_home


def _run(*command: str, answers: tuple[int, ...] = ()) -> int:
    """Run a program, whose output goes to the job's log as it comes, and return its exit code."""
    code = subprocess.run(command, check=False).returncode  # noqa: S603
    if code and code not in answers:
        print(f"alarm: failed {' '.join(command[2:])}", flush=True)  # as the alert's query looks for it
        raise ProgramError(f"{' '.join(command[2:])} failed with {code}: see its log above")
    return code


def start_dataset(settings: Settings, source: Path = Path("data")) -> None:
    """Begin the dataset of validated feedback with the one in Git, unless there is one already.

    The image carries the repository's; the jobs' own lies below SENTIMENT_HOME.
    """
    target = settings.validated_path
    if target.exists() or target.parent.resolve() == source.resolve():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in (source / "feedback_validated.csv", source / "feedback_validated.json"):
        if file.exists():
            shutil.copyfile(file, target.with_suffix(file.suffix))


def main() -> None:
    """Read the command line and run the job."""
    jobs = read_jobs()
    parser = argparse.ArgumentParser(
        "python -m infra.learning_job", description="Run a flow on an empty machine, as a job in Azure does."
    )
    parser.add_argument("name", choices=sorted(jobs), help="the flow")
    name = parser.parse_args().name
    settings = read_settings()
    os.environ.setdefault(
        "SENTIMENT_VALIDATED_PATH", str(settings.home / "validated" / "feedback_validated.csv")
    )
    start_dataset(read_settings())
    print(json.dumps({"job": name, "exit": run_job(name, jobs[name])}), flush=True)


if __name__ == "__main__":
    sys.exit(run_command(main))
