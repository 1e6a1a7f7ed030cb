"""A labelled tweet as a source has it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled tweet of a source.

    `split` is set where the source decides it, `confidence` is in (0, 1].
    """

    text: str
    label: str
    confidence: float = 1.0
    split: str | None = None
