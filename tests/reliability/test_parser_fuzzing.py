"""Bytes from outside never raise what is not ours, take no second, and no memory beyond a bound."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import pytest
from outside_bytes import PARSERS, try_out

from monitor import kql

CPU_SECONDS = {"kql": kql.SECONDS}  # the monitor's own limit; all others have one second
MEGABYTES = 64
CASES = int(os.environ.get("FUZZ_CASES", "500"))  # of each parser in the slow profile
SLOW_PARSERS = {"kql": 0.2}  # which share of the cases they get


def fuzz(name: str, cases: int) -> None:
    """Give a parser so many made-up contents, the same in each run."""
    read, ours, contents = PARSERS[name]

    def accept(content: bytes) -> None:
        before = time.process_time()
        with contextlib.suppress(ours):
            read(content)
        assert time.process_time() - before < CPU_SECONDS.get(name, 1.0)

    try_out(accept, contents, cases)


@pytest.mark.parametrize("name", PARSERS)
def test_a_few_odd_contents_are_read_or_refused(name):
    fuzz(name, 12)


@pytest.mark.slow
@pytest.mark.parametrize("name", PARSERS)
def test_thousands_of_odd_contents_are_read_or_refused_within_the_memory(name):
    fuzz(name, 12)  # what is loaded once is not counted
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = _megabytes("VmRSS")

    fuzz(name, int(CASES * SLOW_PARSERS.get(name, 1)))

    assert _megabytes("VmHWM") - before < MEGABYTES


def _megabytes(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024
