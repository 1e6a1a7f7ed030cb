"""Two models in a store, and what tests of the champion and its shadow share."""

import time

import pytest
from crowning import crown

from sentiment import store
from sentiment.config import Settings


@pytest.fixture
def two(home, tfidf_model):
    """Two models in the store; the first is the champion."""
    tags = [store.save(tfidf_model, metadata={}) for _ in range(2)]
    crown(tags[0])
    return tags


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def settings(home, **values):
    return Settings(home=home, **({"shadow_share": 1.0, "reload_seconds": 0.1} | values))
