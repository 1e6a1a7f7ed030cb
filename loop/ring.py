"""The home, the programs and the environment of one ring; what happens in it is told in `__main__`."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import SentiloopError

_PATIENCE_SECONDS = 120.0
# No account of the user's joins.
_KEEP = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "SSL_CERT_FILE")


class LoopError(SentiloopError):
    """A step of the ring did not do what it is there for."""


@dataclass
class Ring:
    """The home, the addresses and the environment that every step shares."""

    home: Path
    service: str
    monitor: str
    environment: dict[str, str]
    stack: ExitStack = field(default_factory=ExitStack)

    def run(self, module: str, *arguments: str, allowed: Sequence[int] = (0,)) -> str:
        """Run a command of the flows to its end and return what it printed.

        Raises:
            LoopError: It failed; its output is in the message.
        """
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(  # noqa: S603 - our own flows
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        (self.home / "logs").mkdir(exist_ok=True)
        with (self.home / "logs" / f"{module}.log").open("a", encoding="utf-8") as log:
            log.write(f"$ python -m {module} {' '.join(arguments)}\n{done.stdout}{done.stderr}\n")
        if done.returncode not in allowed:
            raise LoopError(
                f"python -m {module} {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"[
                    -4000:
                ]
            )
        return done.stdout.strip()

    def start(self, name: str, command: Sequence[str], ready: str) -> None:
        """Start a program that runs until the ring ends, and wait until it answers 200.

        Raises:
            LoopError: It ended, or did not answer in time.
        """
        (self.home / "logs").mkdir(exist_ok=True)
        log = self.stack.enter_context((self.home / "logs" / f"{name}.log").open("w", encoding="utf-8"))
        process = subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, "-m", *command], env=self.environment, stdout=log, stderr=subprocess.STDOUT
        )
        self.stack.callback(_stop, process)
        wait_until(lambda: process.poll() is not None or answers(ready), f"{name} answers (see {log.name})")
        if process.poll() is not None:
            raise LoopError(f"{name} ended at once: see {log.name}")


@contextmanager
def set_up(home: Path) -> Iterator[Ring]:
    """Give a ring in an empty home with ports of its own; stop at the end what it started."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    service, monitor, prefect = _free_ports(3)
    environment = {name: os.environ[name] for name in _KEEP if name in os.environ}
    environment |= {
        "SENTIMENT_HOME": str(home),
        "SENTIMENT_PORT_SERVICE": str(service),
        "SENTIMENT_PORT_MONITOR": str(monitor),
        "SENTIMENT_VALIDATED_PATH": str(home / "feedback_validated.csv"),
        # A ring of minutes must learn from more than complaints, and the same each time.
        "SENTIMENT_SAMPLE_RANDOM": "1",
        "SENTIMENT_TRUSTED_PROXIES": "1",  # each of the people below comes from an address of their own
        "SENTIMENT_RELOAD_SECONDS": "1",
        "PREFECT_API_URL": f"http://127.0.0.1:{prefect}/api",
        "PYTHONWARNINGS": "ignore",
    }
    settings = read_settings().model_copy(update={"home": home, "port_monitor": monitor})
    apply_tool_environment(settings, environment)
    environment["APPLICATIONINSIGHTS_CONNECTION_STRING"] = settings.local_connection_string
    ring = Ring(home, f"http://127.0.0.1:{service}", f"http://127.0.0.1:{monitor}", environment)
    with ring.stack:
        host = ("--host", "127.0.0.1", "--port")
        ring.start(
            "prefect",
            ["prefect", "server", "start", *host, str(prefect)],
            f"http://127.0.0.1:{prefect}/api/health",
        )
        ring.start("monitor", ["monitor", "--port", str(monitor), "--no-alerts"], f"{ring.monitor}/healthz")
        yield ring


def wait_until(is_so: Callable[[], bool], what: str, pause: float = 0.3) -> None:
    """Return as soon as something is so.

    Raises:
        LoopError: It is not so after two minutes.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise LoopError(
                f"waited {_PATIENCE_SECONDS:.0f} s until {what}: look into the logs of SENTIMENT_HOME/loop"
            )
        time.sleep(pause)


def answers(address: str) -> bool:
    """Return whether an address answers with success."""
    try:
        return httpx.get(address, timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in opened]
