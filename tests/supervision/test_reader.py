"""The reader: results of Azure as frames, and results that one response cannot hold, in pages."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest
from logs_fixtures import LIMIT_ERROR, START, WORKSPACE, table

from sentiment.config import read_settings
from sentiment.errors import QueryError
from sentiment.supervision.reader import OVERLAP, PAGE, LogsReader


def test_every_type_of_azure_becomes_a_type_of_pandas(logs):
    kinds = {
        "t": "datetime",
        "text": "string",
        "ok": "bool",
        "i": "int",
        "n": "long",
        "x": "real",
        "d": "decimal",
    }
    kinds |= {"p": "dynamic", "g": "guid", "s": "timespan"}
    full = [
        "2026-01-01T10:00:00.1234567Z",
        "😡 é",
        True,
        7,
        2**60,
        0.5,
        "1.25",
        '{"a":"b"}',
        "3fa8",
        "00:01:00",
    ]
    logs.answer = table(
        kinds,
        [full, [None] * 10, ["2026-01-01T10:00:00Z", "", False, 0, 0, "NaN", "2", "[]", "x", "1.00:00:00"]],
    )

    frame = logs.reader().frame("T", None)

    assert [str(kind) for kind in frame.dtypes] == [
        "datetime64[us, UTC]", "string", "boolean", "Int64", "Int64",
        "float64", "float64", "string", "string", "string",
    ]  # fmt: skip
    assert frame["t"][0] == pd.Timestamp("2026-01-01T10:00:00.123456Z")
    assert [frame["text"][0], frame["ok"][0], frame["n"][0], frame["d"][0]] == ["😡 é", True, 2**60, 1.25]
    assert frame.loc[1].isna().all()
    assert pd.isna(frame["x"][2])
    assert frame["text"][2] == ""


def test_an_empty_answer_keeps_its_columns_and_types(logs):
    kinds = {"t": "datetime", "text": "string", "ok": "bool", "n": "long", "x": "real"}
    logs.answer = table(kinds, [])

    frame = logs.reader().frame("T", None)

    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "t": "datetime64[us, UTC]", "text": "string", "ok": "boolean", "n": "Int64", "x": "float64",
    }  # fmt: skip
    assert frame.empty


@pytest.mark.parametrize(
    ("period", "sent"),
    [
        (None, None),
        (timedelta(hours=1), "PT3600.0S"),
        ((START, START + timedelta(microseconds=1)), "2026-01-01T00:00:00.000Z/2026-01-01T00:00:00.000001Z"),
        (
            (START.astimezone(timezone(timedelta(hours=2))), START + timedelta(days=1)),
            "2026-01-01T00:00:00.000Z/2026-01-02T00:00:00.000Z",
        ),
    ],
)
def test_a_period_goes_out_in_azures_form(logs, period, sent):
    logs.reader().frame("T", period)

    assert logs.seen[0]["timespan"] == sent
    assert logs.paths == [f"/v1/workspaces/{WORKSPACE}/query"]


@pytest.mark.parametrize(
    "period",
    [
        timedelta(0),
        timedelta(hours=-1),
        (START, START),
        (START, START.replace(tzinfo=None) + timedelta(1)),
        (START, START - PAGE),
    ],
)
def test_a_period_that_azure_would_misread_is_refused_before_it_is_sent(logs, period):
    for ask in (logs.reader().frame, logs.reader().rows):
        with pytest.raises((QueryError, TypeError)) as caught:
            ask("T", period)
        assert caught.value.reason == "query"
    assert logs.seen == []


def test_the_settings_say_whom_to_ask(monkeypatch, home, logs):
    monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", logs.address)
    monkeypatch.setenv("SENTIMENT_WORKSPACE_ID", WORKSPACE)

    frame = LogsReader.from_settings(read_settings()).frame("T", None)

    assert frame["n"].tolist() == [3]


def test_one_reader_serves_many_threads(logs):
    logs.answer = lambda body: table({"n": "long"}, [[int(body["query"])]])
    reader = logs.reader()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: reader.frame(str(number), None)["n"][0], range(200)))

    assert answers == list(range(200))


def test_importing_the_reader_loads_neither_azure_nor_pandas():
    script = (
        "import sys, sentiment.supervision.reader\n"
        "print([name for name in ('azure', 'pandas') if name in sys.modules])"
    )

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"


@dataclass
class Store:
    """Rows by time: a response has at most `limit`, and includes its borders or not."""

    times: list[datetime]
    limit: int = 3
    borders: str = "[)"
    columns: tuple[str, ...] = ("TimeGenerated",)
    ids: list[str] | None = None

    def answer(self, body: dict) -> dict:
        if "summarize first" in body["query"]:
            bounds = (
                [min(self.times).isoformat(), max(self.times).isoformat()] if self.times else [None, None]
            )
            return table({"first": "datetime", "last": "datetime"}, [bounds])
        rows = [
            row
            for row in zip(self.times, self.ids or map(str, range(len(self.times))), strict=True)
            if self._is_in(row[0], body)
        ]
        made = [
            [
                {"TimeGenerated": time.isoformat(), "feedback_id": key, "other": key}[name]
                for name in self.columns
            ]
            for time, key in rows
        ]
        kinds = {name: "datetime" if name == "TimeGenerated" else "string" for name in self.columns}
        return table(kinds, made[: self.limit]) | ({"error": LIMIT_ERROR} if len(made) > self.limit else {})

    def _is_in(self, time: datetime, body: dict) -> bool:
        if body["timespan"] is None:
            return True
        start, end = (datetime.fromisoformat(part) for part in body["timespan"].split("/"))
        return (start < time or (start == time and "[" in self.borders)) and (
            time < end or (time == end and "]" in self.borders)
        )


SPREAD = [
    START + timedelta(seconds=second) for second in (0, 1, 2, 3, 3.999999, 4, 4.000001, 450, 86400, 86401)
]


@pytest.mark.parametrize("borders", ["[)", "[]", "(]", "()"])
@pytest.mark.parametrize("columns", [("TimeGenerated",), ("feedback_id",), ("TimeGenerated", "feedback_id")])
def test_pages_lose_no_row_and_give_none_twice_whichever_way_borders_count(logs, borders, columns):
    # Rows where halves meet.
    times = sorted({*SPREAD, *(START + step * timedelta(hours=21) / 32 for step in range(32))})
    logs.answer = Store(times, borders=borders, columns=columns).answer
    period = (START - timedelta(hours=1), START + timedelta(days=20))

    rows = logs.reader().rows("T", period)

    assert len(rows) == len(times)
    if "TimeGenerated" in columns:
        assert rows["TimeGenerated"].tolist() == times[::-1]
    else:
        assert sorted(rows["feedback_id"], key=int) == [str(number) for number in range(len(times))]


def test_a_border_between_pages_counts_its_row_once(logs):
    end = START + 3 * PAGE
    times = [
        start + shift
        for start in (START + PAGE, START + 2 * PAGE)
        for shift in (-timedelta(microseconds=1), timedelta(0), OVERLAP)
    ]
    logs.answer = Store(times, limit=100, borders="[]").answer

    rows = logs.reader().rows("T", (START, end))

    assert rows["TimeGenerated"].tolist() == times[::-1]
    assert len(logs.seen) == 3


def test_a_period_of_one_page_is_asked_as_it_is(logs):
    logs.answer = Store(SPREAD, limit=100, columns=("other",)).answer

    rows = logs.reader().rows("T", (START, START + PAGE))

    assert len(rows) == len(SPREAD)
    assert [body["timespan"] for body in logs.seen] == ["2026-01-01T00:00:00.000Z/2026-01-08T00:00:00.000Z"]


def test_the_time_since_then_is_paged_up_to_now(logs):
    now = datetime.now(UTC)
    times = [now - timedelta(days=days) for days in (20, 13, 6, 1)]
    logs.answer = Store(times, limit=100).answer

    rows = logs.reader().rows("T", timedelta(days=16))

    assert rows["TimeGenerated"].tolist() == times[:0:-1]


@pytest.mark.parametrize(("limit", "queries"), [(100, 1), (3, 5)])
def test_all_there_is_is_asked_at_once_and_in_pages_only_if_it_must(logs, limit, queries):
    logs.answer = Store(SPREAD, limit=limit).answer

    rows = logs.reader().rows("T", None)

    assert rows["TimeGenerated"].tolist() == SPREAD[::-1]
    assert len(logs.seen) >= queries


def test_a_feedback_that_arrived_on_two_pages_is_one_row_the_first(logs):
    times = [START, START + timedelta(days=9)]
    logs.answer = Store(times, ids=["a", "a"], columns=("TimeGenerated", "feedback_id")).answer

    rows = logs.reader().rows("T", (START, START + timedelta(days=10)))

    assert rows["TimeGenerated"].tolist() == [START]


def test_rows_without_a_feedback_id_are_not_taken_for_the_same(logs):
    logs.answer = Store(
        [START, START + timedelta(days=9)], ids=["", ""], columns=("TimeGenerated", "feedback_id")
    ).answer

    assert len(logs.reader().rows("T", (START, START + timedelta(days=10)))) == 2


def test_empty_pages_join_to_an_empty_frame_with_its_types(logs):
    logs.answer = Store([], columns=("TimeGenerated", "feedback_id")).answer

    rows = logs.reader().rows("T", (START, START + timedelta(days=30)))

    assert [str(kind) for kind in rows.dtypes] == ["datetime64[us, UTC]", "string"]
    assert rows.empty


def test_pages_whose_rows_cannot_be_told_apart_are_refused(logs):
    logs.answer = Store(SPREAD, columns=("other",)).answer

    with pytest.raises(QueryError, match="TimeGenerated") as caught:
        logs.reader().rows("T", (START, START + timedelta(days=2)))

    assert caught.value.reason == "query"


def test_a_second_that_holds_too_much_is_named(logs):
    logs.answer = Store([START + timedelta(microseconds=step) for step in range(4)]).answer

    with pytest.raises(QueryError, match="the second from 2026-01-01") as caught:
        logs.reader().rows("T", (START, START + timedelta(days=1)))

    assert caught.value.reason == "partial"
