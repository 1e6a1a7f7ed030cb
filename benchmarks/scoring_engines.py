"""Rate of `flows.score` on one process and on Ray: `python -m benchmarks.scoring_engines`.

Both engines score the same file on the same cores, from one core to all of them. Then what more
workers would give: until the process that reads and writes is busy all the time, each adds the rate
of one; that process alone is measured with an engine that computes nothing.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import models
from models import Scores
from models.onnx_session import cores
from sentiment.bulk.engine import Engine, LocalEngine, Pending, Told
from sentiment.bulk.ray_engine import ray_engine
from sentiment.bulk.scoring import Job, score_file
from sentiment.champions import store
from sentiment.command import run_command, whole_number
from sentiment.config import apply_tool_environment, read_settings

_WORDS = (
    "I",
    "love",
    "this",
    "flight",
    "but",
    "the",
    "crew",
    "was",
    "late",
    "my",
    "bag",
    "is",
    "lost",
    "😡",
    "😍",
)
_SIMULATED = (4, 8, 16, 32, 64)


class NoEngine(Engine):
    """Computes nothing: what is left is reading and writing."""

    temperature = 1.0

    def begin(self, texts: Sequence[str]) -> Pending:
        """Return the same scores for each text."""
        return _NoPending(len(texts))


class _NoPending(Pending):
    def __init__(self, number: int) -> None:
        self._number = number

    def scores(self, tell: Told) -> Scores:
        tell(0)
        return np.full((self._number, 3), 1 / 3)


def simulated(one_worker: float, reading: float, workers: int) -> float:
    """Return the rate of so many workers, whose rows one process reads and writes.

    >>> simulated(100.0, 1000.0, 4), simulated(100.0, 1000.0, 40)
    (400.0, 1000.0)
    """
    return min(workers * one_worker, reading)


def write_tweets(path: Path, rows: int) -> None:
    """Write a table of made-up tweets, which differ in length."""
    chance = np.random.default_rng(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        for number in range(rows):
            writer.writerow([number, " ".join(chance.choice(_WORDS, chance.integers(4, 25)))])


def rate(source: Path, engine: Engine) -> float:
    """Score a file and return the rows a second."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        record, _ = score_file(Job(source, Path(folder) / "out.csv", "benchmark"), engine)
        return record.rows / (time.monotonic() - started)


def compare(source: Path, model: Path, number: int) -> tuple[float, float]:
    """Return the rates of one process and of Ray, both bound to this many cores."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(allowed)[:number]))  # what starts from here inherits it
    try:
        local = rate(source, LocalEngine(models.load(model)))
        with ray_engine(model) as engine:
            while len(engine.pool.nodes) < number:
                engine.begin(["warm"]).scores(lambda done: None)
            return local, rate(source, engine)
    finally:
        os.sched_setaffinity(0, allowed)


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser("python -m benchmarks.scoring_engines", description=__doc__)
    parser.add_argument("--rows", type=whole_number("rows", 1000, 10**8), default=50_000)
    parser.add_argument("--model", type=Path, help="a folder of a model (default: the champion)")
    given = parser.parse_args()
    apply_tool_environment(read_settings())
    model = given.model or store.champion().path
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "tweets.csv"
        write_tweets(source, given.rows)
        reading = rate(source, NoEngine())
        print(f"{given.rows:,} rows; load of the machine at the start: {os.getloadavg()[0]:.1f}\n")
        print("| cores | local, rows a second | Ray, rows a second | ratio |\n| --- | --- | --- | --- |")
        measured = []
        for number in range(1, cores() + 1):
            local, on_ray = compare(source, model, number)
            measured.append(on_ray)
            print(f"| {number} | {local:,.0f} | {on_ray:,.0f} | {on_ray / local:.2f} |", flush=True)
    print(f"\nReading and writing alone: {reading:,.0f} rows a second.\n")
    print("| workers | simulated, rows a second | measured |\n| --- | --- | --- |")
    for number in (*range(1, cores() + 1), *(each for each in _SIMULATED if each > cores())):
        seen = f"{measured[number - 1]:,.0f}" if number <= len(measured) else "-"
        print(f"| {number} | {simulated(measured[0], reading, number):,.0f} | {seen} |")


if __name__ == "__main__":
    sys.exit(run_command(main))
