"""A server as a process: start, readiness, memory, idleness and end."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.serving_environments import ROOT
from sentiment.loopback import ADDRESS, loopback_url
from sentiment.waiting import wait_until

_HEADERS = {"Content-Type": "application/json"}
_READY_SECONDS, _SETTLE_SECONDS, _END_SECONDS = 180, 60, 15
_PAUSE = 0.02
_OK = 200
# What of this process's environment would change a server.
_PRIVATE = (
    "SENTIMENT_",
    "APPLICATIONINSIGHTS_",
    "BENTO",
    "MLFLOW_",
    "PYTHON",
    "PROMETHEUS_",
    "OTEL_",
    "TOKENIZERS_",
)


class Server:
    """A server that runs."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
        self._process, self._port, self._path, self._log = process, port, path, log
        self._idle_seconds = 0.0
        self._started = time.perf_counter()

    @property
    def url(self) -> str:
        """The URL that the load is sent to."""
        return f"{loopback_url(self._port)}{self._path}"

    def wait_until_ready(self, body: object) -> float:
        """Wait for the first good answer; return the seconds since the start of the process.

        Raises:
            SystemExit: The process ended, or three minutes passed.
        """

        def seconds_if_ready() -> float:
            if self._process.poll() is not None:
                return -1.0
            return time.perf_counter() - self._started if self._answers(body) else 0.0

        seconds = wait_until(seconds_if_ready, seconds=_READY_SECONDS, pause=_PAUSE)
        if seconds <= 0:
            raise SystemExit(
                f"error: the server at {self.url} did not become ready; "
                f"the end of {self._log}:\n{self._log.read_text()[-2000:]}"
            )
        return seconds

    def _answers(self, body: object) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self._post(body)[0] == _OK
        return False

    def ask(self, bodies: Sequence[object]) -> list[Any]:
        """Return the answers to requests made one after the other; note an idle server's time."""
        answers, times = [], []
        for body in bodies:
            start = time.perf_counter()
            status, answer = self._post(body)
            times.append(time.perf_counter() - start)
            if status != _OK:
                raise SystemExit(f"error: {self.url} answered {status} to one request alone: {answer!r}")
            answers.append(answer)
        self._idle_seconds = statistics.median(times)
        return answers

    def settle(self, body: object) -> None:
        """Wait until the last load is worked off: until a request takes an idle server's time."""

        def is_idle() -> bool:
            start = time.perf_counter()
            return self._answers(body) and time.perf_counter() - start < 3 * self._idle_seconds + _PAUSE

        wait_until(is_idle, seconds=_SETTLE_SECONDS, pause=_PAUSE)

    def memory_mb(self) -> float:
        """Return the megabytes (PSS) of the process and its children."""
        return tree_memory_mb(self._process.pid)

    def _post(self, body: object) -> tuple[int, Any]:
        with contextlib.closing(http.client.HTTPConnection(ADDRESS, self._port, timeout=60)) as connection:
            connection.request("POST", self._path, json.dumps(body), _HEADERS)
            answer = connection.getresponse()
            content = answer.read()
        return answer.status, json.loads(content) if answer.status == _OK else content.decode(
            errors="replace"
        )[:500]


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, path: str, *, environment: Mapping[str, str], log: Path
) -> Iterator[Server]:
    """Run a server from the project's root; end it and its children with the context."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=ROOT, env=dict(environment), stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    try:
        yield Server(process, port, path, log)
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Terminate a process; after a while, kill what is left of it and its children."""
    family = _family(process.pid)
    process.terminate()
    _, left = psutil.wait_procs(family, timeout=_END_SECONDS)
    for member in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def tree_memory_mb(pid: int) -> float:
    """Return the PSS, in megabytes, of a process and its children."""
    total = 0
    for process in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 1e6


def clean_environment(python: Path, added: Mapping[str, str]) -> dict[str, str]:
    """Return our environment without settings of servers, the given Python's programs first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
    return {**kept, "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}", **added}


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as listener:
        listener.bind((ADDRESS, 0))
        port: int = listener.getsockname()[1]
        return port


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
