"""How tests name a champion without a gate; in the product `flows/promote.py` alone does, and only after a verdict."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models import SentimentModel
from sentiment import store
from sentiment.config import read_settings, tool_environment


def crown(tag: str) -> None:
    """Point to a model of the store, whatever the pointer says now."""
    store.swap_champion(tag, expected=store.pointer())


@contextmanager
def home_with_champion(home: Path, model: SentimentModel) -> Iterator[str]:
    """Make a folder the home, with a model as the champion of its store, and give the champion's tag."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(home))
        for variable, value in tool_environment(read_settings()).items():
            patch.setenv(variable, value)
        tag = store.save(model, metadata={})
        crown(tag)
        yield tag
