"""What a step tells GitHub Actions: outputs for later steps and the job's summary for people.

Elsewhere it goes to stdout alone.
"""

from __future__ import annotations

import os
from pathlib import Path


def tell(name: str, value: str) -> None:
    """Give a later step a value of one line, and print it.

    Raises:
        ValueError: The value has several lines, and could pass for more than one output.
    """
    if "\n" in value or "\r" in value:
        raise ValueError(f"the output {name} has several lines: give one")
    print(f"{name}={value}", flush=True)
    _append("GITHUB_OUTPUT", f"{name}={value}\n")


def summarise(markdown: str) -> None:
    """Add Markdown to the job's summary, and print it."""
    print(markdown, flush=True)
    _append("GITHUB_STEP_SUMMARY", markdown + "\n")


def _append(variable: str, text: str) -> None:
    path = os.environ.get(variable)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
