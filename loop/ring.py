"""The home, the programs and the environment of one loop; its steps are in `__main__`."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from sentiment import loopback, waiting
from sentiment.config import apply_tool_environment, read_settings
from sentiment.errors import SentiloopError
from sentiment.loopback import loopback_url
from sentiment.prefect_access import apply_prefect_access

_PATIENCE_SECONDS = 120.0
# Nothing else of the user's environment: no account may take part.
_KEEP = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "SSL_CERT_FILE")


class LoopError(SentiloopError):
    """A step of the loop failed."""


@dataclass
class Ring:
    """The home, the addresses and the environment that every step shares."""

    home: Path
    service: str
    monitor: str
    environment: dict[str, str]
    # One for all requests: to make one takes longer than to answer.
    http: httpx.Client
    stack: ExitStack = field(default_factory=ExitStack)

    def run(self, module: str, *arguments: str, allowed: Sequence[int] = (0,)) -> str:
        """Run a flow's command and return its stdout.

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
            output = f"{done.stdout}{done.stderr}"[-4000:]
            raise LoopError(
                f"python -m {module} {' '.join(arguments)} ended with {done.returncode}:\n{output}"
            )
        return done.stdout.strip()

    def start(self, name: str, command: Sequence[str], ready: str) -> None:
        """Start a program that runs until the loop ends, and wait until it answers 200.

        Raises:
            LoopError: It ended, or did not answer in time.
        """
        (self.home / "logs").mkdir(exist_ok=True)
        log = self.stack.enter_context((self.home / "logs" / f"{name}.log").open("w", encoding="utf-8"))
        process = subprocess.Popen(  # noqa: S603 - our own programs
            [sys.executable, "-m", *command], env=self.environment, stdout=log, stderr=subprocess.STDOUT
        )
        self.stack.callback(_stop, process)
        wait_until(
            lambda: process.poll() is not None or self._answers(ready), f"{name} answers (see {log.name})"
        )
        if process.poll() is not None:
            raise LoopError(f"{name} ended at once: see {log.name}")

    def _answers(self, address: str) -> bool:
        """Return whether an address answers with success."""
        try:
            return self.http.get(address, timeout=5).is_success
        except httpx.HTTPError:
            return False


@contextmanager
def set_up(home: Path) -> Iterator[Ring]:
    """Set up a loop in an empty home with free ports, and stop its programs at the end."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    service, monitor, prefect = _free_ports(3)
    environment = {name: os.environ[name] for name in _KEEP if name in os.environ}
    environment |= {
        "SENTIMENT_HOME": str(home),
        "SENTIMENT_PORT_SERVICE": str(service),
        "SENTIMENT_PORT_MONITOR": str(monitor),
        "SENTIMENT_PORT_PREFECT": str(prefect),
        "SENTIMENT_VALIDATED_PATH": str(home / "feedback_validated.csv"),
        # A ring of minutes must learn from more than complaints, and the same each time.
        "SENTIMENT_SAMPLE_RANDOM": "1",
        "SENTIMENT_TRUSTED_PROXIES": "1",  # each of the people below comes from an address of their own
        "SENTIMENT_RELOAD_SECONDS": "1",
        "PREFECT_API_URL": f"{loopback_url(prefect)}/api",
        "PYTHONWARNINGS": "ignore",
    }
    ports = {"port_monitor": monitor, "port_prefect": prefect}
    settings = read_settings().model_copy(update={"home": home, **ports})
    apply_tool_environment(settings, environment)
    apply_prefect_access(settings, environment)
    environment["APPLICATIONINSIGHTS_CONNECTION_STRING"] = settings.local_connection_string
    ring = Ring(home, loopback_url(service), loopback_url(monitor), environment, _client())
    with ring.stack:
        ring.stack.enter_context(ring.http)
        host = ("--host", loopback.ADDRESS, "--port")
        ring.start(
            "prefect",
            ["prefect", "server", "start", *host, str(prefect)],
            f"{loopback_url(prefect)}/api/health",
        )
        ring.start("monitor", ["monitor", "--port", str(monitor), "--no-alerts"], f"{ring.monitor}/healthz")
        yield ring


def _client() -> httpx.Client:
    # A connection is closed before the server closes it, so that no request meets a closed one.
    limits = httpx.Limits(keepalive_expiry=2)
    return httpx.Client(timeout=30, trust_env=False, limits=limits)


def wait_until(is_so: Callable[[], bool], what: str, pause: float = 0.3) -> None:
    """Wait until a condition holds.

    Raises:
        LoopError: It does not hold after two minutes.
    """
    if not waiting.wait_until(is_so, seconds=_PATIENCE_SECONDS, pause=pause):
        raise LoopError(
            f"waited {_PATIENCE_SECONDS:.0f} s until {what}: look into the logs of SENTIMENT_HOME/loop"
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server((loopback.ADDRESS, 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]
