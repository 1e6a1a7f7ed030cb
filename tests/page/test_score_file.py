"""The page's "Score a file": CSV files in, scored CSV files out."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from page_fixtures import LIMITS, MODEL, answer_well, score, write

from page import scoring
from page.score_file import score_file
from page.sheet import MAX_ROWS, RESULT_COLUMNS, SheetError, read_sheet
from page.texts import say


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("text\ngood\nbad\n", ["good", "bad"]),
        ('\ufefftext,id\r\n"good, yes",1\r\n', ["good, yes"]),
        ("id;Text\n1;bonne, idée\n", ["bonne, idée"]),
        ("id\ttext\n1\tgood\n", ["good"]),
        ('"text","id"\n"two\nlines",1\n', ["two\nlines"]),
        ("good day\nbad, bad day\n", ["good day", "bad, bad day"]),
        ("text\none, two\n", ["one, two"]),
        ("text\na\n\nb\n\n\n", ["a", "", "b"]),
        ("text,label\n😀,positive\n", ["😀"]),
    ],
)
def test_texts_are_found_whatever_the_delimiter(tmp_path, content, texts):
    assert [row.text for row in read_sheet(write(tmp_path, content)).rows] == texts


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    sheet = read_sheet(write(tmp_path, 'text,id\n"two\nlines",1\nthree,2\n'))
    assert [row.line for row in sheet.rows] == [2, 4]


@pytest.mark.parametrize(
    ("content", "key", "facts"),
    [
        (b"", "file_empty", ["tweets.csv"]),
        (b"\n \n", "file_empty", ["tweets.csv"]),
        (b"text\n", "file_empty", ["tweets.csv"]),
        (b"id,comment\n1,good\n", "file_no_text", ["id, comment", "line 1"]),
        (b"text\ngood\ncaf\xe9\n", "file_encoding", ["line 3", "0xe9"]),
        (b"\xff\xfet\x00e\x00", "file_encoding", ["line 1", "0xff"]),
        (b'text,id\ngood,1\n"bad" day,2\n', "file_not_csv", ["line 3"]),
        (b'text,id\ngood,1\n"never closed,2\n', "file_not_csv", ["line 3"]),
        (b"text\n" + b"good\n" * (MAX_ROWS + 1), "file_too_long", ["20001", "20000"]),
        (b"x" * 10_000_001, "file_too_big", ["11 MB", "10 MB"]),
    ],
)
def test_a_file_that_cannot_be_scored_says_where_and_what_to_do(tmp_path, content, key, facts):
    with pytest.raises(SheetError) as caught:
        read_sheet(write(tmp_path, content))
    message = say("en", caught.value.key, **caught.value.values)
    assert caught.value.key == key
    assert all(fact in message for fact in facts), message
    assert say("fr", caught.value.key, **caught.value.values) != message


# --- scoring and CSV files out


def result_of(update):
    with Path(update["value"]).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_comes_back_in_order_with_its_own_columns(page_client, tmp_path):
    path = write(tmp_path, "id,text,label\n7,good,x\n8,bad,y\n")
    summary, download, preview = score(page_client, path)
    rows = result_of(download)
    assert list(rows[0]) == ["id", "text", "label", *RESULT_COLUMNS]
    assert [(row["id"], row["text"], row["label"], row["predicted_label"]) for row in rows] == [
        ("7", "good", "x", "positive"),
        ("8", "bad", "y", "negative"),
    ]
    assert (rows[0]["positive"], rows[0]["model"], rows[0]["error"]) == ("0.880000", MODEL, "")
    assert "Rows scored: 2 of 2" in summary
    assert "Not scored" not in summary
    assert "good" in preview


def test_bad_rows_stay_with_their_reason_and_stop_nothing(page_client, tmp_path):
    path = write(tmp_path, f"text,id\ngood,1\n,2\n{'x' * 1001},3\none, two,4\nbad,5\n")
    summary, download, _ = score(page_client, path)
    rows = result_of(download)
    assert [row["predicted_label"] for row in rows] == ["positive", "", "", "", "negative"]
    assert [row["error"] for row in rows][1:4] == [
        "the text is blank",
        "the text has 1001 characters; the limit is 1000",
        "the row has 3 fields, the header 2: quote texts that hold commas",
    ]
    assert "Not scored: 3" in summary


def test_a_result_can_be_scored_again(page_client, tmp_path):
    first = score(page_client, write(tmp_path, "text\ngood\n"))[1]["value"]
    second = Path(score(page_client, first)[1]["value"]).read_text("utf-8-sig")
    assert second.splitlines()[0].split(",") == ["text", *RESULT_COLUMNS]


def test_formulas_stay_as_they_came(page_client, tmp_path):
    assert result_of(score(page_client, write(tmp_path, "text\n=1+1\n"))[1])[0]["text"] == "=1+1"


def test_a_text_that_the_service_refuses_stands_alone(page_client, stand_in, tmp_path):
    def answer(path, body):
        return (
            (400, {"error": "the text is blank after cleaning"})
            if "odd" in body["texts"]
            else answer_well(path, body)
        )

    stand_in.answer = answer
    rows = result_of(score(page_client, write(tmp_path, "text\n" + "good\n" * 9 + "odd\n" + "bad\n" * 9))[1])
    assert [row["error"] for row in rows if row["error"]] == ["the text is blank after cleaning"]
    assert rows[9]["text"] == "odd"
    assert rows[10]["predicted_label"] == "negative"


def test_a_busy_service_is_asked_again_as_late_as_it_says(page_client, stand_in, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr(scoring.time, "sleep", waits.append)
    stand_in.headers = {"Retry-After": "3"}
    stand_in.answer = lambda path, body: (
        (429, {"error": "busy"}) if len(stand_in.asked) < 3 else answer_well(path, body)
    )
    assert (
        result_of(score(page_client, write(tmp_path, "text\ngood\n"))[1])[0]["predicted_label"] == "positive"
    )
    assert waits == [3.0, 3.0]


def test_what_was_scored_before_the_service_stopped_is_kept(page_client, stand_in, tmp_path):
    stand_in.answer = lambda path, body: (
        answer_well(path, body) if len(stand_in.asked) < 2 else (401, {"error": "send the key"})
    )
    summary, download, _ = score(page_client, write(tmp_path, "text\n" + "good\n" * 300))
    rows = result_of(download)
    assert [bool(row["error"]) for row in rows] == [False] * 256 + [True] * 44
    assert rows[-1]["error"] == "not scored: send the key"
    assert "send the key" in summary
    assert "Rows scored: 256 of 300" in summary


def test_batches_keep_both_limits_and_lose_nothing():
    texts = ["a"] * 600 + ["😀" * 1000] * 100
    batches = list(scoring.split_batches(texts, 256 * 1024))
    assert [text for batch in batches for text in batch] == texts
    assert max(len(batch) for batch in batches) == 256
    sizes = [
        len(json.dumps({"texts": batch}, ensure_ascii=False, separators=(",", ":")).encode())
        for batch in batches
    ]
    assert max(sizes) <= 256 * 1024
    assert len(batches) < 6


@pytest.mark.parametrize("file", [None, "missing text column"])
def test_without_a_usable_file_there_is_an_error_and_no_download(page_client, tmp_path, file):
    path = write(tmp_path, "a,b\n1,2\n") if file else None
    summary, download, preview = score_file(
        page_client, str(path) if path else None, LIMITS, "fr", lambda *_: None
    )
    assert 'role="alert"' in summary
    assert download["visible"] is False
    assert preview == ""
