"""Labelled tweets in TweetEval's form: a file of texts and one of labels for each split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models import LABELS
from sentiment.data.labelled_rows import Row
from sentiment.errors import DataError
from sentiment.tables.text_file import check_text_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SPLITS = {"train": "train", "val": "validation", "test": "test"}


def is_tweeteval(folder: Path) -> bool:
    """Return whether a folder is of this form, whole or not."""
    return any((folder / name).exists() for name in ("mapping.txt", "train_text.txt"))


def read_tweeteval(folder: Path, encoding: str | None = None) -> Iterator[Row]:
    """Return the rows of a folder, each with its split.

    A benchmark may hold its test split back: then there is none.

    Raises:
        DataError: A file is missing or malformed; the message names the line.
    """
    labels = _read_mapping(folder / "mapping.txt", encoding)
    for prefix, split in _SPLITS.items():
        text_file, label_file = folder / f"{prefix}_text.txt", folder / f"{prefix}_labels.txt"
        if prefix == "test" and not text_file.exists():
            continue
        texts, ids = _read_lines(text_file, encoding), _read_lines(label_file, encoding)
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
            yield Row(text, labels[identifier.strip()], split=split)


def _read_mapping(path: Path, encoding: str | None) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for number, line in enumerate(_read_lines(path, encoding), start=1):
        identifier, _, name = line.strip().partition("\t")
        if not line.strip():
            continue
        label = name.strip().casefold()
        if label not in LABELS:
            raise DataError(
                f"{path}, line {number}: {line.strip()!r} is not an id, a tab and one of {', '.join(LABELS)}"
            )
        mapping[identifier] = label
    return mapping


def _read_lines(path: Path, encoding: str | None) -> list[str]:
    try:
        text = check_text_file(path, encoding).read()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}): "
            "a TweetEval folder holds mapping.txt and {train,val,test}_{text,labels}.txt"
        ) from error
    if not text.strip():
        raise DataError(f"{path} is empty: give at least one labelled tweet per line")
    lines = text.rstrip("\r\n")
    if "\n" not in text:  # of old Macintoshes
        return lines.split("\r")
    return [line.removesuffix("\r") for line in lines.split("\n")]
