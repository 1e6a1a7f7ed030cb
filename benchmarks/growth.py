"""How the time of each part grows with what is there: `python -m benchmarks.growth`.

Each size is measured in a process of its own. An exponent of 0 means that the size does not matter,
1 that ten times as much takes ten times as long. `--inbox az://CONTAINER` measures an inbox on
Azure Blob as well, and PostgreSQL is measured where Debian's package is installed.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import resource
import secrets
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import growth_inbox, growth_queue, growth_stores, postgresql
from sentiment.feedback.inbox import Inbox

_MEGABYTE = 1024  # of ru_maxrss, which counts in kB
_MOST_RUNS = 10_000
PARTS = ("inbox", "queue", "dataset", "mlflow", "monitor")
Measure = Callable[[Path, int], dict[str, float]]


class Line(NamedTuple):
    """One operation: its times by size, in the unit that its name states."""

    name: str
    times: dict[int, float]


def exponent(times: dict[int, float]) -> float | None:
    """Return the slope of the logarithm of the time over that of the size; None for one size.

    >>> round(exponent({10: 1.0, 100: 10.0, 1000: 100.0}) or 0, 3)
    1.0
    """
    points = [(math.log(rows), math.log(max(took, 1e-9))) for rows, took in times.items()]
    middle = sum(x for x, _ in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * y for x, y in points) / spread if spread else None


def measure_inbox(place: str, folder: Path, rows: int) -> dict[str, float]:
    """Measure an inbox below a URL, or in the folder."""
    inbox = Inbox(f"{place.rstrip('/')}/{secrets.token_hex(4)}" if place else str(folder / "inbox"))
    times = growth_inbox.measure(inbox, growth_inbox.fill(inbox, rows))
    return {f"{name}, s": took for name, took in times.items()}


def measure_queue(server: postgresql.Server | None, folder: Path, rows: int) -> dict[str, float]:
    """Measure a queue on a PostgreSQL server, or on SQLite in the folder."""
    url = server.url(server.create_database()) if server else f"sqlite:///{folder / 'review.db'}"
    growth_queue.fill(url, rows)
    return {f"{act}, ms": took for act, took in growth_queue.measure_clicks(url, folder / "index").items()}


def measure_store(measure: Measure, folder: Path, rows: int) -> dict[str, float]:
    """Measure one of the other stores."""
    return {f"{name}, s": took for name, took in measure(folder, rows).items()}


def in_a_process(measure: Measure, rows: int) -> dict[str, float]:
    """Measure in this process, and add the most memory that it held."""
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        times = measure(Path(folder), rows)
    return {**times, "memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEGABYTE}


def chosen_parts(
    parts: list[str], inbox: str, server: postgresql.Server | None, sizes: list[int]
) -> Iterator[tuple[str, Measure, list[int]]]:
    """Yield the name of each part, what measures it, and at which sizes."""
    runs = sorted({min(rows, _MOST_RUNS) // 100 for rows in sizes} | {min(max(sizes), _MOST_RUNS)})
    if "inbox" in parts:
        yield "inbox on disk", partial(measure_inbox, ""), sizes
        if inbox:
            yield "inbox on Blob", partial(measure_inbox, inbox), sizes
    if "queue" in parts:
        yield "queue on SQLite", partial(measure_queue, None), sizes
        if server:
            yield "queue on PostgreSQL", partial(measure_queue, server), sizes
    if "dataset" in parts:
        yield "dataset", partial(measure_store, growth_stores.measure_dataset), sizes
    if "mlflow" in parts:
        yield "MLflow", partial(measure_store, growth_stores.measure_runs), runs
    if "monitor" in parts:
        yield "monitor", partial(measure_store, growth_stores.measure_monitor), sizes


def measure_part(name: str, measure: Measure, sizes: list[int]) -> list[Line]:
    """Measure a part at each size."""
    by_act: dict[str, dict[int, float]] = {}
    for rows in sizes:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            done = pool.submit(in_a_process, measure, rows).result()
        for act, took in done.items():
            by_act.setdefault(act, {})[rows] = took
    return [Line(f"{name}: {act}", times) for act, times in by_act.items()]


def print_table(lines: list[Line]) -> None:
    """Print a table in Markdown, one line per operation."""
    sizes = sorted({rows for line in lines for rows in line.times})
    print(f"| | {' | '.join(f'{rows:,}' for rows in sizes)} | exponent |")
    print(f"| --- |{' --- |' * (len(sizes) + 1)}")
    for line in lines:
        cells = " | ".join(f"{line.times[rows]:.3g}" if rows in line.times else "" for rows in sizes)
        slope = exponent(line.times)
        print(f"| {line.name} | {cells} | {'' if slope is None else f'{slope:.2f}'} |", flush=True)
    print(flush=True)


def main() -> None:
    """Read the command line, measure part by part and print a table for each."""
    parser = argparse.ArgumentParser("python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000], metavar="N")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--inbox", default="", metavar="URL", help="an inbox's place to measure as well")
    chosen = parser.parse_args()
    programs = postgresql.programs() if "queue" in chosen.parts else None
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n", flush=True)
    with ExitStack() as stack:
        server = stack.enter_context(postgresql.server(programs)) if programs else None
        for name, measure, sizes in chosen_parts(chosen.parts, chosen.inbox, server, sorted(chosen.rows)):
            print_table(measure_part(name, measure, sizes))


if __name__ == "__main__":
    main()
