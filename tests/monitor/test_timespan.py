"""The `timespan` of a query: its forms, and which rows it lets through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from monitor_fixtures import message, request

from monitor.timespan import Window, read_timespan

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        (None, None, None),
        ("", None, None),
        ("PT1H", NOW - timedelta(hours=1), NOW),
        ("PT3600.0S", NOW - timedelta(hours=1), NOW),
        ("P1DT2H3M4.5S", NOW - timedelta(days=1, hours=2, minutes=3, seconds=4.5), NOW),
        ("P2W", NOW - 14 * DAY, NOW),
        ("P0.5D", NOW - DAY / 2, NOW),
        ("P1Y1M", NOW - 395 * DAY, NOW),
        ("2026-01-01/2026-01-02", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
        (
            "2026-01-01T01:00:00+01:00/2026-01-01T00:00:00.5Z",
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2026, 1, 1, 0, 0, 0, 500000, tzinfo=UTC),
        ),
        (
            "2026-01-01T00:00:00.0000000Z/P1D",
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2026, 1, 2, tzinfo=UTC),
        ),
        ("P1D/2026-01-02", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
    ],
)
def test_every_form_of_time_span_is_read(text, start, end):
    assert read_timespan(text, NOW) == Window(start, end)


@pytest.mark.parametrize(
    "text",
    [
        "1h",
        "P",
        "PT",
        "P1H",
        "-P1D",
        "P1D/P1D",
        "2026-01-01",
        "2026-01-02/2026-01-01",
        "a/b",
        "P1D/",
        "/",
        "P9999Y",
        3,
        ["P1D"],
    ],
)
def test_a_bad_time_span_is_answered_400(idle_monitor, text):
    answer = idle_monitor.query("print 1", text)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadArgumentError")


def test_the_time_span_holds_its_start_and_not_its_end_in_every_table(monitor):
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    monitor.track(
        *(message(f"{shift}", time=at + timedelta(seconds=shift)) for shift in (-1, 0, 59, 60)),
        request(time=at),
        request(time=at + DAY / 24),
    )
    span = f"{at:%Y-%m-%dT%H:%M:%SZ}/PT60S"

    assert monitor.rows("AppTraces | project Message | order by Message asc", span) == [["0"], ["59"]]
    assert monitor.rows("union AppTraces, AppRequests | count", span) == [[3]]
    assert monitor.rows("AppTraces | join kind=inner AppTraces on Message | count", span) == [[2]]
    assert monitor.rows("AppTraces | where TimeGenerated > ago(1h) | count", span) == [[2]]
    assert monitor.rows("AppTraces | count", "PT5M") == [[0]]
