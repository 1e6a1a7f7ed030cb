"""Deploy the flows of `prefect.yaml` to a Prefect server: `python -m flows.deploy`.

The work pool and the notice of failures come with them. Safe to repeat: what exists is updated.
Without PREFECT_API_URL, in the environment or Prefect's profile, the server is that of `make demo`.
"""

from __future__ import annotations

if __name__ == "__main__":
    from flows.arguments.deploy import make_parser
    from sentiment.command import prepare_environment

    prepare_environment(make_parser())

    import os

    from sentiment.config import read_settings
    from sentiment.prefect_access import chosen_address

    os.environ["PREFECT_API_URL"] = chosen_address() or read_settings().prefect_api

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

from flows.arguments.deploy import POOL, make_parser
from flows.interrupted_runs import crash_interrupted_runs
from flows.notify import renew_notice
from sentiment.command import run_command
from sentiment.config import read_settings
from sentiment.errors import DeployError
from sentiment.waiting import wait_until

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS = 120
_PREFECT = (sys.executable, "-m", "prefect", "--no-prompt")


def deploy(pool: str = POOL, directory: str | None = None, *, has_no_worker: bool = False) -> None:
    """Create or update every deployment of `prefect.yaml`, and the notice of failures.

    The pool `sentiloop` is created if missing. `directory` is where the runs find this
    checkout; this folder unless given. Where the pool has no worker, the runs that an earlier one
    left unfinished are marked as crashed.

    Raises:
        DeployError: The server does not answer, has no such pool, or refuses a deployment.
    """
    with get_client(sync_client=True) as client:
        _wait_for_server(client)
        _make_pool(client, pool)
        with tempfile.TemporaryDirectory(prefix="sentiloop-") as folder:
            path = Path(folder) / "prefect.yaml"
            path.write_text(
                yaml.safe_dump(definition(pool, directory or str(_ROOT)), sort_keys=False), "utf-8"
            )
            _run_prefect("deploy", "--all", "--prefect-file", str(path))
        renew_notice(client, read_settings().alert_webhook_url)
        if has_no_worker and (count := crash_interrupted_runs(client, pool)):
            print(f"runs that ended with their worker, now marked as crashed: {count}", flush=True)


def definition(pool: str, directory: str) -> dict[str, Any]:
    """Return `prefect.yaml` adapted to a work pool and to where its runs find this checkout."""
    content: dict[str, Any] = yaml.safe_load((_ROOT / "prefect.yaml").read_text("utf-8"))
    for deployment in content["deployments"]:
        deployment["work_pool"] = {**deployment["work_pool"], "name": pool}
    return {
        **content,
        "pull": [{"prefect.deployments.steps.set_working_directory": {"directory": directory}}],
    }


def _wait_for_server(client: SyncPrefectClient) -> None:
    """Wait until the server answers."""
    error: Exception | None = None

    def answers() -> bool:
        nonlocal error
        error = client.api_healthcheck()
        return error is None

    if not wait_until(answers, seconds=_PATIENCE_SECONDS):
        raise DeployError(
            f"no Prefect server answers at {client.api_url} ({type(error).__name__}): "
            "run 'make demo', or set PREFECT_API_URL"
        )


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
    """Run a command of Prefect's; its output is in the error if it fails."""
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
    chosen = make_parser().parse_args()
    deploy(chosen.pool, chosen.directory, has_no_worker=chosen.sole_worker)
    print(f"deployed to the work pool {chosen.pool} of {os.environ['PREFECT_API_URL']}", flush=True)
    if chosen.work:
        work(chosen.pool)


if __name__ == "__main__":
    sys.exit(run_command(main))
