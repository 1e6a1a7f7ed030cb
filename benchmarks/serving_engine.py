"""The upper bound: the served model in process, without HTTP, in the service's environment.

Texts come in batches of 16 and one by one. It prints a line when it has answered the first text, a
line of JSON with the labels of the first texts, and one with a result per batch size; then it waits
for a signal.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import models

BATCHES = (1, 16)
_WARM_UP_SECONDS = 1.0


def measure(model: models.Classifier, texts: list[str], *, size: int, seconds: float) -> dict[str, Any]:
    """Score batches of distinct texts for some seconds; each text takes its batch's time."""
    times: list[float] = []
    position, start = 0, time.perf_counter()
    while (now := time.perf_counter()) < start + seconds:
        model.predict_proba(texts[position : position + size])
        times.append(1000 * (time.perf_counter() - now))
        position = (position + size) % (len(texts) - size)
    rate = size * len(times) / (time.perf_counter() - start)
    return {
        "clients": size,
        "rate": rate,
        "p50_ms": statistics.median(times),
        "p99_ms": statistics.quantiles(times, n=100)[98],
    }


def main() -> None:
    """Measure as the command line says.

    Its arguments: the model's folder, the file of texts, the seconds per size, the first text's
    number and how many to label.
    """
    folder, path, seconds, first, asked = sys.argv[1:]
    model = models.load(folder)
    texts = json.loads(Path(path).read_text("utf-8"))
    model.predict_proba(texts[:1])
    print("ready", flush=True)
    print(json.dumps(model.predict(texts[: int(asked)])), flush=True)
    texts = texts[int(first) :] + texts[: int(first)]
    measure(model, texts[::-1], size=BATCHES[-1], seconds=_WARM_UP_SECONDS)
    print(
        json.dumps([measure(model, texts, size=size, seconds=float(seconds)) for size in BATCHES]), flush=True
    )
    sys.stdin.read()


if __name__ == "__main__":
    main()
