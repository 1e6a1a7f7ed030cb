"""The dataset, MLflow's runs and the monitor's rows at any size, and the time to use them."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.monitoring import FILL
from monitor.database import Database
from monitor.query import QueryEngine
from monitor.retention import forget
from sentiment import queries
from sentiment.config import EXPERIMENT_NAME
from sentiment.data.dataset import DataReport, Dataset, Split
from sentiment.data.division import divide
from sentiment.data.validated_feedback import append, each_validated
from sentiment.data.validated_row import ValidatedRow

_NEW = 1000
_WORDS = 50_000
_MATCHING = 10  # runs that the listing looks for
_COPY = """
INSERT INTO {table} ({columns})
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
SELECT {values} FROM n, {table} WHERE run_uuid = '{model}'
"""


def measure_dataset(folder: Path, rows: int) -> dict[str, float]:
    """Return the processor seconds to append 1,000 rows to so many, to read and to divide them."""
    path = folder / "validated.csv"
    append(path, _rows(0, rows), {})
    times = {
        "append 1,000, processor": _processor_seconds(lambda: append(path, _rows(rows, _NEW), {})),
        "read, processor": _processor_seconds(lambda: deque(each_validated(path), 0)),
    }
    some = Split(("a text to train on", "another text of the base"), ("neutral", "positive"))
    base = Dataset("base", "x", some, some, some, DataReport(0, {}, 0, {}, {}), "d" * 64)
    times["read and divide, processor"] = _processor_seconds(lambda: divide(each_validated(path), base))
    return times


def _rows(first: int, count: int) -> Iterator[ValidatedRow]:
    """Yield rows of 3 to 20 words, each as frequent as in a language: 1 / its rank."""
    chance, shares = np.random.default_rng(first), 1 / np.arange(1, _WORDS + 1)
    shares /= shares.sum()
    for number in range(first, first + count):
        if (number - first) % _NEW == 0:
            words = chance.choice(_WORDS, (_NEW, 20), p=shares).tolist()
        length = 3 + number * 7919 % 18
        text = " ".join(f"w{word}" for word in words[(number - first) % _NEW][:length])
        moment = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)).isoformat()
        kind = ("complaint", "") if number % 3 else ("audit", "100")
        names = ("negative", "neutral", f"p{number}" * 8, f"{number:032x}", "m", "ann", moment)
        yield ValidatedRow(text, *names, *kind)


def measure_runs(folder: Path, rows: int) -> dict[str, float]:
    """Return the seconds to find the verdicts on a champion among so many runs of MLflow."""
    import mlflow

    from sentiment.training.runs import find_tags

    database = folder / "mlflow.db"
    mlflow.set_tracking_uri(f"sqlite:///{database}")
    mlflow.set_experiment(EXPERIMENT_NAME)
    with mlflow.start_run(tags={"kind": "training", "champion": "none"}) as run:
        mlflow.log_metrics({f"val_{number}": 0.5 for number in range(20)})
        mlflow.log_params({f"setting_{number}": number for number in range(20)})
    _copy_runs(database, run.info.run_id, rows)
    for _ in range(_MATCHING):
        with mlflow.start_run(tags={"kind": "verdict", "champion": "this"}):
            pass
    found = find_tags({"kind": "verdict", "champion": "this"})
    if len(found) != _MATCHING:
        raise SystemExit(f"{len(found)} runs were found, not {_MATCHING}")
    return {"find verdicts": _seconds(lambda: find_tags({"kind": "verdict", "champion": "this"}))}


def _copy_runs(database: Path, model: str, rows: int) -> None:
    """Copy a run many times, with its tags, parameters and metrics."""
    connection = sqlite3.connect(database)
    with connection:
        for table in ("runs", "tags", "params", "latest_metrics", "metrics"):
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            values = ", ".join("printf('%032x', i)" if name == "run_uuid" else name for name in names)
            statement = _COPY.format(
                table=table, columns=", ".join(names), values=values, rows=rows, model=model
            )
            connection.execute(statement)
    connection.close()


def measure_monitor(folder: Path, rows: int) -> dict[str, float]:
    """Return the seconds to ask a monitor of so many rows, and to forget half of them."""
    database = Database(folder / "telemetry.duckdb")
    engine = QueryEngine(database)
    connection = database.cursor()
    connection.execute(FILL.format(rows=rows))
    connection.execute("CHECKPOINT")
    now = datetime.now(UTC)
    engine.frame("AppTraces | take 1", now - timedelta(hours=1), now)
    week = (now - timedelta(days=7), now)
    times = {
        "alert": _seconds(lambda: engine.frame(queries.read("alert"), *week)),
        "bad predictions of an hour": _seconds(
            lambda: engine.frame(queries.read("bad_predictions"), now - timedelta(hours=1), now)
        ),
        "forget half": _seconds(lambda: forget(connection, now - timedelta(seconds=rows // 2))),
    }
    engine.close()
    database.close()
    return times


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _processor_seconds(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began
