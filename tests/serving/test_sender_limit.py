"""A sender may do something so many times at once, and so many in a while."""

import time

import pytest

from sentiment.serving import sender_limit
from sentiment.serving.sender_limit import SenderLimit


@pytest.fixture
def standing_clock(monkeypatch):
    """A clock that stands still until a test sets it."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_the_first_are_allowed_at_once_and_the_next_when_their_time_has_come(standing_clock):
    limit = SenderLimit(3, 60)
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 20]
    standing_clock[0] += 19
    assert limit.take("a") == pytest.approx(1)
    standing_clock[0] += 1.01
    assert limit.take("a") == 0
    standing_clock[0] += 1e6  # quiet for long: as at first, not more
    assert [bool(limit.take("a")) for _ in range(4)] == [False, False, False, True]


def test_a_sender_takes_nothing_from_another(standing_clock):
    limit = SenderLimit(1, 60)
    assert [limit.take(sender) for sender in ("a", "a", "b")] == [0, 60, 0]


def test_the_memory_of_senders_is_bounded(standing_clock, monkeypatch):
    monkeypatch.setattr(sender_limit, "_MOST_SENDERS", 10)
    limit = SenderLimit(1, 60)
    for number in range(1000):
        limit.take(str(number))
    assert len(limit._buckets) == 10
    assert limit.take("999") > 0
