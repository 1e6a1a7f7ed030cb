"""A server as a process: started, asked until it answers, weighed, left alone until it is idle, and ended by its id."""

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
        """Where the load goes."""
        return f"http://127.0.0.1:{self._port}{self._path}"

    def wait_until_ready(self, body: object) -> float:
        """Ask until the first good answer; return the seconds since the start of the process.

        Raises:
            SystemExit: The process ended, or three minutes passed.
        """
        while time.perf_counter() - self._started < _READY_SECONDS and self._process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self._post(body)[0] == _OK:
                    return time.perf_counter() - self._started
            time.sleep(_PAUSE)
        raise SystemExit(
            f"error: the server at {self.url} did not become ready; the end of {self._log}:\n{self._log.read_text()[-2000:]}"
        )

    def ask(self, bodies: Sequence[object]) -> list[Any]:
        """Return the answers to requests made one after the other; how long they take is what an idle server takes."""
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
        """Wait until what the last load left behind is done: until a request takes about what it takes an idle server."""
        end = time.perf_counter() + _SETTLE_SECONDS
        while (start := time.perf_counter()) < end:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, _ = self._post(body)
                if status == _OK and time.perf_counter() - start < 3 * self._idle_seconds + _PAUSE:
                    return
            time.sleep(_PAUSE)

    def memory_mb(self) -> float:
        """Return the resident megabytes of the process and all that it started, pages that they share counted once (PSS)."""
        return tree_memory_mb(self._process.pid)

    def _post(self, body: object) -> tuple[int, Any]:
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        ) as connection:
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
    """Start a server from the project's root and end it, and all that it started, at the end of the context."""
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
    """Ask a process to end, and kill what of it and its children is left after a while."""
    family = _family(process.pid)
    process.terminate()
    _, left = psutil.wait_procs(family, timeout=_END_SECONDS)
    for one in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()


def tree_memory_mb(pid: int) -> float:
    """Return the PSS, in megabytes, of a process and its children."""
    total = 0
    for process in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 1e6


def clean_environment(python: Path, added: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without what would change a server, an environment's programs first on its path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
    return {**kept, "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}", **added}


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
