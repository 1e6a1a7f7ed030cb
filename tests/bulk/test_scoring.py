"""Scoring a file: row by row, in order, whatever is in it."""

from __future__ import annotations

import csv
import gzip

import pyarrow as pa
import pytest
from bulk_fixtures import RESULTS, TAG, read, rejected, tweets, write
from pyarrow import parquet

pytestmark = pytest.mark.usefixtures("small_chunks")


def test_every_row_has_its_scores_in_the_order_of_the_input(score, source, served_model):
    header, *rows = read(score(source))

    expected = served_model.predict_proba(tweets(11))
    assert header == ["id", "text", *RESULTS]
    assert [row[:2] for row in rows] == [[str(number), text] for number, text in enumerate(tweets(11))]
    assert [row[2] for row in rows] == served_model.predict(tweets(11))
    assert [[float(one) for one in row[3:6]] for row in rows] == [
        pytest.approx(row, abs=1e-6) for row in expected.tolist()
    ]
    assert {row[6] for row in rows} == {TAG}


def test_a_run_that_ends_leaves_nothing_but_the_output(score, source, tmp_path):
    score(source)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "tweets.csv"]


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_csv_and_parquet_go_in_and_out_alike(score, source, tmp_path, name):
    table = pa.table({"id": [str(number) for number in range(11)], "text": tweets(11)})
    parquet.write_table(table, tmp_path / "tweets.parquet", row_group_size=3)

    from_csv, from_parquet = score(source, name), score(tmp_path / "tweets.parquet", f"other-{name}")

    if name == "out.csv":
        assert from_csv.read_bytes() == from_parquet.read_bytes()
    else:
        assert parquet.read_table(from_csv).equals(parquet.read_table(from_parquet))
        assert parquet.read_table(from_csv).column_names == ["id", "text", *RESULTS]


def test_parquet_keeps_its_types_and_what_csv_shows_of_them_is_plain(score, tmp_path):
    content = {
        "n": [1, None],
        "at": pa.array([0, 1], pa.date32()),
        "tags": [["a"], []],
        "text": pa.array(["good", "bad"]).dictionary_encode(),
    }
    table = pa.table(content, metadata={"from": "here"})
    parquet.write_table(table, tmp_path / "in.parquet")

    scored = parquet.read_table(score(tmp_path / "in.parquet", "out.parquet"))

    assert scored.select(table.column_names).to_pylist() == table.to_pylist()
    assert scored.schema.field("at").type == pa.date32()
    assert scored.schema.metadata[b"from"] == b"here"
    assert [row[:4] for row in read(score(tmp_path / "in.parquet"))[1:]] == [
        ["1", "1970-01-01", "['a']", "good"],
        ["", "1970-01-02", "[]", "bad"],
    ]


def test_bad_rows_are_kept_aside_with_their_number_and_the_reason(score, tmp_path):
    texts = ["I love this", "", "x" * 11, " \u200b ", "I hate it", "&nbsp;"]
    source = write(tmp_path / "in.csv", [["text", "id"], *zip(texts, "abcdef", strict=True)])

    output = score(source, max_chars=11)

    assert [row[1] for row in read(output)[1:]] == ["a", "c", "e"]
    header, *rows = rejected(output)
    assert header == ["row", "reason", "text", "id"]
    assert [(row[0], *row[2:]) for row in rows] == [
        ("2", "", "b"),
        ("4", " \u200b ", "d"),
        ("6", "&nbsp;", "f"),
    ]
    assert all("none of them visible" in row[1] for row in rows)


def test_a_text_over_the_limit_is_kept_aside(score, tmp_path):
    output = score(write(tmp_path / "in.csv", [["text"], ["x" * 12], ["x" * 11]]), max_chars=11)

    assert rejected(output)[1:] == [["1", "text has 12 characters; the limit is 11: shorten it", "x" * 12]]


def test_a_file_of_bad_rows_only_gives_an_output_without_rows(score, tmp_path):
    source = write(tmp_path / "in.csv", [["text"], [" "], [" "]])

    assert read(score(source)) == [["text", *RESULTS]]
    assert parquet.read_table(score(source, "out.parquet")).num_rows == 0


def test_rows_that_are_no_csv_cost_themselves_only(score, tmp_path):
    source = tmp_path / "in.csv"
    source.write_text('id,text\n1,good\n2,"bad" indeed\n3,"never closed\n4,fine\n5,too,many\n6\n\n7,great')

    output = score(source)

    assert [row[:2] for row in read(output)[1:]] == [["1", "good"], ["4", "fine"], ["7", "great"]]
    remedy = ": write a quote inside a quoted cell twice, and close each"
    assert rejected(output)[1:] == [
        ["2", f"line 3: not CSV (',' expected after '\"'){remedy}", '2,"bad" indeed', ""],
        ["3", f"line 4: not CSV (unexpected end of data){remedy}", '3,"never closed', ""],
        ["5", "line 6: 3 cells; the header has 2: quote texts that hold commas", "5", "too,many"],
        ["6", "line 7: 1 cell; the header has 2: quote texts that hold commas", "6", ""],
        ["7", "text has 0 characters, none of them visible: send at least one word or emoji", "", ""],
    ]


def test_a_huge_cell_is_kept_aside(score, tmp_path):
    output = score(write(tmp_path / "in.csv", [["text", "id"], ["good", 1], ["x" * 200_000, 2], ["bad", 3]]))

    assert [row[0] for row in read(output)[1:]] == ["good", "bad"]
    lines = (tmp_path / "out.csv.rejected.csv").read_text().splitlines()
    assert lines[1].startswith('2,"line 3: a cell of more than 131072 characters: shorten it')
    assert lines[1].endswith(f',"{"x" * 200_000},2",')


def test_texts_stay_exactly_as_they_came(score, tmp_path):
    texts = [
        'say "hi"',
        "two\nlines",
        "two\r\nlines",
        "old\rmac",
        "a, b; c\td",
        "=1+1",
        "@ann hi",
        "-5",
        "  padded  ",
        "😍 é",
        "\ufeffmark",
    ]

    output = score(write(tmp_path / "in.csv", [["text"], *([text] for text in texts)]))

    assert [row[0] for row in read(output)[1:]] == texts


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_and_byte_order_mark_stay(score, tmp_path, delimiter):
    rows = [["text", "what, else"], ["good; fine, \tgreat", "1"]]
    source = write(
        tmp_path / "in.csv", rows, delimiter=delimiter, encoding="utf-8-sig", quoting=csv.QUOTE_ALL
    )

    output = score(source)

    assert output.read_bytes().startswith(b"\xef\xbb\xbftext")
    assert [row[:2] for row in read(output, delimiter=delimiter)] == [["\ufefftext", "what, else"], rows[1]]


def test_a_result_is_scored_again_beside_the_earlier_one(score, source):
    again = score(score(source), "again.csv", model="tweet-sentiment:b")

    header, *rows = read(again)
    assert header == ["id", "text", *RESULTS, *(f"{name}_2" for name in RESULTS)]
    assert {(row[6], row[11]) for row in rows} == {(TAG, "tweet-sentiment:b")}


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_columns_of_the_user_survive_whatever_their_names(score, tmp_path, name):
    rows = [["text", "model", "Positive", "row"], ["battery died", "Galaxy S9", "no", 7], [" ", "S9", "", 8]]
    output = score(write(tmp_path / "in.csv", rows), name)

    header = parquet.read_schema(output).names if name == "out.parquet" else read(output)[0]
    assert header == [*rows[0], *(f"{result}_2" for result in RESULTS)]
    scored = parquet.read_table(output)["model"][0].as_py() if name == "out.parquet" else read(output)[1][1]
    assert scored == "Galaxy S9"
    assert rejected(output)[0] == ["row_2", "reason_2", *rows[0]]
    assert rejected(output)[1][2:] == [" ", "S9", "", "8"]


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_an_empty_table_gives_an_empty_output(score, tmp_path, name):
    from_csv = score(write(tmp_path / "in.csv", [["id", "text"]]), name)
    parquet.write_table(
        pa.table({"id": pa.array([], pa.int64()), "text": pa.array([], pa.string())}), tmp_path / "in.parquet"
    )
    from_parquet = score(tmp_path / "in.parquet", f"other-{name}")

    if name == "out.csv":
        assert read(from_csv) == read(from_parquet) == [["id", "text", *RESULTS]]
    else:
        assert parquet.read_table(from_csv).column_names == ["id", "text", *RESULTS]
        assert parquet.read_schema(from_parquet).field("id").type == pa.int64()
        assert parquet.read_table(from_parquet).num_rows == 0


def test_lines_that_are_tweets_are_scored_one_by_one(score, tmp_path):
    lines = ["Well, that was awful", '"Best day ever" said nobody', "lovely crew today"]
    (tmp_path / "in.txt").write_text("\n".join(lines))

    assert [row[0] for row in read(score(tmp_path / "in.txt"))] == ["text", *lines]


def test_json_lines_are_scored_with_their_other_values_beside(score, tmp_path):
    (tmp_path / "in.jsonl.gz").write_bytes(
        gzip.compress(b'{"text": "I love it", "n": 1}\n{"text": "awful", "tags": ["a"]}\n')
    )

    assert [row[:3] for row in read(score(tmp_path / "in.jsonl.gz"))] == [
        ["text", "n", "tags"],
        ["I love it", "1", ""],
        ["awful", "", '["a"]'],
    ]


def test_a_moment_beyond_pythons_calendar_is_written(score, tmp_path):
    times = pa.array([400_000_000_000_000_000], pa.timestamp("us"))
    parquet.write_table(pa.table({"text": ["good"], "at": times}), tmp_path / "in.parquet")

    assert read(score(tmp_path / "in.parquet"))[1][1].startswith("14645-06-30")
