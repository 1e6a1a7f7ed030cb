"""What a query may take: time, rows, bytes, memory, and the thread of the translator."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from datetime import timedelta

import httpx
import pytest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.monitor.query import LogsQueryClient, LogsQueryPartialResult
from monitor_fixtures import SLOW, innermost, message, served
from waiting import wait_for

from monitor import kql
from monitor.database import Database
from monitor.kql import translate
from monitor.query import Limits
from sentiment.config import LOCAL_WORKSPACE


def client_of(monitor):
    return LogsQueryClient(object(), endpoint=monitor.address, authentication_policy=SansIOHTTPPolicy())


def test_a_query_that_takes_too_long_is_interrupted(idle_monitor):
    answer = idle_monitor.query(SLOW, Prefer="wait=1")

    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "GatewayTimeout")
    assert answer.elapsed < timedelta(seconds=10)
    assert idle_monitor.rows("print 1") == [[1]]


def ask_until_cut_off(monitor):
    with contextlib.suppress(httpx.TransportError):
        monitor.query(SLOW)


def test_stopping_does_not_wait_for_a_query(tmp_path):
    with served(tmp_path) as monitor:
        asking = threading.Thread(target=ask_until_cut_off, args=(monitor,))
        asking.start()
        wait_for(lambda: monitor.monitor.engine._running)
        started = time.monotonic()

    asking.join()
    assert time.monotonic() - started < 10


def test_telemetry_is_taken_in_while_a_query_runs(monitor):
    running = threading.Thread(target=monitor.query, args=(SLOW,), kwargs={"Prefer": "wait=2"})
    running.start()
    wait_for(lambda: monitor.monitor.engine._running)

    assert monitor.http.post("/v2.1/track", json=[message()]).elapsed < timedelta(seconds=2)
    running.join()
    assert monitor.rows("AppTraces | count") == [[1]]


def test_too_many_rows_are_a_partial_result(tmp_path):
    with served(tmp_path, limits=Limits(max_rows=10)) as monitor:
        full = monitor.query("range x from 1 to 10 step 1").json()
        result = client_of(monitor).query_workspace(
            LOCAL_WORKSPACE, "range x from 1 to 11 step 1 | order by x desc", timespan=None
        )

    assert "error" not in full
    assert isinstance(result, LogsQueryPartialResult)
    assert [row[0] for row in result.partial_data[0].rows] == list(range(11, 1, -1))
    assert result.partial_error.code == "PartialError"
    assert "exceed the set limit of 10 records" in result.partial_error.details[0]["innererror"]["message"]


def test_too_many_bytes_are_a_partial_result_of_whole_rows(tmp_path):
    with served(tmp_path, limits=Limits(max_bytes=2000)) as monitor:
        answer = monitor.query('range x from 1 to 1000 step 1 | extend y = "0123456789"')

    assert answer.status_code == 200
    assert answer.json()["error"]["details"][0]["innererror"]["code"] == "-2133196797"
    rows = answer.json()["tables"][0]["rows"]
    assert rows == [[number, "0123456789"] for number in range(1, len(rows) + 1)]
    assert 1500 < len(json.dumps(rows, separators=(",", ":"))) <= 2010


@pytest.mark.parametrize(
    "query",
    [
        "range x from 1 to 6000000 step 1 | count",
        "range x from 0 to -6000000 step -1 | count",
        "range x from datetime(2026-01-01) to datetime(2026-03-31) step 1s | count",
        "let most = 6000000; range x from 1 to most * 2 step 2 - 1 | count",
        "range x from 1 to toscalar(print 6000000) step 1 | count",
        "range x from -9223372036854775807 to 9223372036854775807 step 1 | count",
        "print 1 | join kind=inner (range x from 1 to 6000000 step 1) on $left.print_0 == $right.x",
    ],
)
def test_a_range_of_more_rows_than_memory_is_planned_for_is_refused_before_it_is_made(idle_monitor, query):
    answer = idle_monitor.query(query)

    assert (answer.status_code, innermost(answer)["code"]) == (400, "LocalLimit")
    assert "a range may have 5000000 rows here" in innermost(answer)["message"]
    assert "Error:" not in innermost(answer)["message"]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("range x from 1 to 1000000 step 1 | count", 1_000_000),
        ("range x from 5 to 1 step -2 | count", 3),
        ("range x from 1 to 0 step 1 | count", 0),
        ("range x from datetime(2026-01-01) to datetime(2026-01-02) step 1h | count", 25),
        ('print text = "banana" | extend n = countof(text, "an") | project n', 2),
        ('print text = strrep("ab", 3) | project strlen(text)', 6),
        ('print text = strrep("ab", 100000000) | project strlen(text)', 2048),  # Azure's own limit
    ],
)
def test_ranges_and_repeated_text_within_the_limits_are_made(idle_monitor, query, rows):
    assert idle_monitor.rows(query) == [[rows]]


@pytest.mark.parametrize("operator", ["print repeat(1, 1000000000)", "print range(1, 1000000000, 1)"])
def test_lists_of_any_length_cannot_be_made(idle_monitor, operator):
    assert innermost(idle_monitor.query(operator))["code"] == "LocalLimit"


@pytest.mark.parametrize("end", ["{blanks}//x", "{blanks};{blanks}//x", " with (title=a){blanks}//x"])
def test_blanks_after_a_chart_do_not_keep_the_translator_busy(end):
    query = "AppTraces | take 1 | render timechart" + end.format(blanks=" " * 2000)
    started = time.perf_counter()

    translate(query)

    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("query", "kind", "title"),
    [
        ("AppTraces | count | render table", "table", None),
        ("AppTraces\n|render  piechart  with (title='a|b') ;\n", "piechart", "a|b"),
        ('AppTraces // | render table\n| count | render timechart with(title="c")', "timechart", "c"),
    ],
)
def test_the_chart_is_the_last_operators(query, kind, title):
    render = translate(query).render

    assert (render["visualization"], render["title"]) == (kind, title)


def test_what_is_put_on_the_disk_is_bounded(tmp_path):
    database = Database(tmp_path / "telemetry.duckdb", memory="50MB")
    settings = "SELECT current_setting('max_temp_directory_size')"

    assert database.cursor().execute(settings).fetchone() == ("3.7 GiB",)
    database.close()


def doubling(times):
    """A query whose definitions unfold to two to the power of `times` numbers."""
    lets = "".join(f"let a{number + 1} = a{number} + a{number};" for number in range(times))
    return f"let a0 = 1;{lets} print a{times}"


@pytest.mark.parametrize(
    "query",
    [
        doubling(15),
        "let f0 = (x:long) { x + x };"
        + "".join(f"let f{n + 1} = (x:long) {{ f{n}(f{n}(x)) }};" for n in range(4))
        + "print f4(1)",
    ],
)
def test_a_query_that_unfolds_to_more_than_memory_is_planned_for_is_refused(idle_monitor, query):
    answer = idle_monitor.query(query)

    assert (answer.status_code, innermost(answer)["code"]) == (400, "LocalLimit")
    assert "unfolded it has" in innermost(answer)["message"]
    assert idle_monitor.rows(doubling(5)) == [[32]]


def test_a_query_that_takes_too_long_to_translate_is_refused_in_time_and_the_next_one_answered(
    idle_monitor, monkeypatch
):
    monkeypatch.setattr(kql, "SECONDS", 1.0)
    answer = idle_monitor.query(doubling(24))

    assert (answer.status_code, innermost(answer)["code"]) == (400, "LocalLimit")
    assert "takes longer than 1 s to translate" in innermost(answer)["message"]
    assert answer.elapsed < timedelta(seconds=10)
    assert idle_monitor.rows("print 1") == [[1]]
