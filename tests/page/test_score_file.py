"""The page's "Score a file": files of tweets in, scored CSV files out."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest
from page_fixtures import MODEL, answer_well, score, write
from pyarrow import parquet

from page import scoring
from page.score_file import on_download, on_file
from page.sheet import EACH_LINE, RESULT_COLUMNS, SheetError, look_into, read_sheet


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


# --- scoring and CSV files out


def result_of(path):
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
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
    path = write(tmp_path, f'text,id\ngood,1\n,2\n{"x" * 1001},3\none, two,4\n"bad" day,6\nbad,5\n')
    summary, download, _ = score(page_client, path)
    rows = result_of(download)
    assert [row["predicted_label"] for row in rows] == ["positive", "", "", "", "", "negative"]
    assert [row["error"][:90] for row in rows][1:5] == [
        "the text is blank",
        "the text has 1001 characters; the limit is 1000",
        "the row has 3 fields, the header 2: quote texts that hold commas",
        "not CSV: write a quote inside a quoted cell twice, and close each",
    ]
    assert "Not scored: 4" in summary


def test_a_text_without_anything_visible_is_at_fault_in_the_language_of_the_reader(page_client, tmp_path):
    path = write(tmp_path, "text,id\n\u3164\u200b,1\n&#8203;,2\n")
    rows = result_of(score(page_client, path, "fr")[1])
    assert [row["error"] for row in rows] == ["le texte est vide"] * 2


def test_a_result_can_be_scored_again(page_client, tmp_path):
    first = score(page_client, write(tmp_path, "text\ngood\n")).result
    second = Path(score(page_client, first).result).read_text("utf-8-sig")
    assert second.splitlines()[0].split(",") == [
        "text",
        *RESULT_COLUMNS,
        *(f"{name}_2" for name in RESULT_COLUMNS),
    ]


def test_columns_of_the_user_survive_whatever_their_names(page_client, tmp_path):
    path = write(tmp_path, "text,model,error\nbattery died again,Galaxy S9,E4\n,S8,E5\n")
    summary, result, _ = score(page_client, path)
    rows = result_of(result)
    assert [(row["model"], row["error"]) for row in rows] == [("Galaxy S9", "E4"), ("S8", "E5")]
    assert rows[0]["model_2"] == MODEL
    assert rows[1]["error_2"] == "the text is blank"
    assert "column error_2 says why" in summary


def test_the_chosen_column_is_scored(page_client, tmp_path):
    path = write(tmp_path, "text,reply\ngood,bad\n")
    assert result_of(score(page_client, path, column="1").result)[0]["predicted_label"] == "negative"
    assert "say above where" in score(page_client, write(tmp_path, "a,b\n1,2\n")).summary


def test_each_line_is_a_tweet_where_the_user_says_so(page_client, tmp_path):
    path = write(tmp_path, "text,label\nso,so\nbad\n")
    rows = result_of(score(page_client, path, column=EACH_LINE).result)
    assert [row["text"] for row in rows] == ["text,label", "so,so", "bad"]


@pytest.mark.parametrize(
    ("content", "column", "rows"),
    [
        ("id,text\n1,good\n", "1", [["1", "good"]]),
        ("id,comment\n1,good\n", None, [["1", "good"]]),
        (
            'great day\n"Best day ever" said nobody\n',
            EACH_LINE,
            [["great day"], ['"Best day ever" said nobody']],
        ),
        ("text\n" + "good\n" * 9, "0", [["good"]] * 5),
        ("text\n", "0", []),
    ],
)
def test_the_first_rows_are_shown_as_they_are_read(tmp_path, content, column, rows):
    look = look_into(write(tmp_path, content))
    assert (look.column, look.rows) == (column, rows)


def test_a_table_of_numbers_first_can_be_looked_into(page_client, tmp_path):
    path = tmp_path / "in.parquet"
    parquet.write_table(pa.table({"id": [1], "tweet": ["bad"]}), path)
    assert look_into(path).rows == [["1", "bad"]]
    assert result_of(score(page_client, path, column="1").result)[0]["predicted_label"] == "negative"
    assert "holds int64, not text" in score(page_client, path, column="0").summary


class Reader:
    """A request of a reader of a language."""

    def __init__(self, language):
        self.headers = {"accept-language": language}


@pytest.mark.parametrize(
    ("language", "words"), [("en", "choose it again"), ("fr", "choisissez-le à nouveau")]
)
def test_a_file_that_gradio_removed_is_to_be_chosen_again(page_client, tmp_path, language, words):
    gone = tmp_path / "gone.csv"
    assert words in score(page_client, gone, language).summary
    assert words in on_file(str(gone), Reader(language))[1]


def test_a_result_that_gradio_removed_is_to_be_made_again(page_client, tmp_path):
    result = score(page_client, write(tmp_path, "text\ngood\n")).result
    assert on_download(result, Reader("en"))[0] == result
    Path(result).unlink()
    assert on_download(result, Reader("en"))[0] is None
    assert "choose the file again" in on_download(result, Reader("en"))[1]
    assert "choisissez à nouveau" in on_download(result, Reader("fr"))[1]


def test_choices_are_the_columns_and_each_line(tmp_path):
    update, rows = on_file(str(write(tmp_path, ",text\n0,<b>good</b>\n")), Reader("en"))
    assert update["choices"] == [
        ("column 1, without a name", "0"),
        ("text", "1"),
        ("each line is a tweet, the first too", EACH_LINE),
    ]
    assert update["value"] == "1"
    assert "&lt;b&gt;good" in rows
    assert on_file(str(write(tmp_path, "good day\nbad day\n")), Reader("en"))[0]["visible"] is False


@pytest.mark.parametrize(
    ("language", "words", "choice"),
    [
        ("en", "choose above that each line is a tweet", "each line is a tweet, the first too"),
        (
            "fr",
            "choisissez ci-dessus que chaque ligne est un tweet",
            "chaque ligne est un tweet, la première",
        ),
    ],
)
def test_where_the_first_line_can_be_both_each_line_can_be_chosen(tmp_path, language, words, choice):
    path = write(tmp_path, "text, please\nwell, awful food\nok, fine\n")
    update, error = on_file(str(path), Reader(language))

    assert words in error
    assert update["visible"] is True
    assert [value for _, value in update["choices"]] == ["0", "1", EACH_LINE]
    assert update["choices"][-1][0].startswith(choice)
    assert [row.text for row in read_sheet(path, EACH_LINE).rows] == path.read_text().splitlines()
    assert [row.text for row in read_sheet(path, "0").rows] == ["well", "ok"]


def test_a_file_of_lines_can_be_a_table_and_one_below_a_title_only_lines(tmp_path):
    lines = write(tmp_path, "@at,message\n8:00,good, very good\n9:00,bad\n", "lines.csv")
    update, _ = on_file(str(lines), Reader("en"))
    assert (update["value"], [value for _, value in update["choices"]]) == (EACH_LINE, ["0", "1", EACH_LINE])
    assert look_into(lines, "1").header == ["@at", "message"]
    assert [row.text for row in read_sheet(lines, "1").rows][1] == "bad"

    table = write(tmp_path, "@at,message,%\n" + "8:00,good,1\n" * 4, "table.csv")
    update, error = on_file(str(table), Reader("fr"))
    assert "les lignes ont 3 cellules" in error
    assert [value for _, value in update["choices"]] == ["0", "1", "2", EACH_LINE]

    below = write(tmp_path, "My tweets;;\nid;text;lang\n1;good;en\n", "below.csv")
    update, error = on_file(str(below), Reader("en"))
    assert "line 2: “id;text;lang” looks like the header: remove the lines above it" in error
    assert [value for _, value in update["choices"]] == [EACH_LINE]


def test_a_file_that_unpacks_to_too_much_is_refused_as_it_is_read(tmp_path, monkeypatch):
    text = "good " * 40_000
    packed = write(tmp_path, gzip.compress(f"text\n{text * 8}\n".encode()), "in.csv.gz")
    parquet.write_table(pa.table({"text": [text] * 8}), tmp_path / "in.parquet")
    wide = write(tmp_path, "".join(f'{{"c{number}": 1}}\n' for number in range(1100)), "in.jsonl")
    monkeypatch.setattr("page.sheet.MAX_UNPACKED_MEGABYTES", 1)

    large = tmp_path / "in.parquet"
    for read in (lambda: look_into(packed), lambda: read_sheet(large), lambda: read_sheet(wide, "0")):
        with pytest.raises(SheetError, match="file_unpacked"):
            read()


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
    summary, result, preview = score(page_client, path, "fr")
    assert 'role="alert"' in summary
    assert result is None
    assert preview == ""
