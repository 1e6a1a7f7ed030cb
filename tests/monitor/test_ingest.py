"""The monitor takes in telemetry as Azure does: what it keeps, what it refuses and in which words."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from monitor_fixtures import bad_prediction, envelope, message, request

from monitor.envelopes import BodyError, parse, rows_of, unpack
from monitor.ingest import Ingest
from monitor.items import Refusal, milliseconds
from monitor.tables import TABLES
from sentiment.config import LOCAL_WORKSPACE

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def row_of(made):
    (row,) = rows_of(made, datetime.now(UTC))
    return row.values


def test_the_unmodified_exporters_fill_every_table(monitor, tmp_path):
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
    from opentelemetry.trace import SpanKind

    options = {"connection_string": monitor.connection_string, "storage_directory": str(tmp_path / "spool")}
    logs, traces = LoggerProvider(), TracerProvider()
    logs.add_log_record_processor(BatchLogRecordProcessor(AzureMonitorLogExporter(**options)))
    traces.add_span_processor(BatchSpanProcessor(AzureMonitorTraceExporter(**options)))
    metrics = MeterProvider([PeriodicExportingMetricReader(AzureMonitorMetricExporter(**options))])
    logger = logging.getLogger("test.of.the.monitor")
    handler = LoggingHandler(logger_provider=logs)
    logger.addHandler(handler)
    try:
        tracer = traces.get_tracer("test")
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
        metrics.get_meter("test").create_histogram("sentiment_score").record(0.5)
    finally:
        logger.removeHandler(handler)
        for provider in (logs, traces, metrics):
            provider.shutdown()

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
    joined = "AppRequests | join kind=inner AppDependencies on OperationId | join kind=inner AppTraces on OperationId"
    assert monitor.rows(f"{joined} | project Name, Name1, Message") == [
        ["POST /predict", "inference", "Bad prediction"]
    ]


def test_a_request_keeps_its_duration_to_the_microsecond_and_weighs_what_sampling_left_out():
    row = row_of(request(duration="1.02:03:04.000005", sample_rate=33.4, status=404))

    assert row["DurationMs"] == 93784000.005
    assert row["ItemCount"] == 3
    assert (row["ResultCode"], row["Success"], row["PerformanceBucket"]) == ("404", False, ">=5min")


@pytest.mark.parametrize(
    ("rate", "count"),
    [(100, 1), (50, 2), (0, 1), (-1, 1), (101, 1), ("50", 1), (True, 1), (None, 1), (1e-300, 2**31 - 1)],
)
def test_the_item_count_is_what_the_sample_rate_says_if_it_can_be(rate, count):
    assert row_of(message() | {"sampleRate": rate})["ItemCount"] == count


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.00:00:00.002", 2.0), ("00:00:01", 1000.0), ("00:00:00.1234567", 123.4567), ("10.00:00:00", 864e6)],
)
def test_durations_are_read_exactly(text, expected):
    assert milliseconds(text, "RequestData") == expected


@pytest.mark.parametrize("text", ["", "1", "24:00:00", "00:60:00", "-00:00:01", "00:00:00.", "٠٠:00:00"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(Refusal, match="duration"):
        milliseconds(text, "RequestData")


def test_an_exception_keeps_the_outer_and_the_innermost():
    frame = {"level": 0, "method": "predict", "assembly": "service.py", "fileName": "service.py", "line": 3}
    chain = [
        {
            "id": 1,
            "typeName": "RuntimeError",
            "message": "outer",
            "hasFullStack": True,
            "parsedStack": [frame],
        },
        {
            "id": 2,
            "outerId": 1,
            "typeName": "OSError",
            "message": "inner",
            "hasFullStack": True,
            "stack": "...",
        },
    ]

    row = row_of(envelope("ExceptionData", exceptions=chain, severityLevel="Error"))

    assert (row["ExceptionType"], row["OuterMessage"], row["InnermostType"], row["InnermostMessage"]) == (
        "RuntimeError",
        "outer",
        "OSError",
        "inner",
    )
    assert (row["ProblemId"], row["SeverityLevel"]) == ("RuntimeError at predict", 3)
    assert [part["type"] for part in json.loads(row["Details"])] == ["RuntimeError", "OSError"]


def test_a_metric_is_one_row_per_data_point():
    points = [{"name": "a", "value": 6, "count": 3, "min": 1, "max": 3}, {"name": "b", "value": 2}]

    rows = rows_of(envelope("MetricData", metrics=points), datetime.now(UTC))

    assert [[row.values[key] for key in ("Name", "Sum", "Min", "Max", "ItemCount")] for row in rows] == [
        ["a", 6, 1, 3, 3],
        ["b", 2, 2, 2, 1],
    ]


def test_tags_and_properties_become_columns(monitor):
    tags = {"ai.operation.name": "POST /feedback", "ai.user.id": "u", "ai.cloud.role": "ruolo 🙃"}

    monitor.track(
        envelope(message="x", tags=tags, properties={"text": "a\u0000b \ud800 é", "n": 3, "long": "y" * 9000})
    )

    row = monitor.rows(
        "AppTraces | project OperationName, UserId, AppRoleName, Properties, Type, TenantId, IKey, ClientType, _ItemId"
    )[0]
    properties = json.loads(row[3])
    assert row[:3] == ["POST /feedback", "u", "ruolo 🙃"]
    assert (properties["text"], properties["n"], len(properties["long"])) == ("a\u0000b ? é", "3", 8192)
    assert row[4:8] == ["AppTraces", LOCAL_WORKSPACE, LOCAL_WORKSPACE, "PC"]
    assert uuid.UUID(row[8])


def test_a_bad_envelope_among_good_ones_is_named_and_the_others_are_kept(monitor):
    answer = monitor.track(message("first"), message(""), message("third"))

    assert answer.status_code == 206
    said = "109: Field 'message' on type 'MessageData' is required but missing or empty. Expected: string, Actual: undefined"
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


@pytest.mark.parametrize(
    ("shift", "said"),
    [
        (
            timedelta(hours=-48, milliseconds=-1),
            "older than the allowed min date. Expected: now - 172800000ms, Actual: now - 172800001ms",
        ),
        (
            timedelta(hours=2, milliseconds=1),
            "newer than the allowed max date. Expected: now + 7200000ms, Actual: now + 7200001ms",
        ),
    ],
)
def test_a_time_too_far_away_is_refused_in_azures_words(shift, said):
    with pytest.raises(Refusal) as refusal:
        rows_of(message(time=NOW + shift), NOW)

    assert str(refusal.value) == f"103: Field 'time' on type 'Envelope' is {said}"


@pytest.mark.parametrize("shift", [timedelta(hours=-48), timedelta(hours=2)])
def test_a_time_at_the_border_is_taken(shift):
    assert rows_of(message(time=NOW + shift), NOW)[0].values["TimeGenerated"] == (NOW + shift).replace(
        tzinfo=None
    )


def without(made, *path):
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return made


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (without(message(), "time"), "109: Field 'time' on type 'Envelope'"),
        (without(message(), "name"), "109: Field 'name' on type 'Envelope'"),
        (without(message(), "data"), "109: Field 'baseType' on type 'Data'"),
        (without(message(), "data", "baseData"), "109: Field 'baseData' on type 'Data'"),
        (message() | {"iKey": "not a key"}, "100: Invalid instrumentation key"),
        (message() | {"time": "yesterday"}, "100: Field 'time' on type 'Envelope' is not a valid date"),
        (
            message() | {"time": "0001-01-01T00:00:00+14:00"},
            "100: Field 'time' on type 'Envelope' is not a valid date",
        ),
        (envelope("PageViewData", name="x"), "100: the local stand-in has no table for 'PageViewData'"),
        (envelope("EventData"), "109: Field 'name' on type 'EventData'"),
        (
            envelope("EventData", name="x" * 513),
            "100: Field 'name' on type 'EventData' is too long. Expected: 512 characters, Actual: 513",
        ),
        (
            envelope("ExceptionData", exceptions=[{"typeName": "E"}]),
            "109: Field 'message' on type 'ExceptionDetails'",
        ),
        (envelope("ExceptionData", exceptions=[]), "109: Field 'exceptions' on type 'ExceptionData'"),
        (envelope("MetricData", metrics=[{"name": "x"}]), "109: Field 'value' on type 'DataPoint'"),
        (
            envelope("MetricData", metrics=[{"name": "x", "value": float("nan")}]),
            "109: Field 'value' on type 'DataPoint'",
        ),
        (without(request(), "data", "baseData", "id"), "109: Field 'id' on type 'RequestData'"),
        (
            envelope("RemoteDependencyData", duration="00:00:01"),
            "109: Field 'name' on type 'RemoteDependencyData'",
        ),
        (envelope(message={"a": 1}), "100: Field 'message' on type 'MessageData' is of incorrect type"),
        ("text", "100: Invalid telemetry item"),
        (None, "100: Invalid telemetry item"),
    ],
)
def test_an_envelope_without_what_it_needs_is_refused(made, said):
    with pytest.raises(Refusal) as refusal:
        rows_of(made, datetime.now(UTC))

    assert str(refusal.value).startswith(said)


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


def test_gzip_is_unpacked_and_its_size_is_limited():
    body = json.dumps([message()] * 100).encode()

    assert len(parse(unpack(gzip.compress(body), "gzip", len(body)))) == 100
    for broken, encoding, limit, status in [
        (gzip.compress(body), "gzip", len(body) - 1, 413),
        (gzip.compress(body)[:-20], "gzip", len(body), 400),
        (b"plain", "gzip", 100, 400),
        (b"plain", "br", 100, 415),
    ]:
        with pytest.raises(BodyError) as refusal:
            unpack(broken, encoding, limit)
        assert refusal.value.status == status


def test_a_gzipped_post_is_kept(monitor):
    monitor.http.post(
        "/v2.1/track",
        content=gzip.compress(json.dumps([message()]).encode()),
        headers={"Content-Encoding": "gzip"},
    )

    assert monitor.rows("AppTraces | count") == [[1]]


def test_a_body_over_the_limit_is_answered_413(monitor):
    monitor.monitor.ingest = Ingest(monitor.monitor.writer, max_body=1000)

    assert monitor.track(message("x" * 2000)).status_code == 413
    assert monitor.track(message("x")).status_code == 200


def test_more_than_the_memory_holds_is_sent_back_and_room_returns(monitor):
    size = len(json.dumps([bad_prediction("a")]))
    monitor.monitor.ingest = Ingest(monitor.monitor.writer, max_pending=3 * size)
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


def test_faults_are_caused_only_where_they_are_allowed(monitor):
    monitor.set_faults(track={"status": 429, "times": 2, "retry_after": 3})

    answers = [monitor.track(message()) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "3"
    monitor.set_faults(track={"status": 206, "times": 5}, query={"status": 503})
    assert monitor.track(message(), message()).json()["itemsAccepted"] == 1
    assert monitor.query("print 1").status_code == 503
    assert monitor.http.delete("/faults").status_code == 200
    assert monitor.track(message()).status_code == 200
    monitor.set_faults(track={"status": 200, "delay": 0.3})
    assert monitor.track(message()).elapsed > timedelta(seconds=0.3)
    for wrong in (
        {"track": {"status": 42}},
        {"other": {}},
        {"track": {"colour": 1}},
        [],
        {"track": {"delay": "x"}},
    ):
        assert monitor.http.put("/faults", json=wrong).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "[x"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    ],
)
def test_pages_of_other_sites_cannot_reach_it(idle_monitor, headers):
    assert idle_monitor.http.get("/healthz", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Host": "localhost:8600"}, {"Host": "[::1]:8600"}, {"Origin": "http://127.0.0.1:7860"}]
)
def test_this_machine_can_reach_it_by_every_name(idle_monitor, headers):
    assert idle_monitor.http.get("/healthz", headers=headers).json() == {"status": "ok"}
