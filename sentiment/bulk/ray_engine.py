"""Scores on a Ray cluster: this process reads and writes, the workers of the nodes only compute.

So the nodes need neither the files nor the account of a storage, each row is written by one
process and once, and reading waits for no core of the cluster.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from models.onnx_session import cores
from sentiment.bulk.engine import Engine, Pending, joined, pieces
from sentiment.bulk.model_archive import pack
from sentiment.bulk.ray_pool import RayPool
from sentiment.bulk.ray_worker import CORES
from sentiment.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from models import Scores
    from sentiment.bulk.engine import Told
    from sentiment.bulk.ray_pool import Ticket

INSTALL = ".venv/bin/pip install --constraint constraints.txt --editable '.[ray]'"
_OBJECT_STORE = 256 << 20  # bytes of shared memory on this machine: a model and a few batches
_FILES_AT_ONCE = 2  # the next file is read while the last batches of this one are computed


class RayEngine(Engine):
    """Computes on the workers of a pool, as many batches at once as twice their number."""

    files_at_once = _FILES_AT_ONCE

    def __init__(self, pool: RayPool, workers: int) -> None:
        """Wait for the first worker.

        Raises:
            EngineError: None comes.
            ModelError: The model cannot be loaded.
        """
        self.pool = pool
        self.temperature = pool.first()
        self.most_waiting = 2 * workers

    def begin(self, texts: Sequence[str]) -> Pending:  # noqa: D102 - as promised above
        return _RayPending(self.pool, [(start, self.pool.send(piece)) for start, piece in pieces(texts)])


class _RayPending(Pending):
    def __init__(self, pool: RayPool, tickets: list[tuple[int, Ticket]]) -> None:
        self._pool, self._tickets = pool, tickets

    def scores(self, tell: Told) -> Scores:
        done = []
        for start, ticket in self._tickets:
            tell(start)
            done.append(self._pool.scores(ticket))
        return joined(done)


@contextmanager
def ray_engine(
    model: Path, *, factor: float = 1.0, address: str | None = None, workers: int | None = None
) -> Iterator[RayEngine]:
    """Connect to a cluster, or start one on all cores of this machine; leave it at the end.

    Args:
        model: The folder of a stored model.
        factor: What its temperature is multiplied by.
        address: `HEAD:6379` or `auto`, on a node of the cluster; None for this machine alone.
        workers: How many processes compute; unless given one for each core of the cluster.

    Raises:
        EngineError: Ray is not installed, the cluster cannot be reached, or is too small.
        ModelError: The model cannot be loaded.
    """
    ray = _import_ray()
    _connect(ray, address)
    try:
        number = _workers(ray, workers)
        pool = RayPool(ray, (ray.put(pack(model)), factor), number)
        yield RayEngine(pool, number)
    finally:
        ray.shutdown()


def _import_ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read by the processes that Ray starts
    try:
        import ray
    except ImportError as error:
        raise EngineError(f"Ray is not installed: run {INSTALL}, or leave out '--engine ray'") from error
    return ray


def _connect(ray: Any, address: str | None) -> None:
    own = {} if address else {"num_cpus": cores(), "object_store_memory": _OBJECT_STORE}
    try:
        ray.init(
            address or "local", log_to_driver=False, logging_level="ERROR", include_dashboard=None, **own
        )
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
        first = str(error).strip().partition("\n")[0]
        raise EngineError(
            f"the Ray cluster {address or 'of this machine'} cannot be used "
            f"({type(error).__name__}: {first}): check the address, "
            "that each node has this Ray and Python, and RAY_AUTH_MODE (docs/scale.md)"
        ) from error


def _workers(ray: Any, wanted: int | None) -> int:
    """Return how many workers the cluster has cores for.

    Raises:
        EngineError: It has none, or fewer than are wanted.
    """
    alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    room = sum(int(resources.get("CPU", 0)) // CORES for resources in alive)
    if room < (wanted or 1):
        raise EngineError(
            f"the Ray cluster has {room} cores in {len(alive)} nodes, and {wanted or 1} are needed: "
            "start more nodes with 'ray start --address=HEAD:6379', or ask for fewer with --workers"
        )
    return wanted or room
