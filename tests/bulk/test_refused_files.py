"""Files, rows and names that cannot be scored are refused with the reason."""

from __future__ import annotations

import pyarrow as pa
import pytest
from bulk_fixtures import read, rejected, write
from pyarrow import parquet

from sentiment.errors import DataError

pytestmark = pytest.mark.usefixtures("small_chunks")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: give a table with a header"),
        (b"tweet;id\na;1\n", "no column 'text'; it has 'tweet', 'id': name the right one with --text-column"),
        (b"text,text\na,b\n", "2 columns 'text'"),
        (b"text\ngood\nna\xefve\n", "line 3: the byte 0xef is not UTF-8"),
        (b"text\ngood \xc3", "line 2: the byte 0xc3 is not UTF-8"),
        ("text\ngood".encode("utf-16-le"), "line 1: the byte 0x00 .* is not UTF-8: try --encoding utf-16-le"),
    ],
)
def test_a_file_that_cannot_be_scored_is_refused_with_the_reason(score, tmp_path, content, message):
    source = tmp_path / "in.csv"
    source.write_bytes(content)

    with pytest.raises(DataError, match=message):
        score(source)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_tweet_in_the_place_of_the_header_is_not_shown_whole(score, tmp_path):
    with pytest.raises(DataError) as error:
        score(write(tmp_path / "in.csv", [["secret " * 20] * 20, ["a"] * 20]), text_column="text")

    assert len(str(error.value)) < 600


def test_parquet_that_cannot_be_scored_is_refused_with_the_reason(score, tmp_path):
    (tmp_path / "no.parquet").write_text("text\n")
    parquet.write_table(pa.table({"text": [1]}), tmp_path / "numbers.parquet")

    with pytest.raises(DataError, match="cannot be read as Parquet"):
        score(tmp_path / "no.parquet")
    with pytest.raises(DataError, match=r"the column 'text' of .* holds int64, not text"):
        score(tmp_path / "numbers.parquet")


def test_parquet_without_a_text_or_with_bytes_that_are_none_keeps_the_row_aside(score, tmp_path):
    bad = pa.array([b"good", b"\xff\xfe!", None, b"bad"]).view(pa.string())
    parquet.write_table(pa.table({"text": bad}), tmp_path / "in.parquet")

    output = score(tmp_path / "in.parquet")

    assert [row[0] for row in read(output)[1:]] == ["good", "bad"]
    assert [[row[0], row[1][:15], row[2]] for row in rejected(output)[1:]] == [
        ["2", "row 2: not text", "\\xff\\xfe!"],
        ["3", "text has 0 char", ""],
    ]


def test_names_that_cannot_work_are_refused(score, source, tmp_path):
    with pytest.raises(DataError, match="ends in neither"):
        score(source, "out.xlsx")
    with pytest.raises(DataError, match="is no file"):
        score(tmp_path / "none.csv")
    with pytest.raises(DataError, match="would replace it"):
        score(source, "../" + tmp_path.name + "/tweets.csv", restart=True)
    with pytest.raises(DataError, match="the column 'a' is there 2 times"):
        score(write(tmp_path / "in.csv", [["a", "a", "text"], "123"]), "out.parquet")


def test_what_is_there_is_replaced_only_on_demand(score, source, tmp_path):
    score(write(tmp_path / "bad.csv", [["text"], [" "], ["good"]]))

    with pytest.raises(
        DataError, match="is there already: name another output, or replace it with --restart"
    ):
        score(source)
    score(source, restart=True)

    assert len(read(tmp_path / "out.csv")) == 12
    assert not (tmp_path / "out.csv.rejected.csv").exists()
