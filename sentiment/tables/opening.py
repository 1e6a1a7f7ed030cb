"""Opens a table by its ending and its first bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.tables.delimited_table import DelimitedTable
from sentiment.tables.form import Form
from sentiment.tables.json_table import JsonTable
from sentiment.tables.parquet_table import ParquetTable
from sentiment.tables.table import TableError
from sentiment.tables.text_file import starts_with

if TYPE_CHECKING:
    from sentiment.tables.table import Table

ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".pq", ".gz")
_PARQUET, _JSON = (".parquet", ".pq"), (".json", ".jsonl", ".ndjson")


def open_table(path: Path, form: Form | None = None) -> Table:
    """Return a table, ready to be read.

    Parquet is known by its ending or its first bytes, JSON by its ending; everything else is text,
    which says itself how its rows are written.

    Raises:
        TableError: It is missing, damaged, empty, or in another encoding.
    """
    form = form or Form()
    if not path.is_file():
        raise TableError("missing", f"{path} is no file: check the path")
    kind = ending(path)
    if path.stat().st_size == 0:
        raise TableError("empty", f"{path} is empty: give a table with a header, or one tweet per line")
    if kind in _PARQUET or starts_with(path, b"PAR1"):
        return ParquetTable(path)
    return JsonTable(path, form) if kind in _JSON else DelimitedTable(path, form)


def ending(path: Path) -> str:
    """Return a file's ending without that of its compression.

    >>> ending(Path("tweets.CSV.gz"))
    '.csv'
    """
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix
