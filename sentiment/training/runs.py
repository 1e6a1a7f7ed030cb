"""MLflow's runs: connect, open a run, log the training.

Registered versions are in `versions`; nothing is measured here.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
import tomllib
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import mlflow
from azure.core.exceptions import AzureError
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from sqlalchemy.exc import SQLAlchemyError

from models import LABELS
from sentiment.config import EXPERIMENT_NAME, Settings, tool_environment
from sentiment.training.source_code import describe_uri, source_version
from sentiment.training.tracking_server import (
    HTTP,
    as_tracking_error,
    check_answer,
    refuse_deleted,
    tracking_errors,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.figure import Figure

    from sentiment.data.dataset import Dataset

_ROOT = Path(__file__).resolve().parents[2]
MODEL_FOLDER = "model"  # the name of a saved model's directory among its run's artifacts
SERVED_FOLDER = "served"  # within it: the form that serves
_ARTIFACT_ROOT = "MLFLOW_DEFAULT_ARTIFACT_ROOT"  # MLflow's own variable, which its server reads too
_DIGEST_COLUMN = 36  # MLflow keeps no longer digest of a dataset; the tag `dataset_digest` holds it whole
_SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec("string", "text")]),
    outputs=Schema([ColSpec("string", "label"), *(ColSpec("double", label) for label in LABELS)]),
)
_logger = logging.getLogger(__name__)


def connect(settings: Settings) -> str:
    """Connect to MLFLOW_TRACKING_URI or a local SQLite file, and return the address.

    It must answer within seconds. Artifacts go below SENTIMENT_HOME, or where
    MLFLOW_DEFAULT_ARTIFACT_ROOT says when the experiment is made, unless a tracking server keeps
    them.

    Raises:
        TrackingError: Nothing answers at the address, or what answers refuses.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI") or tool_environment(settings)["MLFLOW_TRACKING_URI"]
    address = describe_uri(uri)
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow.set_tracking_uri(uri)
    try:
        check_answer(uri)
        keeps_artifacts = urlsplit(uri).scheme in (*HTTP, "databricks", "azureml")
        chosen = "" if keeps_artifacts else os.environ.get(_ARTIFACT_ROOT, "").strip()
        experiment = mlflow.get_experiment_by_name(EXPERIMENT_NAME)
        refuse_deleted(experiment, address)
        if experiment is None:
            default = None if keeps_artifacts else (settings.home / "mlartifacts").as_uri()
            mlflow.create_experiment(EXPERIMENT_NAME, artifact_location=chosen or default)
        elif chosen and chosen.rstrip("/") != experiment.artifact_location.rstrip("/"):
            _logger.warning(
                "%s is not used: MLflow's experiment keeps its artifacts at %s since it was made; "
                "name a new MLflow database to move",
                *(_ARTIFACT_ROOT, describe_uri(experiment.artifact_location)),
            )
        mlflow.set_experiment(EXPERIMENT_NAME)
    except (MlflowException, SQLAlchemyError, OSError, sqlite3.Error) as error:
        raise as_tracking_error(error, address) from error
    return address


@contextmanager
def start_run(
    name: str, *, parent_run_id: str | None = None, tags: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Open a run, below another run if that is named, and yield its id.

    An exception marks the run as failed.
    """
    every_tag = {**source_version(), **(tags or {})}
    nested = parent_run_id is not None
    with (
        tracking_errors(),
        mlflow.start_run(run_name=name, parent_run_id=parent_run_id, nested=nested, tags=every_tag) as run,
    ):
        run_id: str = run.info.run_id
        yield run_id


def log_training(
    hyperparameters: Mapping[str, Any], trials: Sequence[Mapping[str, Any]], metrics: Mapping[str, float]
) -> None:
    """Log hyperparameters, trials (the table `trials.json`) and metrics to the open run."""
    with tracking_errors(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "[\\s\\S]*select_dtypes")  # MLflow's own use of pandas
        mlflow.log_params(dict(hyperparameters))
        if trials:
            columns = dict.fromkeys(key for trial in trials for key in trial)
            mlflow.log_table(
                {column: [trial.get(column) for trial in trials] for column in columns}, "trials.json"
            )
        mlflow.log_metrics(dict(metrics))


def log_dataset(dataset: Dataset) -> None:
    """Log the dataset's name, digest and counts to the open run.

    They are its input and `data_report.json`.
    """
    facts = {"source": dataset.source, "sha256": dataset.digest, "counts": dataset.report.counts}
    source = CodeDatasetSource(tags=facts)
    with tracking_errors():
        logged = MetaDataset(source, name=dataset.name, digest=dataset.digest[:_DIGEST_COLUMN])  # type: ignore[abstract]
        mlflow.log_input(logged, context="training")
        mlflow.log_dict(facts | dataset.report.as_dict(), "data_report.json")


def log_pictures(pictures: Mapping[str, Figure]) -> None:
    """Log figures to the open run as `NAME.png`."""
    with tracking_errors():
        for name, figure in pictures.items():
            mlflow.log_figure(figure, f"{name}.png")


def log_texts(texts: Mapping[str, str]) -> None:
    """Log texts to the open run under their file names."""
    with tracking_errors():
        for name, text in texts.items():
            mlflow.log_text(text, name)


def log_files(files: Mapping[str, bytes]) -> None:
    """Log files to the open run under their names, which may have a folder."""
    with tempfile.TemporaryDirectory(prefix="sentiloop-") as temporary, tracking_errors():
        for name, content in files.items():
            path = Path(temporary) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        mlflow.log_artifacts(temporary)


def read_text(run_id: str, name: str) -> str | None:
    """Return a text that a run logged; None if there is no such run or text."""
    if not run_id:
        return None
    try:
        text: str = mlflow.artifacts.load_text(f"runs:/{run_id}/{name}")
    except (MlflowException, OSError, SQLAlchemyError, AzureError):
        return None
    return text


def count_runs(tags: Mapping[str, str]) -> int:
    """Return how many runs of the experiment carry all these tags."""
    return len(find_tags(tags))


def find_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the tags of each run of the experiment that carries all of these."""
    wanted = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
    with tracking_errors():
        found = mlflow.search_runs(
            experiment_names=[EXPERIMENT_NAME], filter_string=wanted, output_format="list"
        )
    return [dict(run.data.tags) for run in found]


def tag_run(run_id: str, tags: Mapping[str, str]) -> None:
    """Add tags to a run, which may have ended."""
    with tracking_errors():
        for key, value in tags.items():
            mlflow.MlflowClient().set_tag(run_id, key, value)


def log_comparison(markdown: str, json: str, winner: str) -> None:
    """Log to the open run the comparison in both forms, and the tag `winner`."""
    with tracking_errors():
        mlflow.log_text(markdown, "comparison.md")
        mlflow.log_text(json, "comparison.json")
        mlflow.set_tag("winner", winner)


def log_model(directory: Path, family: str) -> str:
    """Log a directory named MODEL_FOLDER to the open run and return the model's URI.

    It is logged as code and plain files, without a pickle.
    """
    with tracking_errors(), warnings.catch_warnings():
        # Trying one would load the model a second time.
        warnings.filterwarnings("ignore", "[\\s\\S]*input example")
        info = mlflow.pyfunc.log_model(
            name=family,
            python_model=str(Path(__file__).with_name("pyfunc_model.py")),
            artifacts={"model": str(directory)},
            code_paths=[str(_ROOT / "models")],
            signature=_SIGNATURE,
            pip_requirements=requirements(family),
        )
    uri: str = info.model_uri
    return uri


def requirements(family: str) -> list[str]:
    """Return the requirements of a model: its part of `pyproject.toml`, with our pins.

    The pins are those of `constraints.txt`, where that exists.
    """
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    constraints = _ROOT / "constraints.txt"
    pins = [f"-c {constraints}"] if constraints.exists() else []
    return [*pins, *project["dependencies"], *project["optional-dependencies"][family]]
