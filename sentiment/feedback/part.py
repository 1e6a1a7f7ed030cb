"""The names of parts: many feedbacks of one day in one Parquet file, and a file of their ids.

`2026-11-30/parts/2026-11-30_2026-12-02_1234_0f1e2d3c4b5a6978.parquet` holds 1,234 feedbacks on
predictions of November 30, received from then to December 2; the rest is the start of the file's
SHA-256. Beside it, `.ids` holds their ids, so that a service without Parquet knows them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

FOLDER = "parts"
_DAY = r"\d{4}-\d{2}-\d{2}"
_NAME = re.compile(rf"([^/]+)/{FOLDER}/({_DAY})_({_DAY})_(\d+)_([0-9a-f]{{16}})")


@dataclass(frozen=True, order=True)
class Part:
    """A part of an inbox, as its name states it.

    Attributes:
        day: The folder, the day of the predictions.
        first: The day on which the earliest of its feedback was received.
        last: That of the latest.
        rows: How many there are.
        digest: The first 16 hexadecimal characters of the SHA-256 of the Parquet file.
    """

    day: str
    first: str
    last: str
    rows: int
    digest: str

    @property
    def name(self) -> str:
        """The names of its two files, without their ends."""
        return f"{self.day}/{FOLDER}/{self.first}_{self.last}_{self.rows}_{self.digest}"

    @property
    def file(self) -> str:
        """The name of the Parquet file; a part exists once this does."""
        return f"{self.name}.parquet"

    @property
    def ids(self) -> str:
        """The name of the file of ids, which is written first."""
        return f"{self.name}.ids"

    @classmethod
    def of(cls, file: str) -> Self | None:
        """Return the part that a Parquet file's name states; None where it states none."""
        stem, dot, end = file.rpartition(".")
        found = _NAME.fullmatch(stem) if dot and end == "parquet" else None
        if found is None:
            return None
        day, first, last, rows, digest = found.groups()
        return cls(day, first, last, int(rows), digest)
