"""The French of the reports: `french.json` has each sentence and each noun by the English one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple


class French(NamedTuple):
    """Sentences with their gaps, and nouns: for 0 and 1, and for more."""

    sentences: dict[str, str]
    nouns: dict[str, tuple[str, str]]


@cache
def read_french() -> French:
    """Return the translations."""
    return French(**json.loads(Path(__file__).with_suffix(".json").read_text("utf-8")))
