"""What ten times more tweets cost a training in time and memory: `python -m benchmarks.scaling`.

Every training is a process of its own; its memory is the most that it ever held, less what it held before it read a tweet.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Any

import models
from sentiment.config import apply_tool_environment, read_settings
from sentiment.data import Split, load_dataset

_TIMES = 10
_ROWS = {"tfidf": 2400, "keras": 2400, "bert": 300}  # a tenth of the default corpus, or of what two cores fine-tune in a minute or two
_VALIDATION_ROWS = 300


def megabytes() -> float:
    """Return the most memory that this process held so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def train_once(family: str, rows: int) -> dict[str, float]:
    """Train a model once and return its `seconds`, `megabytes` and `text_megabytes`, those of the tweets themselves."""
    apply_tool_environment(read_settings())
    whole = load_dataset()
    train = Split(whole.train.texts[:rows], whole.train.labels[:rows])
    validation = (whole.validation.texts[:_VALIDATION_ROWS], whole.validation.labels[:_VALIDATION_ROWS])
    few = (train.texts[:60], train.labels[:60])
    options: dict[str, Any] = {"epochs": 1} if family == "bert" else {}
    models.create(family, **options).fit(*few, validation=few, progress=lambda line: None)  # loads the framework and the encoder
    before, start = megabytes(), time.perf_counter()
    models.create(family).fit(train.texts, train.labels, validation=validation, progress=lambda line: None)
    size = sum(len(text.encode()) for text in train.texts) / 1e6
    return {"seconds": time.perf_counter() - start, "megabytes": megabytes() - before, "text_megabytes": size}


def in_process(family: str, rows: int) -> dict[str, float]:
    """Train in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scaling", "--once", family, str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser("python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--families", nargs="+", default=list(models.FAMILIES), choices=list(models.FAMILIES), help="which models")
    parser.add_argument("--once", nargs=2, metavar=("FAMILY", "ROWS"), help="train once in this process and print what it took as JSON")
    chosen = parser.parse_args()
    if chosen.once:
        print(json.dumps(train_once(chosen.once[0], int(chosen.once[1]))))
        return
    print(
        "| model | tweets | time | times longer | memory beside the tweets | more per tweet added |\n| --- | --- | --- | --- | --- | --- |"
    )
    for family in chosen.families:
        rows = _ROWS[family]
        few, many = in_process(family, rows), in_process(family, _TIMES * rows)
        added = 1000 * (many["megabytes"] - few["megabytes"]) / ((_TIMES - 1) * rows)
        print(
            f"| {family} | {rows} → {_TIMES * rows} | {few['seconds']:.0f} s → {many['seconds']:.0f} s | "
            f"{many['seconds'] / few['seconds']:.1f} | {few['megabytes']:.0f} MB → {many['megabytes']:.0f} MB | {added:.1f} kB |",
            flush=True,
        )


if __name__ == "__main__":
    main()
