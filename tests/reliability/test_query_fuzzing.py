"""Made-up queries are really run: each is answered in time, and the monitor's memory is bounded."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from monitor_fixtures import MonitorProcess, bad_prediction, request
from outside_bytes import QUERIES, mutated, try_out

from monitor import kql, memory

MEGABYTES = (memory.ROOM + memory.RESERVE) / 1024**2
SECONDS = kql.SECONDS + 10  # to translate and to run; what may take one second ends at its next step
CASES = int(os.environ.get("FUZZ_CASES", "500")) // 5
# What makes long values of short ones, over rows that are made and over those that are there.
GROWING = (
    b'range x from 1 to 5000 step 1 | extend s = strrep(strrep("a,", 1024), 16) | extend l = split(s, ",")',
    b'AppTraces | extend s = strcat(IKey, strrep(Message, 512)), t = replace_string(Message, "a", Message)',
    b"range x from 1 to 100000 step 1 | summarize l = make_list(strrep(tostring(x), 99)) by bin(x, 50000)",
    b'AppTraces | extend b = pack("a", Properties, "b", Message) | extend t = tostring(pack_array(b, b))',
    b'AppRequests | mv-expand Properties | extend e = extract_all("(.)", strrep(Name, 1024)) | take 100',
)


@pytest.fixture(scope="module")
def queried(tmp_path_factory):
    """A monitor in a process of its own, with rows of feedback and of requests."""
    with MonitorProcess(tmp_path_factory.mktemp("queried"), "--no-alerts") as monitor:
        monitor.track(*(bad_prediction(str(number)) for number in range(200)), request(), request())
        monitor.base = _megabytes(monitor, "VmRSS")
        yield monitor


def fuzz(monitor, cases):
    """Ask so many made-up queries, the same in each run."""

    def ask(content):
        started = time.perf_counter()
        answer = monitor.query(content.decode("utf-8", "replace"), Prefer="wait=1")
        assert answer.status_code in (200, 400, 504), answer.text
        assert time.perf_counter() - started < SECONDS

    try_out(ask, mutated(*QUERIES, *GROWING), cases)

    assert _megabytes(monitor, "VmHWM") - monitor.base < MEGABYTES
    assert monitor.track(bad_prediction("last")).status_code == 200


def test_a_few_odd_queries_are_answered(queried):
    fuzz(queried, 20)


@pytest.mark.slow
def test_hundreds_of_odd_queries_are_answered_within_the_memory(queried):
    fuzz(queried, CASES)


def _megabytes(monitor, field):
    lines = Path(f"/proc/{monitor.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024
