"""ONNX networks opened for serving, on a GPU that ONNX Runtime has or on the CPU."""

from __future__ import annotations

import math
import os
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.base import Classifier
from models.errors import ModelError

NETWORK_FILE = "network.onnx"
FLOAT_FILE = "float32.onnx"  # the same network before it was quantised, for a GPU
_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
_CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")
# Of one call, padding included: more are no faster each, and take memory.
_CPU_TOKENS, _GPU_TOKENS = 128, 8192

Inputs = dict[str, NDArray[np.integer[Any]]]


class Network:
    """An ONNX network with one output, run on all cores or on one core per call.

    A single call computes on all cores, several at once on one core each. A core with a call of its
    own waits for no other core, so many small calls at once take a third less time than few large
    ones. On a GPU calls are large and come one by one.
    """

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            ModelError: The file is missing or no network.
        """
        self._on_all_cores = _open(path, cores())
        is_on_gpu = self._on_all_cores.get_providers()[0] != _PROVIDERS[-1]
        self.lanes = 1 if is_on_gpu else cores()
        self.most_tokens = _GPU_TOKENS if is_on_gpu else _CPU_TOKENS
        self._on_one_core = _open(path, 1) if self.lanes > 1 else self._on_all_cores
        self._alone = threading.Lock()
        self._pool = ThreadPoolExecutor(self.lanes, "network")

    def run(self, calls: Sequence[Inputs]) -> list[NDArray[np.float32]]:
        """Return the output of each call, whose arrays are named as the network's inputs."""
        if len(calls) == 1 and self._alone.acquire(blocking=False):
            try:
                return [_run(self._on_all_cores, calls[0])]
            finally:
                self._alone.release()
        return list(self._pool.map(partial(_run, self._on_one_core), calls))


def _open(path: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Between two calls, threads that spin would take the cores from those that answer requests.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    available = onnxruntime.get_available_providers()
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=[provider for provider in _PROVIDERS if provider in available]
        )
    except Exception as error:  # ONNX Runtime's own errors share no public base
        raise ModelError(
            f"{path} cannot be opened ({type(error).__name__}): run 'make train' again"
        ) from error


def _run(session: Any, inputs: Inputs) -> NDArray[np.float32]:
    output: NDArray[np.float32] = session.run(None, inputs)[0]
    return output


class ServedNetwork(Classifier):
    """A classifier whose files, an ONNX network among them, are in a directory."""

    directory_: Path

    def save(self, directory: Path | str) -> None:
        """Copy the files that it was loaded from."""
        shutil.copytree(self.directory_, directory, dirs_exist_ok=True)


def choose_precision(directory: Path, precision: Literal["int8", "float32"]) -> None:
    """Keep the network of one precision in an exported model that has two."""
    if (directory / FLOAT_FILE).exists():
        if precision == "float32":
            (directory / FLOAT_FILE).replace(directory / NETWORK_FILE)
        else:
            (directory / FLOAT_FILE).unlink()


def cores() -> int:
    """Return the number of cores that this process may use.

    That is how many it is bound to, or its container's share of them if that is less.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = _CPU_QUOTA.read_text("ascii").split()
        return max(1, min(bound, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # no container, or one without a limit: "max 100000"
        return bound


def pad(rows: list[list[int]]) -> NDArray[np.int64]:
    """Return rows of unequal length as one array, padded with zeros at the end."""
    padded = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
    return padded
