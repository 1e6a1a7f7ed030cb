"""Put the flows of `prefect.yaml` on a Prefect server, with their work pool and word of failures: `python -m flows.deploy`.

Safe to repeat: what is there is renewed. Without PREFECT_API_URL the server is the one of `make
demo`.
"""

from __future__ import annotations

if __name__ == "__main__":
    from sentiment.command import prepare_environment

    prepare_environment()

    import os

    from sentiment.config import read_settings

    os.environ["PREFECT_API_URL"] = os.environ.get("PREFECT_API_URL") or read_settings().prefect_api

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

from flows.notify import renew_notice
from sentiment.command import run_command
from sentiment.config import read_settings
from sentiment.errors import DeployError

POOL = "sentiloop"
_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS = 120
_PREFECT = (sys.executable, "-m", "prefect", "--no-prompt")


def deploy(pool: str = POOL, directory: str | None = None) -> None:
    """Renew every deployment of `prefect.yaml` in a work pool, and the notice of failures.

    The pool `sentiloop` is made where it is missing. `directory` is where the runs find this
    checkout; this folder unless given.

    Raises:
        DeployError: The server does not answer, has no such pool, or refuses a deployment.
    """
    with get_client(sync_client=True) as client:
        _wait_for(client)
        _make_pool(client, pool)
        with tempfile.TemporaryDirectory(prefix="sentiloop-") as folder:
            path = Path(folder) / "prefect.yaml"
            path.write_text(
                yaml.safe_dump(definition(pool, directory or str(_ROOT)), sort_keys=False), "utf-8"
            )
            _run_prefect("deploy", "--all", "--prefect-file", str(path))
        renew_notice(client, read_settings().alert_webhook_url)


def definition(pool: str, directory: str) -> dict[str, Any]:
    """Return what `prefect.yaml` says, for a work pool and the folder in which its runs find this checkout."""
    content: dict[str, Any] = yaml.safe_load((_ROOT / "prefect.yaml").read_text("utf-8"))
    for deployment in content["deployments"]:
        deployment["work_pool"] = {**deployment["work_pool"], "name": pool}
    return {
        **content,
        "pull": [{"prefect.deployments.steps.set_working_directory": {"directory": directory}}],
    }


def _wait_for(client: SyncPrefectClient) -> None:
    """Return when the server answers."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while error := client.api_healthcheck():
        if time.monotonic() > deadline:
            reason = type(error).__name__
            raise DeployError(
                f"no Prefect server answers at {client.api_url} ({reason}): run 'make demo', or set PREFECT_API_URL"
            )
        time.sleep(0.5)


def _make_pool(client: SyncPrefectClient, pool: str) -> None:
    try:
        client.read_work_pool(pool)
    except ObjectNotFound as error:
        if pool != POOL:
            raise DeployError(
                f"there is no work pool {pool!r}: create it first, as docs/flows.md says"
            ) from error
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(WorkPoolCreate(name=pool, type="process", base_job_template=template))


def _run_prefect(*arguments: str) -> None:
    """Run a command of Prefect's; what it says is shown if it fails."""
    done = subprocess.run([*_PREFECT, *arguments], cwd=_ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise DeployError(f"'prefect {' '.join(arguments)}' failed:\n{done.stdout}{done.stderr}".rstrip())


def work(pool: str) -> None:
    """Become a worker of the pool, until Ctrl-C; this never returns."""
    # The runs happen in another folder than this one.
    os.environ["SENTIMENT_HOME"] = str(read_settings().home)
    os.chdir(_ROOT)
    os.execv(  # noqa: S606
        sys.executable,
        [
            *_PREFECT,
            "worker",
            "start",
            "--pool",
            pool,
            "--name",
            platform.node(),
            "--install-policy",
            "never",
        ],
    )


def main() -> None:
    """Read the command line, deploy, and become a worker if that is asked for."""
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
    chosen = parser.parse_args()
    deploy(chosen.pool, chosen.directory)
    print(f"deployed to the work pool {chosen.pool} of {os.environ['PREFECT_API_URL']}", flush=True)
    if chosen.work:
        work(chosen.pool)


if __name__ == "__main__":
    sys.exit(run_command(main))
