"""Scoring on a real Ray cluster of three nodes, of which one is killed under work.

Without Ray the tests of the cluster are skipped: `pip install --editable '.[ray]'`.
"""

from __future__ import annotations

import os
import sys

import psutil
import pytest
from bulk_fixtures import files_in, tweets, write

from sentiment.bulk.ray_engine import ray_engine
from sentiment.errors import EngineError
from sentiment.tables import table

NODES = 3


def test_without_ray_the_command_that_installs_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)

    with (
        pytest.raises(EngineError, match=r"Ray is not installed: run .*pip install .* '\.\[ray\]'"),
        ray_engine(tmp_path),
    ):
        pass


@pytest.fixture(scope="module")
def cluster():
    """A cluster of three nodes of one core, the head among them."""
    pytest.importorskip("ray", reason="no Ray here: pip install --constraint constraints.txt -e '.[ray]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", os.pathsep.join(["", *sys.path]).strip(os.pathsep))
        from ray.cluster_utils import Cluster

        node = {"object_store_memory": 80 << 20, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, **node})
        cluster.workers = [cluster.add_node(num_cpus=1, **node) for _ in range(NODES - 1)]
        yield cluster
        cluster.shutdown()


@pytest.fixture
def model_folder(served_model, tmp_path):
    served_model.save(tmp_path / "model")
    return tmp_path / "model"


def kill(node):
    """End a node and all that runs on it, as a machine that loses its power."""
    for start in node.all_processes["raylet"]:
        raylet = psutil.Process(start.process.pid)
        for process in [*raylet.children(recursive=True), raylet]:
            process.kill()


@pytest.mark.slow
def test_every_row_is_scored_once_though_the_run_and_then_a_node_are_killed(
    cluster, ordered, model_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(table, "BATCH_ROWS", 100)
    (tmp_path / "in").mkdir()
    for number in range(4):
        rows = enumerate([*tweets(1500), " "])
        write(tmp_path / "in" / f"{number}.csv", [["id", "text"], *rows])
    ordered(tmp_path / "in", tmp_path / "local")

    with (
        pytest.raises(EngineError, match="has 3 cores in 3 nodes, and 9 are needed"),
        ray_engine(model_folder, address=cluster.address, workers=9),
    ):
        pass
    with ray_engine(model_folder, address=cluster.address) as engine:
        while len(engine.pool.nodes) < NODES:
            engine.begin(["good"]).scores(lambda done: None)
        with pytest.raises(KeyboardInterrupt):
            ordered(tmp_path / "in", tmp_path / "out", engine=engine, tell=interrupt)
        victims = [cluster.workers[0]]

        def kill_one(rows, share):
            if victims and rows >= 1500:
                kill(victims.pop())

        totals = ordered(tmp_path / "in", tmp_path / "out", engine=engine, tell=kill_one)
        lost = engine.pool.lost

    assert (totals.rows, totals.rejected) == (6004, 4)
    assert 0 < totals.before < 1500
    assert lost >= 1
    assert files_in(tmp_path / "out") == files_in(tmp_path / "local")
    for name in files_in(tmp_path / "out"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "local" / name).read_bytes()


def interrupt(rows, share):
    if rows >= 500:
        raise KeyboardInterrupt
