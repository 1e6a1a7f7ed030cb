"""Start everything that exists on this machine, wait until each part answers, print the addresses, stop it all on Ctrl-C.

honcho runs the processes and passes signals on; this file only says which, and looks whether they
are ready.
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import httpx
from honcho.manager import Manager

from sentiment.champions import store
from sentiment.config import Settings, apply_tool_environment, read_settings
from sentiment.errors import ConfigError, SentiloopError, StoreError
from sentiment.telemetry.connection_string import CONNECTION_STRING

_READY_SECONDS = 180


@dataclass(frozen=True)
class Part:
    """One program of the demo: what starts it, its port, and the path that answers 200 when it is ready."""

    name: str
    command: tuple[str, ...]
    port: int
    setting: str
    ready_path: str
    title: str
    is_wanted: bool = True
    ready_word: str = ""  # what the answer must hold, where any answer is not enough

    @property
    def address(self) -> str:
        """Where people open it."""
        return f"http://127.0.0.1:{self.port}"


def parts(settings: Settings) -> list[Part]:
    """Return the programs of the demo, in the order in which they are listed to people; `apply_tool_environment` comes first."""
    python = sys.executable
    bentoml = (
        python,
        "-m",
        "bentoml",
        "serve",
        "service:SentimentService",
        "--host",
        "127.0.0.1",
        "--port",
        str(settings.port_service),
    )
    tracking = (
        "--backend-store-uri",
        os.environ["MLFLOW_TRACKING_URI"],
        "--artifacts-destination",
        str(settings.home / "mlartifacts"),
    )
    mlflow = (
        python,
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(settings.port_mlflow),
        "--workers",
        "1",
        *tracking,
    )
    monitor = (python, "-m", "monitor", "--port", str(settings.port_monitor))
    has_azure = bool(os.environ.get(CONNECTION_STRING, "").strip())  # telemetry goes where it says
    server = (
        python,
        "-m",
        "prefect",
        "--no-prompt",
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(settings.port_prefect),
    )
    worker = (python, "-m", "flows.deploy", "--work")  # its runs show on the server's page
    # Then its own page shows the trainings.
    has_server = os.environ["MLFLOW_TRACKING_URI"].startswith(("http:", "https:"))
    programs = [
        Part(
            "page",
            (python, "app_gradio.py"),
            settings.port_app,
            "SENTIMENT_PORT_APP",
            "/",
            "try it, correct it, watch it",
        ),
        Part(
            "service", bentoml, settings.port_service, "SENTIMENT_PORT_SERVICE", "/readyz", "the HTTP service"
        ),
        Part(
            "mlflow",
            mlflow,
            settings.port_mlflow,
            "SENTIMENT_PORT_MLFLOW",
            "/health",
            "the trainings, in MLflow",
            not has_server,
        ),
        Part(
            "prefect",
            server,
            settings.port_prefect,
            "SENTIMENT_PORT_PREFECT",
            "/api/health",
            "the flows, in Prefect",
        ),
        Part(
            "worker",
            worker,
            settings.port_prefect,
            "SENTIMENT_PORT_PREFECT",
            "/api/work_pools/sentiloop",
            "their deployments: start one, or wait for its schedule",
            ready_word='"READY"',
        ),
        Part(
            "monitor",
            monitor,
            settings.port_monitor,
            "SENTIMENT_PORT_MONITOR",
            "/healthz",
            "the telemetry, in place of Azure",
            not has_azure,
        ),
    ]
    return [part for part in programs if part.is_wanted]


def main() -> int:
    """Run the demo until it is stopped; return the exit code."""
    try:
        settings = read_settings()
        apply_tool_environment(settings)
        programs = parts(settings)
        _check_ports(programs)
        _train_if_needed()
    except SentiloopError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    manager = Manager()  # it stops every part when one of them ends, and on SIGINT and SIGTERM
    # A demo deploys to no server but its own.
    environment = {**os.environ, "PREFECT_API_URL": settings.prefect_api}
    if any(part.name == "monitor" for part in programs):
        environment[CONNECTION_STRING] = settings.local_connection_string
    for part in programs:
        manager.add_process(part.name, f"exec {shlex.join(part.command)}", env=environment)
    threading.Thread(target=_announce, args=(programs,), daemon=True).start()
    manager.loop()
    return int(manager.returncode or 0)


def _check_ports(programs: list[Part]) -> None:
    for part in programs:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", part.port)) == 0:
                raise ConfigError(
                    f"port {part.port} for the {part.name} is in use: stop what runs there, or set {part.setting} to a free port"
                )


def _train_if_needed() -> None:
    if store.has_champion():
        print(f"the champion is {store.champion().tag}", flush=True)
    else:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a stop ends the training, too
        print(
            "no champion yet: training the three models (about a quarter of an hour on two cores)", flush=True
        )
        if subprocess.run(
            [sys.executable, "-m", "flows.train", "--profile", "quick"], check=False
        ).returncode:
            raise StoreError("the training failed, as told above: mend its cause and run 'make demo' again")


def _announce(programs: list[Part]) -> None:
    """Wait until every part answers, then print where it is."""
    deadline = time.monotonic() + _READY_SECONDS
    waiting = list(programs)
    while waiting and time.monotonic() < deadline:
        waiting = [part for part in waiting if not _is_ready(part)]
        time.sleep(0.5)
    lines = [
        f"  {part.address}  {part.title}"
        + ("  (does not answer yet: see its lines above)" if part in waiting else "")
        for part in programs
    ]
    print("\n".join(["", "Sentiloop is running:", *lines, "Ctrl-C stops it all.", ""]), flush=True)


def _is_ready(part: Part) -> bool:
    try:
        answer = httpx.get(part.address + part.ready_path, timeout=2, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.is_success and part.ready_word in answer.text


if __name__ == "__main__":
    sys.exit(main())
