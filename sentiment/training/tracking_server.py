"""The MLflow server or database behind the runs: whether it answers, and its errors as ours."""

from __future__ import annotations

import os
import socket
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import mlflow
from azure.core.exceptions import AzureError
from mlflow.entities import LifecycleStage
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE, ErrorCode
from sqlalchemy.exc import SQLAlchemyError

from sentiment.config import EXPERIMENT_NAME
from sentiment.errors import TrackingError
from sentiment.training.source_code import describe_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import Experiment

HTTP = ("http", "https")
_PATIENCE_SECONDS = 5
# What MLflow's client calls a server that it cannot reach.
_NO_ANSWER = frozenset(ErrorCode.Name(code) for code in (INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE))
_DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


@contextmanager
def tracking_errors() -> Iterator[None]:
    """Translate MLflow's exceptions into TrackingError."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, AzureError) as error:
        raise _refusal(error, describe_uri(mlflow.get_tracking_uri())) from error


def as_tracking_error(error: Exception, address: str) -> TrackingError:
    """Return why MLflow could not be connected: what it answered, or that it did not."""
    if isinstance(error, MlflowException) and error.error_code not in _NO_ANSWER:
        return _refusal(error, address)
    return TrackingError(
        f"MLflow cannot be used at {address} ({type(error).__name__}): "
        "start the server or correct MLFLOW_TRACKING_URI; without this variable a local file is used"
    )


def refuse_deleted(experiment: Experiment | None, address: str) -> None:
    """Raise a TrackingError if the experiment was deleted, as on MLflow's page."""
    if experiment is not None and experiment.lifecycle_stage == LifecycleStage.DELETED:
        raise TrackingError(
            f"MLflow's experiment {experiment.name!r} at {address} was deleted: restore it with "
            f"'mlflow experiments restore --experiment-id {experiment.experiment_id}' "
            "and the same MLFLOW_TRACKING_URI"
        )


def _refusal(error: Exception, address: str) -> TrackingError:
    first_line = str(error).splitlines()[0][:300]
    return TrackingError(f"MLflow at {address} refused: {first_line}; see the server's log, then run again")


def check_answer(uri: str) -> None:
    """Check that an MLflow server or database answers; fail in seconds, not after retries."""
    parts = urlsplit(uri)
    database = parts.scheme.partition("+")[0]
    if parts.scheme in HTTP:
        with _environment(
            MLFLOW_HTTP_REQUEST_MAX_RETRIES="0", MLFLOW_HTTP_REQUEST_TIMEOUT=str(_PATIENCE_SECONDS)
        ):
            mlflow.get_experiment_by_name(EXPERIMENT_NAME)
    elif database == "sqlite":
        path = Path(parts.path[1:] or ":memory:")
        path.parent.mkdir(parents=True, exist_ok=True)
        sqlite3.connect(path).execute("PRAGMA user_version").connection.close()
    elif parts.hostname:
        socket.create_connection(
            (parts.hostname, parts.port or _DATABASE_PORTS.get(database, 443)), _PATIENCE_SECONDS
        ).close()


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
