"""Envelopes as the exporter posts them, and the rows or the refusal that each becomes."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from monitor_fixtures import envelope, message, request

from monitor.envelopes import BodyError, parse, rows_of, unpack
from monitor.items import Refusal, milliseconds

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def row_of(made):
    (row,) = rows_of(made, datetime.now(UTC))
    return row.values


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
