"""The monitor answers the query API as Azure does, and Azure's unmodified client reads it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.monitor.query import LogsBatchQuery, LogsQueryClient, LogsQueryStatus
from monitor_fixtures import bad_prediction, message, served

from monitor.database import Database
from monitor.query import Limits, QueryEngine
from monitor.tables import TABLES
from monitor.timespan import Window
from sentiment.config import LOCAL_WORKSPACE
from sentiment.errors import QueryError

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def client_of(monitor):
    return LogsQueryClient(object(), endpoint=monitor.address, authentication_policy=SansIOHTTPPolicy())


def test_every_table_has_its_columns_before_anything_arrives(idle_monitor):
    for name, table in TABLES.items():
        columns = idle_monitor.query(name).json()["tables"][0]["columns"]
        expected = {
            "datetime": "datetime",
            "string": "string",
            "int": "int",
            "real": "real",
            "bool": "bool",
            "dynamic": "dynamic",
        }
        assert columns == [{"name": column, "type": expected[kind]} for column, kind in table.columns.items()]


VALUES = """print a = datetime(2026-01-31 12:00:00), b = datetime(2026-01-31 12:00:00.12), c = 3,
        d = int(3), e = 1.5, f = true, g = "x", h = dynamic({"k": [1, "é"]}), i = dynamic("plain"),
        j = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), k = 1d + 2h, l = -90s, m = 1ms,
        n = real(nan), o = real(-inf), p = int(null), q = datetime(null), r = guid(null),
        s = real(null), t = bool(null)"""


def test_types_and_values_are_written_as_the_api_writes_them(idle_monitor):
    table = idle_monitor.query(VALUES).json()["tables"][0]

    assert table["name"] == "PrimaryResult"
    types = [column["type"] for column in table["columns"]]
    assert types[:10] == [
        "datetime",
        "datetime",
        "long",
        "int",
        "real",
        "bool",
        "string",
        "dynamic",
        "dynamic",
        "guid",
    ]
    assert types[10:] == [
        "timespan",
        "timespan",
        "timespan",
        "real",
        "real",
        "int",
        "datetime",
        "guid",
        "real",
        "bool",
    ]
    row = table["rows"][0]
    assert row[:7] == ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.12Z", 3, 3, 1.5, True, "x"]
    assert (json.loads(row[7]), row[8]) == ({"k": [1, "é"]}, "plain")
    assert row[9:13] == [
        "74be27de-1e4e-49d9-b579-fe0b331d3642",
        "1.02:00:00",
        "-00:01:30",
        "00:00:00.0010000",
    ]
    assert row[13:] == ["NaN", "-Infinity", None, None, None, None, None]


def test_a_missing_text_is_empty_and_a_missing_property_is_null(monitor):
    monitor.track(message("x"))

    row = monitor.rows(
        "AppTraces | project UserId, Properties.none, tostring(Properties.none), todouble(Properties.none)"
    )

    assert row == [["", None, "", None]]


def test_the_unmodified_client_reads_the_answer(monitor):
    monitor.track(bad_prediction("a", score="0.93"))

    result = client_of(monitor).query_workspace(
        LOCAL_WORKSPACE,
        "AppTraces | project TimeGenerated, Message, Properties, todouble(Properties.score) | render table",
        timespan=timedelta(hours=1),
        include_statistics=True,
        include_visualization=True,
    )

    assert result.status == LogsQueryStatus.SUCCESS
    (row,) = result.tables[0].rows
    assert abs(row["TimeGenerated"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert (row["Message"], json.loads(row["Properties"])["feedback_id"], row[3]) == (
        "Bad prediction",
        "a",
        0.93,
    )
    assert result.statistics["query"]["executionTime"] > 0
    assert result.visualization["visualization"] == "table"


def test_statistics_and_render_come_only_when_they_are_preferred(idle_monitor):
    query = 'AppTraces | summarize count() by bin(TimeGenerated, 1m) | render timechart with (title="Traces")'

    plain = idle_monitor.query(query).json()
    preferred = idle_monitor.query(
        query, Prefer="wait=10, include-statistics=true, include-render=true"
    ).json()

    assert set(plain) == {"tables"}
    assert set(preferred) == {"tables", "statistics", "render"}
    assert (preferred["render"]["visualization"], preferred["render"]["title"]) == ("timechart", "Traces")


def test_the_client_reads_a_batch_with_a_good_a_bad_and_a_partial_query(tmp_path):
    with served(tmp_path, limits=Limits(max_rows=5)) as monitor:
        queries = [
            LogsBatchQuery(LOCAL_WORKSPACE, query, timespan=None)
            for query in ("print 1", "nothing", "range x from 1 to 9 step 1")
        ]

        good, bad, partial = client_of(monitor).query_batch(queries)

    assert good.tables[0].rows[0][0] == 1
    assert (bad.status, bad.code) == (LogsQueryStatus.FAILURE, "BadArgumentError")
    assert (partial.status, len(partial.partial_data[0].rows)) == (LogsQueryStatus.PARTIAL, 5)


@pytest.mark.parametrize(
    "path",
    ["/v1/workspaces/anything/query", "/v1/subscriptions/s/resourceGroups/g/providers/p/components/c/query"],
)
def test_get_and_resource_forms_are_answered(idle_monitor, path):
    assert idle_monitor.http.get(path, params={"query": "print 1", "timespan": "P1D"}).json()["tables"][0][
        "rows"
    ] == [[1]]
    assert idle_monitor.http.post(path, json={"query": "print 1"}).json()["tables"][0]["rows"] == [[1]]


def test_a_workspace_that_is_named_is_the_only_one(tmp_path):
    mine = "11111111-2222-3333-4444-555555555555"
    with served(tmp_path, workspace_id=mine) as monitor:
        monitor.track(message())
        found = monitor.http.post(
            f"/v1/workspaces/{mine.upper()}/query", json={"query": "AppTraces | project TenantId"}
        )
        other = monitor.query("print 1")
        both = monitor.http.post(
            f"/v1/workspaces/{mine}/query", json={"query": "print 1", "workspaces": [LOCAL_WORKSPACE]}
        )

    assert found.json()["tables"][0]["rows"] == [[mine]]
    assert (other.status_code, other.json()["error"]["code"]) == (404, "WorkspaceNotFoundError")
    assert both.status_code == 404


def test_the_alerts_frame_is_open_at_its_start_and_closed_at_its_end(monitor):
    at = datetime.now(UTC).replace(microsecond=0)
    monitor.track(*(message(f"{shift}", time=at + timedelta(seconds=shift)) for shift in (-300, -299, 0, 1)))

    frame = monitor.monitor.engine.frame(
        "AppTraces | project TimeGenerated, Message | order by TimeGenerated asc",
        at - timedelta(minutes=5),
        at,
    )

    assert list(frame.Message) == ["-299", "0"]
    assert str(frame.TimeGenerated.dt.tz) == "UTC"
    assert list(frame.TimeGenerated) == [at - timedelta(seconds=299), at]


def test_a_frame_of_a_bad_query_is_a_query_error(idle_monitor):
    with pytest.raises(QueryError, match="named 'Nope'") as raised:
        idle_monitor.monitor.engine.frame("AppTraces | where Nope == 1", NOW - DAY, NOW)

    assert raised.value.reason == "query"


def test_queries_change_nothing_and_leave_nothing_open(tmp_path):
    database = Database(tmp_path / "telemetry.duckdb")
    engine = QueryEngine(database)

    for query in ("AppTraces | count", "print 1"):
        engine.answer(query, Window())

    assert engine._running == set()
    for sql in (
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/x'",
        "ATTACH '/tmp/x'",
        "SET threads = 1",
        "INSTALL httpfs",
    ):
        with pytest.raises(Exception, match=r"disabled|locked"):
            database.cursor().execute(sql)
