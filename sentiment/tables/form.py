"""How a table is to be read, where its user says so; what is not said is found out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """What a user says of a table.

    Attributes:
        text_column: The column of tweets; `text` unless given.
        label_column: The column of labels; `label` unless given.
        labels: What the labels of the table mean, as in `0=negative,2=neutral,4=positive`.
        columns: The columns' names, separated by commas, of a table that has no header.
        encoding: The encoding of a text file that is not UTF-8 and has no mark.
    """

    text_column: str | None = None
    label_column: str | None = None
    labels: str | None = None
    columns: str | None = None
    encoding: str | None = None

    @property
    def names(self) -> list[str]:
        """The names of `columns`, in order."""
        return [name.strip() for name in (self.columns or "").split(",") if name.strip()]
