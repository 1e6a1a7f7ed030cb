"""Work in Python ends when its time is over, and only then."""

import threading
import time

import pytest

from monitor.time_limit import within


def test_what_ends_in_time_gives_its_result_or_its_error():
    assert within(5, lambda: 4711) == 4711
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)
    with pytest.raises(TimeoutError, match="its own"):
        within(5, _raise)


def _raise():
    raise TimeoutError("its own")


def test_what_takes_longer_is_ended_even_if_it_catches_every_exception():
    def stubborn():
        while True:
            try:
                sum(range(1000))
            except Exception:
                continue

    before, began = threading.active_count(), time.monotonic()
    with pytest.raises(TimeoutError, match=r"longer than 0\.2 s"):
        within(0.2, stubborn)
    assert time.monotonic() - began < 5
    assert threading.active_count() == before
