"""What a user orders: one file or many, from and to this machine or Azure Blob storage."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.blob_errors import SCHEME
from sentiment.bulk.collection import Collection, Totals, score_files
from sentiment.bulk.inputs import find_inputs
from sentiment.bulk.outputs import open_outputs
from sentiment.bulk.scoring import score_file
from sentiment.errors import DataError
from sentiment.tables.address import parse_address

if TYPE_CHECKING:
    from sentiment.bulk.collection import MakeJob, Say
    from sentiment.bulk.engine import Engine
    from sentiment.bulk.scoring import Tell
    from sentiment.tables.form import Form

_FORMATS = (".csv", ".parquet")


@dataclass(frozen=True)
class Order:
    """What to score and where the scores go.

    Attributes:
        source: A path or pattern of this machine, or `az://...`.
        output: A file for a single one, else a folder; of this machine or `az://...`.
        make_job: Makes the job of an input and an output.
        workshop: A folder for what is on its way from or to Azure Blob storage.
    """

    source: str
    output: str
    make_job: MakeJob
    workshop: Path


def parse_source(address: str) -> tuple[str, Form]:
    """Return where tables are and how they are read.

    >>> parse_source("az://tweets/2024/*.csv?text_column=tweet")[0]
    'az://tweets/2024/*.csv'

    Raises:
        DataError: The address says what no form has, or its path is none.
    """
    path, form = parse_address(address.removeprefix(SCHEME))
    return (f"{SCHEME}{path}" if address.startswith(SCHEME) else str(path)), form


def score_order(
    order: Order,
    engine: Engine,
    *,
    restart: bool = False,
    tell: Tell = lambda rows, share: None,
    say: Say = lambda line: None,
) -> Totals:
    """Score what is ordered, or what an earlier run has left of it.

    Raises:
        DataError: The files cannot be used, or what is there is of something else.
        EngineError: The scores cannot be computed.
        BlobError: The storage cannot be used.
    """
    if _is_file_to_file(order):
        job = order.make_job(Path(order.source), Path(order.output))
        record, before = score_file(job, engine, restart=restart, tell=tell)
        return Totals(files=1, rows=record.rows, rejected=record.rejected, before=before)
    workshop = order.workshop / hashlib.sha256(order.output.encode()).hexdigest()[:16]
    inputs = find_inputs(order.source, downloads=workshop / "in", without=order.output)
    folder, name = order.output, None
    if Path(order.output).suffix.lower() in _FORMATS and not Path(order.output).is_dir():
        if not inputs.is_file:
            raise DataError(
                f"{order.output} names one file, and {order.source} is a folder or a pattern: "
                "name a folder, which need not exist"
            )
        folder, _, name = order.output.rpartition("/")
    if inputs.left_out:
        say(f"{inputs.left_out} files of {order.source} are left out: their names end as no table's does")
    outputs = open_outputs(folder or ".", workshop=workshop / "out")
    collection = Collection(inputs, outputs, order.make_job, name)
    return score_files(collection, engine, restart=restart, tell=tell, say=say)


def _is_file_to_file(order: Order) -> bool:
    """Whether the order is one local file to one; also if the source is nothing that exists."""
    if f"{order.source} {order.output}".count(SCHEME) or Path(order.output).is_dir():
        return False
    source = Path(order.source)
    return source.is_file() or not (source.is_dir() or set(order.source) & set("*["))
