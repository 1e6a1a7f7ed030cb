"""The monitor ingests telemetry as Azure does: what it keeps, what it refuses, in which words."""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import threading
import uuid
from datetime import UTC, datetime

import httpx
import pytest
from monitor_fixtures import bad_prediction, envelope, message, request

from monitor.envelopes import rows_of
from monitor.tables import TABLES
from sentiment.config import LOCAL_WORKSPACE

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def row_of(made):
    (row,) = rows_of(made, datetime.now(UTC))
    return row.values


@contextlib.contextmanager
def exporting(connection_string, folder):
    """Give a logger, a tracer and a meter over Azure's exporters; flush them at the end."""
    from azure.monitor.opentelemetry.exporter import (
        AzureMonitorLogExporter,
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )
    from opentelemetry.instrumentation.logging.handler import LoggingHandler
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    options = {"connection_string": connection_string, "storage_directory": str(folder)}
    logs, traces = LoggerProvider(), TracerProvider()
    logs.add_log_record_processor(BatchLogRecordProcessor(AzureMonitorLogExporter(**options)))
    traces.add_span_processor(BatchSpanProcessor(AzureMonitorTraceExporter(**options)))
    metrics = MeterProvider([PeriodicExportingMetricReader(AzureMonitorMetricExporter(**options))])
    logger = logging.getLogger("test.of.the.monitor")
    handler = LoggingHandler(logger_provider=logs)
    logger.addHandler(handler)
    try:
        yield logger, traces.get_tracer("test"), metrics.get_meter("test")
    finally:
        logger.removeHandler(handler)
        for provider in (logs, traces, metrics):
            provider.shutdown()


def test_the_unmodified_exporters_fill_every_table(monitor, tmp_path):
    from opentelemetry.trace import SpanKind

    with exporting(monitor.connection_string, tmp_path / "spool") as (logger, tracer, meter):
        with (
            tracer.start_as_current_span("POST /predict", kind=SpanKind.SERVER),
            tracer.start_as_current_span("inference"),
        ):
            logger.warning("Bad prediction", extra={"score": 0.93})
        logger.warning("", extra={"microsoft.custom_event.name": "Opened"})
        try:
            int("broken")
        except ValueError:
            logger.exception("it failed")
        meter.create_histogram("sentiment_score").record(0.5)

    counts = {
        table: monitor.rows(
            f"{table} | where Name !startswith '_' | count" if table == "AppMetrics" else f"{table} | count"
        )[0][0]
        for table in TABLES
    }
    assert counts == dict.fromkeys(TABLES, 1)
    assert monitor.rows("AppTraces | project Message, SeverityLevel, todouble(Properties.score)") == [
        ["Bad prediction", 2, 0.93]
    ]
    assert monitor.rows("AppExceptions | project ExceptionType, OuterMessage") == [
        ["ValueError", "it failed"]
    ]
    assert monitor.rows(
        "AppMetrics | where Name == 'sentiment_score' | project Sum, Min, Max, ItemCount"
    ) == [[0.5, 0.5, 0.5, 1]]
    joined = (
        "AppRequests | join kind=inner AppDependencies on OperationId | join kind=inner "
        "AppTraces on OperationId"
    )
    assert monitor.rows(f"{joined} | project Name, Name1, Message") == [
        ["POST /predict", "inference", "Bad prediction"]
    ]


def test_tags_and_properties_become_columns(monitor):
    tags = {"ai.operation.name": "POST /feedback", "ai.user.id": "u", "ai.cloud.role": "ruolo 🙃"}

    monitor.track(
        envelope(message="x", tags=tags, properties={"text": "a\u0000b \ud800 é", "n": 3, "long": "y" * 9000})
    )

    row = monitor.rows(
        "AppTraces | project OperationName, UserId, AppRoleName, Properties, Type, TenantId, "
        "IKey, ClientType, _ItemId"
    )[0]
    properties = json.loads(row[3])
    assert row[:3] == ["POST /feedback", "u", "ruolo 🙃"]
    assert (properties["text"], properties["n"], len(properties["long"])) == ("a\u0000b ? é", "3", 8192)
    assert row[4:8] == ["AppTraces", LOCAL_WORKSPACE, LOCAL_WORKSPACE, "PC"]
    assert uuid.UUID(row[8])


def test_a_bad_envelope_among_good_ones_is_named_and_the_others_are_kept(monitor):
    answer = monitor.track(message("first"), message(""), message("third"))

    assert answer.status_code == 206
    said = (
        "109: Field 'message' on type 'MessageData' is required but missing or empty. "
        "Expected: string, Actual: undefined"
    )
    assert answer.json() == {
        "itemsReceived": 3,
        "itemsAccepted": 2,
        "appId": None,
        "errors": [{"index": 1, "statusCode": 400, "message": said}],
    }
    assert monitor.rows("AppTraces | project Message | order by Message asc") == [["first"], ["third"]]


def test_only_bad_envelopes_are_answered_400(monitor):
    answer = monitor.track(message(""), {"name": "x"})

    assert (answer.status_code, answer.json()["itemsAccepted"], len(answer.json()["errors"])) == (400, 0, 2)


def test_good_envelopes_are_answered_as_azure_answers(monitor):
    answer = monitor.track(message(), message())

    assert answer.status_code == 200
    assert answer.json() == {"itemsReceived": 2, "itemsAccepted": 2, "appId": None, "errors": []}


def test_lines_of_json_are_taken_one_by_one(monitor):
    body = "\n".join(
        [json.dumps(message("first")), "{broken", json.dumps(message("a\u2028b"), ensure_ascii=False), ""]
    )

    answer = monitor.http.post("/v2/track", content=body.encode())

    assert (answer.status_code, answer.json()["errors"][0]["index"]) == (206, 1)
    assert monitor.rows("AppTraces | count") == [[2]]


@pytest.mark.parametrize("content", [b"[{", b"", b"  ", b"\xff\xfe", b"[" * 100_000, b"nothing"])
def test_a_body_that_is_no_json_is_answered_400(idle_monitor, content):
    answer = idle_monitor.http.post("/v2.1/track", content=content)

    assert (answer.status_code, answer.json()["itemsAccepted"]) == (400, 0)


@pytest.mark.parametrize(
    "made", [1, [], {}, [[]], [None], [True], {"data": []}, [{"tags": 3, "time": 5, "iKey": [], "name": {}}]]
)
def test_json_that_is_no_envelope_is_answered_without_a_500(idle_monitor, made):
    assert idle_monitor.http.post("/v2.1/track", json=made).status_code in (200, 400)


def test_deeply_nested_and_huge_values_do_no_harm(monitor):
    deep = json.dumps(message("x")).replace(
        '"properties": {', '"properties": {"deep": ' + "[" * 900 + "]" * 900 + ", "
    )
    huge = json.dumps(message("y")).replace('"severityLevel": 1', '"severityLevel": ' + "9" * 400)
    many = json.dumps(
        envelope("MetricData", metrics=[{"name": "n", "value": 1, "count": 10**300, "min": 1e400}])
    )

    answers = [
        monitor.http.post("/v2.1/track", content=f"[{body}]".encode()).status_code
        for body in (deep, huge, many)
    ]

    assert set(answers) <= {200, 400}
    assert monitor.rows("AppMetrics | project ItemCount, Min") == [[2**31 - 1, 1.0]]


def test_a_gzipped_post_is_kept(monitor):
    monitor.http.post(
        "/v2.1/track",
        content=gzip.compress(json.dumps([message()]).encode()),
        headers={"Content-Encoding": "gzip"},
    )

    assert monitor.rows("AppTraces | count") == [[1]]


def test_a_body_over_the_limit_is_answered_413(monitor):
    monitor.monitor.ingest.max_body = 1000

    assert monitor.track(message("x" * 2000)).status_code == 413
    assert monitor.track(message("x")).status_code == 200


def test_more_than_the_memory_holds_is_sent_back_and_room_returns(monitor):
    size = len(json.dumps([bad_prediction("a")]))
    monitor.monitor.ingest.free = 3 * size
    gate = threading.Event()
    held = monitor.monitor.writer.call(lambda _: gate.wait(20))
    answers = []

    def post(number):
        answers.append(
            httpx.post(
                f"{monitor.address}/v2.1/track",
                json=[bad_prediction(f"{number}")],
                trust_env=False,
                timeout=30,
            )
        )

    threads = [threading.Thread(target=post, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    while len(answers) < 5:
        gate.wait(0.02)
    gate.set()
    for thread in threads:
        thread.join()
    held.result(5)

    codes = sorted(answer.status_code for answer in answers)
    assert set(codes) == {200, 429}
    assert codes.count(200) <= 3
    assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status_code == 429)
    assert monitor.track(bad_prediction("later")).status_code == 200
    assert monitor.rows("AppTraces | count") == [[codes.count(200) + 1]]


def test_a_write_that_fails_is_answered_503_and_the_next_one_works(monitor):
    monitor.monitor.writer.call(
        lambda connection: connection.execute('ALTER TABLE "AppTraces" RENAME TO "Gone"')
    ).result(5)
    failed = monitor.track(message(), request())
    monitor.monitor.writer.call(
        lambda connection: connection.execute('ALTER TABLE "Gone" RENAME TO "AppTraces"')
    ).result(5)

    assert (failed.status_code, failed.headers["retry-after"]) == (503, "5")
    assert monitor.rows("AppRequests | count") == [[0]]
    assert monitor.track(message()).status_code == 200
