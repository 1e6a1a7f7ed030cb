"""MLflow's registered versions of the model: register, set an alias, read.

Which one is the champion is not decided here.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
from azure.core.exceptions import AzureError
from mlflow.exceptions import MlflowException

from models.onnx_session import choose_precision
from sentiment.config import MODEL_NAME, read_settings
from sentiment.errors import TrackingError
from sentiment.training.runs import MODEL_FOLDER, SERVED_FOLDER
from sentiment.training.tracking_server import tracking_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow.entities.model_registry import ModelVersion

# The second is what SQL stores say of an unknown alias.
_NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


@dataclass(frozen=True)
class Version:
    """A registered version: its number, its run, and its tags (`family`, `git_commit`, ...)."""

    number: str
    run_id: str
    tags: Mapping[str, str] = field(default_factory=dict)


def register(model_uri: str, *, tags: Mapping[str, str]) -> Version:
    """Register a logged model as the next version, with tags."""
    with tracking_errors():
        return _version(mlflow.register_model(model_uri, MODEL_NAME, tags=dict(tags)))


def find_version(reference: str) -> Version | None:
    """Return the version with this number or alias; None if there is none."""
    client = mlflow.MlflowClient()
    find = client.get_model_version if reference.isdecimal() else client.get_model_version_by_alias
    with tracking_errors():
        try:
            return _version(find(MODEL_NAME, reference))
        except MlflowException as error:
            if error.error_code in _NOT_THERE:
                return None
            raise


def read_version(reference: str) -> Version:
    """Return the version with this number or alias.

    Raises:
        TrackingError: There is none.
    """
    version = find_version(reference)
    if version is None:
        raise TrackingError(
            f"MLflow holds no version or alias {reference!r} of {MODEL_NAME!r}: "
            "run 'make train' first, or name another"
        )
    return version


def find_versions(**tags: str) -> list[Version]:
    """Return the versions that carry all these tags, the newest first."""
    wanted = " and ".join(
        [f"name = '{MODEL_NAME}'", *(f"tags.`{key}` = '{value}'" for key, value in tags.items())]
    )
    with tracking_errors():
        versions = [_version(entity) for entity in mlflow.MlflowClient().search_model_versions(wanted)]
    return sorted(versions, key=lambda version: int(version.number), reverse=True)


def set_alias(alias: str, version: Version) -> None:
    """Point an alias to a version; it leaves the version that had it."""
    with tracking_errors():
        mlflow.MlflowClient().set_registered_model_alias(MODEL_NAME, alias, version.number)


def delete_alias(alias: str) -> None:
    """Delete an alias; one that does not exist is no error."""
    if find_version(alias):
        with tracking_errors():
            mlflow.MlflowClient().delete_registered_model_alias(MODEL_NAME, alias)


def set_tags(version: Version, tags: Mapping[str, str]) -> None:
    """Add tags to a version."""
    with tracking_errors():
        for key, value in tags.items():
            mlflow.MlflowClient().set_model_version_tag(MODEL_NAME, version.number, key, value)


@contextmanager
def downloaded(version: Version) -> Iterator[Path]:
    """Yield the directory of a version in the form that serves, for `models.load`.

    It is downloaded for as long as the context lasts.

    Raises:
        TrackingError: Its files cannot be read.
    """
    with _downloaded(version) as model:
        if not (model / SERVED_FOLDER).is_dir():
            raise TrackingError(
                f"{MODEL_NAME} version {version.number} was trained by an earlier Sentiloop "
                "and cannot be served: train again"
            )
        choose_precision(model / SERVED_FOLDER, read_settings().precision)
        yield model / SERVED_FOLDER


@contextmanager
def downloaded_native(version: Version) -> Iterator[Path]:
    """Yield the directory of a version as its framework saved it, for `models.load`.

    It is downloaded for as long as the context lasts.

    Raises:
        TrackingError: Its files cannot be read.
    """
    with _downloaded(version) as model:
        shutil.rmtree(model / SERVED_FOLDER, ignore_errors=True)
        yield model


@contextmanager
def _downloaded(version: Version) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sentiloop-") as folder:
        try:
            local = mlflow.artifacts.download_artifacts(
                f"models:/{MODEL_NAME}/{version.number}", dst_path=folder
            )
        except (MlflowException, AzureError, OSError) as error:
            raise TrackingError(
                f"the files of {MODEL_NAME} version {version.number} cannot be read "
                f"({type(error).__name__}): see that their storage answers, or train again"
            ) from error
        yield Path(local) / "artifacts" / MODEL_FOLDER


def _version(entity: ModelVersion) -> Version:
    return Version(str(entity.version), entity.run_id or "", dict(entity.tags))
