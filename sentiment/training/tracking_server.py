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
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from sentiment.config import EXPERIMENT_NAME
from sentiment.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterator

HTTP = ("http", "https")
_PATIENCE_SECONDS = 5
_DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


def describe_uri(uri: str) -> str:
    """Return an address without user, password and query, which may be shown.

    >>> describe_uri("https://ann:secret@mlflow.example:5000/x?token=y")
    'https://mlflow.example:5000/x'
    """
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else uri


@contextmanager
def tracking_errors() -> Iterator[None]:
    """Translate MLflow's exceptions into TrackingError."""
    try:
        yield
    except (MlflowException, SQLAlchemyError, AzureError) as error:
        first_line = str(error).splitlines()[0][:300]
        address = describe_uri(mlflow.get_tracking_uri())
        raise TrackingError(
            f"MLflow at {address} refused: {first_line}; see the server's log, then run again"
        ) from error


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
