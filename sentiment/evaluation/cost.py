"""The cost of a model: the time of one text, the size of its files, and its memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import models

_ROUNDS, _WARM_UP = 3, 5
_MEMORY_TEXTS = 32
_PATIENCE_SECONDS = 300
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Cost:
    """The cost of answering: time of one text in milliseconds, files and memory in megabytes.

    The time is the 95th percentile; a megabyte is 10^6 bytes; memory is resident.
    """

    latency_ms_p95: float
    size_mb: float
    memory_mb: float


def measure_costs(
    loaded: Mapping[str, models.Classifier], folders: Mapping[str, Path], texts: Sequence[str]
) -> dict[str, Cost]:
    """Return the cost of each model, all measured in turn.

    So all share what else the machine does meanwhile.

    Args:
        loaded: The models, by name.
        folders: The directories that they were loaded from, by the same names.
        texts: What they are asked, one by one.

    Raises:
        ModelError: A model cannot be loaded in a process of its own.
    """
    latencies = measure_latencies(loaded, texts)
    return {
        name: Cost(latencies[name], measure_size(folder), measure_memory(folder, texts))
        for name, folder in folders.items()
    }


def measure_latencies(contenders: Mapping[str, models.Classifier], texts: Sequence[str]) -> dict[str, float]:
    """Return each model's p95 of the milliseconds for one text, the lowest of three rounds.

    The models take turns text by text.
    """
    for model in contenders.values():
        for text in texts[:_WARM_UP]:
            model.predict_proba([text])
    rounds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(_ROUNDS):
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for text in texts:
            for name, model in contenders.items():
                start = time.perf_counter()
                model.predict_proba([text])
                times[name].append((time.perf_counter() - start) * 1000)
        for name, milliseconds in times.items():
            rounds[name].append(float(np.percentile(milliseconds, 95)))
    return {name: min(values) for name, values in rounds.items()}


def measure_latency(
    predict: Callable[[list[str]], object], texts: Sequence[str], warm_up: int = 5
) -> dict[str, float]:
    """Return the p50 and p95 of the milliseconds that `predict` takes for one text.

    The first `warm_up` calls are repeated and do not count.
    """
    for text in texts[:warm_up]:
        predict([text])
    milliseconds = []
    for text in texts:
        start = time.perf_counter()
        predict([text])
        milliseconds.append((time.perf_counter() - start) * 1000)
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return {"latency_ms_p50": float(p50), "latency_ms_p95": float(p95)}


def measure_size(directory: Path, *, without: str = "") -> float:
    """Return the size of a directory's files in megabytes, without files of one name."""
    return (
        sum(path.stat().st_size for path in directory.rglob("*") if path.is_file() and path.name != without)
        / 1e6
    )


def measure_memory(folder: Path, texts: Sequence[str]) -> float:
    """Return the peak memory, in megabytes, of a new process that loads a model and predicts.

    Raises:
        ModelError: The process fails, or does not end in five minutes.
    """
    command = [sys.executable, "-m", "sentiment.evaluation.cost", str(folder)]
    question = json.dumps(list(texts[:_MEMORY_TEXTS]))
    root = Path(__file__).resolve().parents[2]
    try:
        done = subprocess.run(  # noqa: S603 - this file
            command,
            input=question,
            capture_output=True,
            text=True,
            check=True,
            timeout=_PATIENCE_SECONDS,
            cwd=root,
        )
        return float(done.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        last = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1:]
        raise models.ModelError(
            f"the memory of the model in {folder} cannot be measured ({' '.join(last)}): see that it loads"
        ) from error


def _report() -> None:
    """Print this process's peak memory after a prediction.

    The command line names the model, the texts are read from stdin.
    """
    models.load(sys.argv[1]).predict_proba(json.loads(sys.stdin.read()))
    print(_peak_bytes() / _MEGABYTE)


def _peak_bytes() -> int:
    """Return this process's peak resident memory.

    On Linux `getrusage` would tell that of the process that started it, if that is more.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    _report()
