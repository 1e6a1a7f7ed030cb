"""The monitor's memory: a query takes no more than its room, and telemetry is taken meanwhile."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import duckdb
import pytest
from duckdb_kql.translate import _SPECIAL_FORMS
from duckdb_kql.translate.functions import AGGREGATE_FUNCTIONS, SCALAR_FUNCTIONS
from monitor_fixtures import SLOW, MonitorProcess, innermost, message, served
from waiting import wait_for

from monitor import memory
from monitor.api import MAX_UNREAD
from monitor.query import Limits, _fill
from monitor.tables import Table

MEGABYTES = 900  # resident, over what the monitor has at its start: ROOM and RESERVE
EACH = 1 if os.environ.get("KQL_CALLS") else 4  # every fourth call of a function; KQL_CALLS=1: all, 4 minutes
SECONDS = 10  # for a query that may take one: what runs when its time is over, is not cut off in its middle
ROWS = "range x from 1 to 100000 step 1 | extend s = strrep(tostring(x), 1024) | "
LARGE = {
    "texts of rows": 'range x from 1 to 100000 step 1 | extend s = strrep(strrep(strrep("a",1024),1024),16)',
    "one text": 'print s = strrep(strrep(strrep("a", 1024), 1024), 1024) | project strlen(s)',
    "list": 'print array_length(split(strrep(strrep(strrep("a,", 1024), 1024), 64), ","))',
    "replaced": ROWS
    + 's = replace_string(s, "1", s) | summarize max(strlen(s))'.replace("s =", "extend s =", 1),
    "doubled": 'print s = strrep("a", 1024)' + " | extend s = strcat(s, s)" * 21 + " | project strlen(s)",
    "bag": 'print s = pack("a", strrep("a", 1024))'
    + ' | extend s = pack("a", s, "b", s)' * 20
    + " | project strlen(tostring(s))",
    "list of rows": ROWS + "summarize make_list(strcat(s, s, s, s))",
    "set of rows": ROWS + "summarize make_set(s)",
    "groups": ROWS + "summarize count() by s | count",
    "joined": ROWS + "join kind=inner (" + ROWS + "take 100000) on s | summarize max(strlen(strcat(s, s1)))",
    "sorted": ROWS + "order by s asc",
}


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """A monitor in a process of its own, as `python -m monitor` limits it."""
    with MonitorProcess(tmp_path_factory.mktemp("limited"), "--no-alerts") as monitor:
        monitor.track(message())
        monitor.base = resident(monitor, "VmRSS")
        yield monitor


def resident(monitor, field):
    lines = Path(f"/proc/{monitor.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) / 1024


def check(monitor, query):
    """Ask; the answer comes in time, in bounded memory, and telemetry is taken as before."""
    started = time.perf_counter()
    answer = monitor.query(query, Prefer="wait=1")

    assert answer.status_code in (200, 400, 504), answer.text
    assert time.perf_counter() - started < SECONDS
    assert resident(monitor, "VmHWM") - monitor.base < MEGABYTES
    assert monitor.track(message()).status_code == 200
    assert monitor.http.get("/healthz").status_code == 200
    return answer


@pytest.mark.parametrize("name", LARGE)
def test_a_query_of_large_values_ends_within_time_and_memory(limited, name):
    answer = check(limited, LARGE[name])

    assert answer.status_code != 200 or "error" in answer.json(), answer.text[:200]
    if answer.status_code == 400:
        assert "more memory than the monitor allows itself" in innermost(answer)["message"]


@pytest.mark.parametrize(
    "call",
    [
        'extract(s, 0, "1")',
        'strlen(replace_regex("1", s, "2"))',
        '"1" matches regex s',
    ],
)
def test_a_regular_expression_for_each_row_has_a_greatest_length(limited, call):
    answer = check(limited, ROWS + f"extend s = strrep(s, 16) | summarize max(tostring({call}))")

    assert innermost(answer)["code"] == "LocalLimit"
    assert "a regular expression may have 4000 characters here" in innermost(answer)["message"]
    assert limited.rows('print extract("(n.)", 1, "banana")') == [["na"]]


def test_telemetry_is_taken_while_large_queries_run_beside_each_other(limited):
    threads = [
        threading.Thread(target=limited.query, args=(query,), kwargs={"Prefer": "wait=2"})
        for query in LARGE.values()
    ]
    for thread in threads:
        thread.start()
    statuses = []
    while any(thread.is_alive() for thread in threads):
        statuses.append(limited.track(message()).status_code)

    assert set(statuses) == {200}
    assert resident(limited, "VmHWM") - limited.base < MEGABYTES
    wait_for(lambda: limited.query("AppTraces | count").status_code == 200)
    assert limited.rows("AppTraces | count")[0][0] > len(statuses)


def calls(name):
    """Calls of a function with each number of values that it takes, large texts and others."""
    spec = SCALAR_FUNCTIONS.get(name) or AGGREGATE_FUNCTIONS.get(name)
    for count in (spec.arities if spec else ()) or (1, 2, 3):
        for others in (["s"] * 8, ["1024"] * 8, ['"1"', "s"] * 4, ["1", "s"] * 4):
            yield f"{name}({', '.join(['s', *others][:count])})"
            yield f"{name}({', '.join([others[0], 's', *others[1:]][:count])})"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*SCALAR_FUNCTIONS, *AGGREGATE_FUNCTIONS, *_SPECIAL_FORMS}))
def test_every_function_of_the_translator_ends_within_time_and_memory(limited, name):
    for call in list(dict.fromkeys(calls(name)))[::EACH]:
        summary = call if name in AGGREGATE_FUNCTIONS else f"max(strlen(tostring({call})))"
        check(limited, ROWS + f"extend s = strrep(s, 16) | summarize y = {summary}")


def test_telemetry_ends_queries_when_it_lacks_memory(monitor, monkeypatch):
    arrow, answers, shortages = Table.arrow, [], iter([MemoryError("no room")])

    def short(*given):
        for error in shortages:
            raise error
        return arrow(*given)

    asking = threading.Thread(target=lambda: answers.append(monitor.query(SLOW, Prefer="wait=20")))
    assert monitor.rows("AppTraces | count") == [[0]]
    wait_for(lambda: not monitor.monitor.engine._running)  # nor the one at the monitor's start
    asking.start()
    wait_for(lambda: monitor.monitor.engine._running)
    monkeypatch.setattr(Table, "arrow", short)

    assert monitor.track(message()).status_code == 200
    asking.join()
    assert (answers[0].status_code, answers[0].headers["retry-after"]) == (503, "5")
    assert "telemetry needed the memory" in answers[0].text
    assert monitor.rows("AppTraces | count") == [[1]]


def test_health_is_that_of_writing_and_comes_back_with_the_memory(monitor, monkeypatch):
    def fail(*_):
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(Table, "arrow", fail)
        assert monitor.track(message()).status_code == 503
        assert monitor.http.get("/healthz").status_code == 503

    assert monitor.http.get("/healthz").status_code == 200
    assert monitor.track(message()).status_code == 200
    assert monitor.rows("AppTraces | count") == [[1]]


def test_after_a_fatal_error_the_file_is_opened_anew(monitor, monkeypatch):
    def fail(*_):
        raise duckdb.FatalException("Failed to create checkpoint")

    assert monitor.track(message()).status_code == 200
    former = monitor.monitor.writer._connection
    with monkeypatch.context() as patch:
        patch.setattr(Table, "arrow", fail)
        assert monitor.track(message()).status_code == 503

    assert monitor.track(message()).status_code == 200
    assert monitor.rows("AppTraces | count") == [[2]]
    with pytest.raises(duckdb.ConnectionException):
        former.execute("SELECT 1")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MemoryError(), True),
        (RuntimeError("can't start new thread"), True),
        (ValueError("exporting a stream from the Arrow source failed: MemoryError: "), True),
        (RuntimeError("a value"), False),
        (ValueError("there is no column where ExceptionType is MemoryError"), False),
    ],
)
def test_errors_that_say_that_memory_is_short(error, says):
    assert memory.is_short(error) is says


class Body:
    """Stands in for an answer whose rows are so many bytes each."""

    def __init__(self, weight):
        self.rows, self.size, self._weight = 0, 0, weight

    def add(self, rows):
        self.rows, self.size = self.rows + len(rows), self.size + len(rows) * self._weight
        return True


class Rows:
    """Stands in for a result of so many rows; it notes how many were fetched at once."""

    def __init__(self, count):
        self.left, self.fetched = count, []

    def fetchmany(self, count):
        self.fetched.append(count)
        rows = [()] * min(count, self.left)
        self.left -= len(rows)
        return rows


@pytest.mark.parametrize(("weight", "most"), [(1_000_000, 16), (10_000, 400), (10, 5000)])
def test_rows_are_fetched_by_what_they_weigh(weight, most):
    rows = Rows(20_000)

    assert _fill(Body(weight), rows, 1_000_000, 100_000_000_000) is None
    assert (rows.fetched[0], max(rows.fetched)) == (16, most)


def test_answers_that_nobody_has_read_are_bounded(monitor):
    api = monitor.monitor.api
    assert monitor.rows("print 1") == [[1]]
    assert api.free == MAX_UNREAD
    api.free = 50

    answer = monitor.query("print 1")

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    assert "wait to be read" in answer.json()["error"]["message"]
    assert api.free == 50


def test_the_answers_of_a_batch_share_the_most_bytes(tmp_path):
    item = {"body": {"query": 'range x from 1 to 1000 step 1 | extend y = "0123456789"'}, "headers": {}}
    with served(tmp_path, limits=Limits(max_bytes=2000)) as monitor:
        batch = {"requests": [{"id": "1", **item}, {"id": "2", **item}]}
        answers = monitor.http.post("/v1/$batch", json=batch).json()["responses"]

    assert [answer["status"] for answer in answers] == [200, 200]
    assert all(answer["body"]["error"]["code"] == "PartialError" for answer in answers)
    assert all(30 < len(answer["body"]["tables"][0]["rows"]) < 60 for answer in answers)
