"""A real `bentoml serve` in processes of its own, for tests that end it, gently or not."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
from ports import free_port

ROOT = Path(__file__).parents[1]


@contextlib.contextmanager
def served(log: Path, *, workers=2, python=sys.executable, **environment):
    """The address and the process of a server that is ready; whatever is left of it is killed at the end."""
    port = free_port()
    # Without BENTOML_HOME: a bare `bentoml serve` must find the store below SENTIMENT_HOME.
    inherited = {name: value for name, value in os.environ.items() if name not in ("BENTOML_HOME", "PROMETHEUS_MULTIPROC_DIR")}
    settings = {"SENTIMENT_WORKERS": str(workers), "SENTIMENT_PORT_SERVICE": str(port), "HOME": os.environ["SENTIMENT_HOME"]}
    command = [str(python), "-m", "bentoml", "serve", "--host", "127.0.0.1"]
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env={**inherited, **settings, **environment}, stdout=output, stderr=output)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process, log)
        yield f"http://127.0.0.1:{port}", process
    finally:
        if process.poll() is None:
            kill(process, workers)


def wait_until_ready(address, process, log):
    """Return when the service is ready; fail at once if its process ends."""
    for _ in range(240):
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/readyz", timeout=5).status_code == 200:
                return
        assert process.poll() is None, log.read_text()
        time.sleep(0.25)
    pytest.fail(f"the server was not ready within a minute: {log.read_text()}")


def family(process):
    """The supervisor and its workers."""
    supervisor = psutil.Process(process.pid)
    return [supervisor, *supervisor.children(recursive=True)]


def kill(process, workers=2):
    """Kill -9 the server: the supervisor first, or it would start its workers anew; each has a session of its own."""
    with contextlib.suppress(psutil.NoSuchProcess):
        members = family(process)
        for member in members:
            member.kill()
        process.wait(timeout=30)
        _, alive = psutil.wait_procs(members[1:], timeout=30)
        assert not alive
        assert len(members) > workers, f"there should have been {workers} workers"
