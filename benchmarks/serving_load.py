"""Load from wrk (Debian's package): its command, and its results.

Which servers and how often is in `serving`.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_suffix(".lua")
_PATIENCE_SECONDS = 60  # an answer that takes longer counts as broken


@dataclass(frozen=True)
class Load:
    """The result of one load: clients with one request at a time each.

    Attributes:
        clients: Connections, kept open; of the bare engine, texts in a batch.
        rate: Good answers per second.
        p50_ms: Median of the milliseconds from request to answer.
        p99_ms: Their 99th percentile.
        failures: Answers of status 400 and more, broken connections and requests without an answer
            in time.
        wrk_share: Time that wrk computed, as a share of one core.
    """

    clients: int
    rate: float
    p50_ms: float
    p99_ms: float
    failures: int = 0
    wrk_share: float = 0.0


def find_wrk() -> str:
    """Return the path of wrk.

    Raises:
        SystemExit: It is not installed.
    """
    path = shutil.which("wrk")
    if path is None:
        raise SystemExit("error: wrk is not installed: apt-get install wrk")
    return path


def write_bodies(path: Path, bodies: Iterable[object]) -> Path:
    """Write requests as one line of JSON each, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(body) + "\n" for body in bodies), "ascii")
    return path


def run_wrk(url: str, bodies: Path, *, clients: int, seconds: float, first: int) -> Load:
    """Post the lines of a file from line `first` on, for some seconds, and return the result."""
    command = [
        find_wrk(),
        "--threads",
        "1",
        "--connections",
        str(clients),
        "--duration",
        f"{max(1, round(seconds))}s",
    ]
    command += [
        "--timeout",
        f"{_PATIENCE_SECONDS}s",
        "--script",
        str(_SCRIPT),
        url,
        "--",
        str(bodies),
        str(first),
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - wrk
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    computed = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return parse_wrk(done.stdout, clients=clients, computed=computed)


def parse_wrk(output: str, *, clients: int, computed: float = 0.0) -> Load:
    """Parse the JSON line at the end of wrk's output; `computed` is wrk's CPU time in seconds.

    >>> counts = {"requests": 110, "refused": 10, "broken": 1}
    >>> counts |= {"seconds": 2, "p50_ms": 9, "p99_ms": 12}
    >>> parse_wrk(json.dumps(counts), clients=4).rate
    50.0
    """
    line = next((line for line in reversed(output.splitlines()) if line.startswith("{")), None)
    if line is None:
        raise ValueError(f"wrk printed no result: {output[-300:]!r}")
    counts = json.loads(line)
    good = counts["requests"] - counts["refused"]
    failures = counts["refused"] + counts["broken"]
    share = computed / counts["seconds"]
    return Load(clients, good / counts["seconds"], counts["p50_ms"], counts["p99_ms"], failures, share)
