"""What a file of rows is to those who score it: chunks of rows, in order, one at a time.

How each format is read is in rooms of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from sentiment.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa  # type: ignore[import-untyped]

CHUNK_ROWS = 4096
_SHOWN_COLUMNS, _SHOWN_CHARS = 8, 30  # a file without a header has tweets there: none is shown whole


class Chunk(ABC):
    """Consecutive rows: the text of each, and by index why a row cannot be used.

    A text is empty where the row has none.

    `share` is how much of the file is read by now, from 0 to 1.
    """

    texts: list[str]
    faults: dict[int, str]
    share: float

    @abstractmethod
    def cells(self, places: Sequence[int]) -> list[list[str]]:
        """Return rows as a CSV file holds them, one cell per column."""

    @abstractmethod
    def table(self, places: Sequence[int]) -> pa.Table:
        """Return rows as a Parquet file holds them."""


class TableFile(ABC):
    """A file of rows, one of whose columns is text."""

    columns: list[str]
    delimiter = ","
    mark = ""  # the byte order mark, where there is one

    @abstractmethod
    def chunks(self) -> Iterator[Chunk]:
        """Return all rows, cut at the same places each time.

        Raises:
            DataError: The file is damaged.
        """


def find_column(path: Path, columns: Sequence[str], name: str) -> int:
    """Return the place of the column with this name.

    Raises:
        DataError: There is none, or there are several.
    """
    if columns.count(name) == 1:
        return columns.index(name)
    shown = ", ".join(repr(column[:_SHOWN_CHARS]) for column in columns[:_SHOWN_COLUMNS])
    more = f" and {len(columns) - _SHOWN_COLUMNS} more" if len(columns) > _SHOWN_COLUMNS else ""
    times = "no column" if name not in columns else f"{columns.count(name)} columns"
    raise DataError(
        f"{path} has {times} {name!r}; it has {shown}{more}: name the column of texts with --text-column"
    )
