"""Start everything that exists on this machine, print the addresses, and stop it all on Ctrl-C.

honcho runs the processes and passes signals on; this file only says which, and looks whether they
are ready.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

import honcho.manager
import httpx

from sentiment import durable, loopback
from sentiment.champions import store
from sentiment.config import Settings, apply_tool_environment, read_settings
from sentiment.errors import ConfigError, SentiloopError, StoreError
from sentiment.loopback import loopback_url
from sentiment.prefect_access import demo_access
from sentiment.telemetry.connection_string import CONNECTION_STRING
from sentiment.waiting import wait_until

_READY_SECONDS = 180
_END_SECONDS = 15  # for telemetry that a slow endpoint takes its time with to reach the spool
_LOOK_SECONDS = 5.0
_UNFINISHED = "first_training"  # below SENTIMENT_HOME, with the profile, until all models were compared
_ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass(frozen=True)
class Part:
    """One program of the demo: its command, its port, and how to see that it is ready."""

    name: str
    command: tuple[str, ...]  # arguments of this Python; others see them, so no secret is among them
    setting: str
    port: int
    ready_path: str
    title: str
    ready_word: str = ""  # what the answer must hold, where any answer is not enough
    login: str = field(default="", repr=False)  # USER:PASSWORD, where the address asks for it
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def address(self) -> str:
        """Where people open it."""
        return loopback_url(self.port)


def parts(settings: Settings) -> list[Part]:
    """Return the programs of the demo in the order that people see.

    `apply_tool_environment` comes first.
    """
    programs = [_page(settings), _service(settings)]
    # An MLflow server has a page of its own, and telemetry goes where it is told to.
    if not os.environ["MLFLOW_TRACKING_URI"].startswith(("http:", "https:")):
        programs.append(_mlflow(settings))
    programs += [_prefect(settings), _worker(settings)]
    if not os.environ.get(CONNECTION_STRING, "").strip():
        programs.append(_monitor(settings))
    return programs


def _page(settings: Settings) -> Part:
    title = "try it, correct it, watch it"
    return Part("page", ("app_gradio.py",), "SENTIMENT_PORT_APP", settings.port_app, "/", title)


def _service(settings: Settings) -> Part:
    return Part(
        "service",
        ("-m", "bentoml", "serve", "service:SentimentService"),
        "SENTIMENT_PORT_SERVICE",
        settings.port_service,
        "/readyz",
        "the HTTP service",
        environment={"SENTIMENT_HOST": loopback.ADDRESS},
    )


def _mlflow(settings: Settings) -> Part:
    files = ("--artifacts-destination", str(settings.home / "mlartifacts"))
    return Part(
        "mlflow",
        ("-m", "mlflow", "server", *_listening(settings.port_mlflow), "--workers", "1", *files),
        "SENTIMENT_PORT_MLFLOW",
        settings.port_mlflow,
        "/health",
        "the trainings, in MLflow",
        environment={"MLFLOW_BACKEND_STORE_URI": os.environ["MLFLOW_TRACKING_URI"]},
    )


def _prefect(settings: Settings) -> Part:
    access = demo_access(settings)
    return Part(
        "prefect",
        ("-m", "prefect", "--no-prompt", "server", "start", *_listening(settings.port_prefect)),
        "SENTIMENT_PORT_PREFECT",
        settings.port_prefect,
        "/api/health",
        f"the flows, in Prefect; it asks for: {access.login}",
        login=access.login,
        environment=access.variables,
    )


def _worker(settings: Settings) -> Part:
    access = demo_access(settings)
    return Part(
        "worker",
        ("-m", "flows.deploy", "--work", "--sole-worker"),
        "SENTIMENT_PORT_PREFECT",
        settings.port_prefect,
        "/api/work_pools/sentiloop",
        "their deployments: start one, or wait for its schedule",
        ready_word='"READY"',
        login=access.login,
        environment=access.variables,
    )


def _monitor(settings: Settings) -> Part:
    return Part(
        "monitor",
        ("-m", "monitor", "--port", str(settings.port_monitor)),
        "SENTIMENT_PORT_MONITOR",
        settings.port_monitor,
        "/healthz",
        "the telemetry, in place of Azure",
    )


def _listening(port: int) -> tuple[str, ...]:
    return ("--host", loopback.ADDRESS, "--port", str(port))


def main() -> int:
    """Read the command line and run the demo until it is stopped; return the exit code."""
    parser = argparse.ArgumentParser("python demo.py", description=__doc__)
    parser.add_argument(
        "--profile", default="quick", help="how much to train where there is no champion yet: smoke or quick"
    )
    return run(parser.parse_args().profile)


def run(profile: str) -> int:
    """Run the demo until it is stopped; return the exit code."""
    try:
        settings = read_settings()
        apply_tool_environment(settings)
        programs = parts(settings)
        _check_ports(programs)
        _train_if_needed(settings, profile)
    except SentiloopError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    honcho.manager.KILL_WAIT = _END_SECONDS
    manager = honcho.manager.Manager()  # it stops all parts when one ends, and on SIGINT and SIGTERM
    environment = dict(os.environ)
    if any(part.name == "monitor" for part in programs):
        environment[CONNECTION_STRING] = settings.local_connection_string
    for part in programs:
        command = shlex.join((sys.executable, *part.command))
        manager.add_process(part.name, f"exec {command}", env={**environment, **part.environment})
    threading.Thread(target=_attend, args=(settings, programs), daemon=True).start()
    manager.loop()
    return int(manager.returncode or 0)


def _check_ports(programs: list[Part]) -> None:
    for part in programs:
        with socket.socket() as probe:
            if probe.connect_ex((loopback.ADDRESS, part.port)) == 0:
                raise ConfigError(
                    f"port {part.port} for the {part.name} is in use: stop what runs there, "
                    f"or set {part.setting} to a free port"
                )


def _train_if_needed(settings: Settings, profile: str) -> None:
    """Train the smallest model if there is no champion; the others follow in the background."""
    if store.has_champion():
        print(f"the champion is {store.champion().tag}", flush=True)
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a stop ends the training, too
    durable.replace(settings.home / _UNFINISHED, profile.encode())
    print("no champion yet: training the smallest model (about a minute on two cores)", flush=True)
    command = [sys.executable, "-m", "flows.train", "--profile", profile, "--families", "tfidf"]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own flow
        raise StoreError("the training failed, as told above: mend its cause and run 'make demo' again")


def _train_the_others(settings: Settings, prefect: Part) -> None:
    """Start the comparison of all models as a run in Prefect, if an earlier demo has not ended it.

    Returns when the run has ended. While Prefect does not answer, it is asked again.
    """
    mark = settings.home / _UNFINISHED
    if not mark.exists():
        return
    user, _, password = prefect.login.partition(":")
    run, state, complaint, key = "", "", "", str(uuid4())
    with httpx.Client(
        base_url=f"{prefect.address}/api", auth=(user, password), timeout=30, trust_env=False
    ) as client:
        while state not in _ENDED:
            try:
                if not run:
                    run = _start_run(client, "train", {"profile": mark.read_text("utf-8")}, key)
                    print(
                        "all three models are trained and compared in the background: "
                        f"{prefect.address}/runs/flow-run/{run}\n"
                        "The best of them goes to the gate and takes over live if it is better.",
                        flush=True,
                    )
                state = client.get(f"/flow_runs/{run}").raise_for_status().json()["state_type"]
            except httpx.HTTPError as error:
                before, complaint = complaint, type(error).__name__
                if complaint != before:
                    print(f"Prefect does not answer and is asked again ({complaint})", flush=True)
            time.sleep(_LOOK_SECONDS)
    if state == "COMPLETED":
        mark.unlink()
    print(f"the training in the background: {state.lower()}", flush=True)


def _start_run(client: httpx.Client, flow: str, parameters: Mapping[str, str], key: str) -> str:
    """Start a run of a flow's local deployment, one for each key, and return its id."""
    deployment = client.get(f"/deployments/name/{flow}/local").raise_for_status().json()["id"]
    body = {"parameters": parameters, "state": {"type": "SCHEDULED"}, "idempotency_key": key}
    answer = client.post(f"/deployments/{deployment}/create_flow_run", json=body).raise_for_status()
    return str(answer.json()["id"])


def _attend(settings: Settings, programs: list[Part]) -> None:
    """Say where the parts are when they answer, then train the models that are missing."""
    _announce(programs)
    _train_the_others(settings, next(part for part in programs if part.name == "prefect"))


def _announce(programs: list[Part]) -> None:
    """Wait until every part answers, then print where it is."""
    waiting = list(programs)

    def are_ready() -> bool:
        waiting[:] = [part for part in waiting if not _is_ready(part)]
        return not waiting

    wait_until(are_ready, seconds=_READY_SECONDS)
    lines = [
        f"  {part.address}  {part.title}"
        + ("  (does not answer yet: see its lines above)" if part in waiting else "")
        for part in programs
    ]
    print("\n".join(["", "Sentiloop is running:", *lines, "Ctrl-C stops it all.", ""]), flush=True)


def _is_ready(part: Part) -> bool:
    user, _, password = part.login.partition(":")
    login = (user, password) if part.login else None
    try:
        answer = httpx.get(part.address + part.ready_path, auth=login, timeout=2, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.is_success and part.ready_word in answer.text


if __name__ == "__main__":
    sys.exit(main())
