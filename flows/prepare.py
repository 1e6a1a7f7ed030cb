"""Prepare a data source once: later runs on the same files and code read the prepared copy."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.logging import get_run_logger

import models.invisible
import models.links
import models.text
from sentiment import data as data_room
from sentiment import hash_draws, text_rules
from sentiment import tables as tables_room
from sentiment.config import read_settings
from sentiment.data import dataset as data
from sentiment.data import sources
from sentiment.errors import DataError

if TYPE_CHECKING:
    from prefect.context import TaskRunContext

_CLEANING = (models.text, models.links, models.invisible)


def prepared_dataset(source: str) -> data.Dataset:
    """Return a source's prepared dataset, from its copy in SENTIMENT_HOME/data if that is whole.

    Raises:
        DataError: The source cannot be read or is not fit to train on.
    """
    folder = _folder(prepare_data(source))
    try:
        return data.Dataset.load(folder)
    except DataError:  # the copy is damaged or gone
        return data.Dataset.load(_folder(prepare_data.with_options(refresh_cache=True)(source)))


def source_key(source: str) -> str:
    """Return a SHA-256 of a source's files and the code that prepares them; empty without files."""
    # `sources` pins the default corpus by its SHA-256.
    files = [Path(str(module.__file__)) for module in (*_CLEANING, hash_draws, text_rules)]
    for room in (data_room, tables_room):
        files += sorted(Path(str(room.__file__)).parent.glob("*.py"))
    files += sources.files_of(source)
    if not all(file.is_file() for file in files):
        return ""
    limit = read_settings().max_chars
    others = [path.name for path in sources.files_left_out(source)]  # the preparation names them
    digest = hashlib.sha256(f"{source} {version('ftfy')} {limit} {others}".encode())
    for file in files:
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


def _cache_key(context: TaskRunContext, parameters: dict[str, Any]) -> str | None:
    key = source_key(parameters["source"])
    return f"{key}-{hashlib.sha256(str(read_settings().home).encode()).hexdigest()[:12]}" if key else None


@task(
    task_run_name="prepare {source}", cache_key_fn=_cache_key, persist_result=True, result_serializer="json"
)
def prepare_data(source: str) -> str:
    """Read, clean and split a source, save it below SENTIMENT_HOME/data, and return its digest."""
    logger = get_run_logger()
    logger.info("reading and cleaning %s", source)
    if others := sources.files_left_out(source):
        names = ", ".join(path.name for path in others)
        logger.warning(
            "left out of %s: %s; only tables named train, validation or test are read", source, names
        )
    dataset = data.load_dataset(source, read_settings().max_chars)
    dataset.save(_folder(dataset.digest))
    dropped = ", ".join(f"{count} {reason}" for reason, count in dataset.report.dropped.items())
    logger.info(
        "%d rows read (dropped: %s), digest %s", dataset.report.rows_read, dropped, dataset.digest[:12]
    )
    return dataset.digest


def _folder(digest: str) -> Path:
    return read_settings().home / "data" / digest
