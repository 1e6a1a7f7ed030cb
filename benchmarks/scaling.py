"""Time and memory of a training on ten times more tweets: `python -m benchmarks.scaling`.

Every training is a process of its own. Its memory is the most that it and its own workers hold at
once, looked at ten times a second, less what it held when its framework was warm and all tweets
were read.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
from typing import Any

import numpy as np
import psutil

import models
from benchmarks.ablation import pick
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data.dataset import Split, load_dataset

_LOOK_SECONDS = 0.1
_TIMES = 10
# A tenth of the default corpus, or of what two cores fine-tune in some minutes.
_ROWS = {"tfidf": 2400, "keras": 2400, "bert": 1000}
_VALIDATION_ROWS = 300
_WARM_UP_ROWS = 60


def some_of(split: Split, rows: int) -> Split:
    """Return a random sample of the rows: a corpus is sorted by label."""
    return pick(split, np.random.default_rng(0).permutation(len(split.texts))[:rows])


def train_once(family: str, rows: int) -> None:
    """Train a model once; print a line before, and the seconds it took after."""
    apply_tool_environment(read_settings())
    whole = load_dataset()
    train, few = some_of(whole.train, rows), some_of(whole.train, _WARM_UP_ROWS)
    judged = some_of(whole.validation, _VALIDATION_ROWS)
    validation = (judged.texts, judged.labels)
    options: dict[str, Any] = {"epochs": 1} if family == "bert" else {}
    warm_up = models.TrainingData(few.texts, few.labels, validation=(few.texts, few.labels))
    models.create(family, **options).fit(warm_up, progress=lambda line: None)
    print(json.dumps("warm"), flush=True)
    data = models.TrainingData(train.texts, train.labels, validation=validation)
    start = time.perf_counter()
    models.create(family).fit(data, progress=lambda line: None)
    print(json.dumps(time.perf_counter() - start), flush=True)


def megabytes(process: psutil.Process) -> float:
    """Return the resident memory of a process and its children, in megabytes."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += member.memory_info().rss
    return total / 1e6


def in_process(family: str, rows: int) -> tuple[float, float]:
    """Train in a process of its own and return its seconds and peak megabytes."""
    command = [sys.executable, "-m", "benchmarks.scaling", "--once", family, str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - our own program
        if child.stdout is None or child.stdout.readline().strip() != json.dumps("warm"):
            raise SystemExit(
                f"error: the {family} model could not be trained on {_WARM_UP_ROWS} tweets: see above"
            )
        process = psutil.Process(child.pid)
        before = most = megabytes(process)
        while child.poll() is None:
            most = max(most, megabytes(process))
            time.sleep(_LOOK_SECONDS)
        return float(json.loads(child.stdout.read())), most - before


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser("python -m benchmarks.scaling", description=__doc__)
    parser.add_argument(
        "--families",
        nargs="+",
        default=list(models.FAMILIES),
        choices=list(models.FAMILIES),
        help="which models",
    )
    parser.add_argument(
        "--once",
        nargs=2,
        metavar=("FAMILY", "ROWS"),
        help="train once in this process and print what it took as JSON",
    )
    chosen = parser.parse_args()
    if chosen.once:
        train_once(chosen.once[0], int(chosen.once[1]))
        return
    print(
        "| model | tweets | time | times longer | memory beside the tweets | more per tweet added |\n| "
        "--- | --- | --- | --- | --- | --- |"
    )
    for family in chosen.families:
        rows = _ROWS[family]
        (short, little), (long, much) = in_process(family, rows), in_process(family, _TIMES * rows)
        added = 1000 * (much - little) / ((_TIMES - 1) * rows)
        print(
            f"| {family} | {rows} → {_TIMES * rows} | {short:.0f} s → {long:.0f} s | {long / short:.1f} "
            f"| {little:.0f} MB → {much:.0f} MB | {added:.1f} kB |",
            flush=True,
        )


if __name__ == "__main__":
    main()
