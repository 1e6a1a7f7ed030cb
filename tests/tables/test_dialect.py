"""How rows are written is found out: a header, whatever its names look like, or tweets by line."""

from __future__ import annotations

import pytest

from sentiment.tables.form import Form
from sentiment.tables.opening import open_table
from sentiment.tables.table import TableError


@pytest.fixture
def opened(tmp_path):
    """Write a file and open it."""

    def opened(content, **form):
        path = tmp_path / "tweets.csv"
        path.write_text(content, "utf-8", newline="")
        return open_table(path, Form(**form))

    return opened


def texts_of(table, name="text"):
    place = table.find(name, "--text-column")
    return [text for batch in table.batches(place) for text in batch.column(place)]


@pytest.mark.parametrize(
    "header",
    [
        "id,text,",
        "text,,,",
        ",,text",
        "@timestamp,text",
        "0,text",
        "id,text,2016,2017",
        "id,text,R&D",
        "id,text,%",
        "id,text,Name of the annotator",
        '"id","text","Q1. How satisfied are you?"',
        "id,text,user.name,retweet count total number",
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_header_with_the_column_of_tweets_is_seen_whatever_its_other_names(opened, header, delimiter):
    names = header.replace('"', "").split(",")
    rows = [["good day" if name == "text" else str(at) for name in names] for at in range(3)]
    lines = [header.replace(",", delimiter), *(delimiter.join(row) for row in rows)]
    table = opened("\n".join(lines) + "\n")

    assert table.columns == names
    assert texts_of(table) == ["good day"] * 3


@pytest.mark.parametrize(
    "content",
    [
        "text,How did you like our service overall?\ngood day,4\nbad,3\n",  # one comma, as in a tweet
        "id,text,lang,\n1,good,en\n2,bad,en\n",
        "id,text,%\n1,good, day,5\n2,bad, day,6\n3,so so,7\n",
        "id,text,%\n",
        "id, text, Name of the annotator\n1, good, Ann\n2, bad, Bob\n",
        "text, R&D\ngood, 5\nbad, 6\n",
    ],
)
def test_a_first_line_with_the_column_of_tweets_is_in_doubt_where_the_rows_do_not_bear_it_out(
    opened, content
):
    with pytest.raises(TableError, match=r"line 1: '.*can be a header or a tweet: say --text-column text"):
        opened(content)
    assert opened(content, text_column="text").has_header
    assert len(texts_of(opened(content, columns="text"))) == content.count("\n")


@pytest.mark.parametrize(
    "first", ["Send a text, will you", "text, me when you land", "So, text, me", "10,000 people, text, me"]
)
def test_tweets_with_commas_and_the_word_text_stay_lines(opened, first):
    content = f"{first}\nlovely crew\nwell, awful food\nnothing\n"

    assert texts_of(opened(content)) == content.splitlines()


@pytest.mark.parametrize("first", ["@timestamp,message,R&D", "2023,good day,%", '"0","1","@bob hi"'])
def test_rows_of_a_table_under_no_known_header_are_no_tweets(opened, first):
    content = f"{first}\n" + "".join(f"{at},good day {at},x\n" for at in range(20)) + "9,a, b,c\n"

    with pytest.raises(
        TableError, match="the rows have 3 cells each, and line 1 names no column 'text': say"
    ):
        opened(content)
    assert opened(content, columns="id,text,more").has_header is False
    assert len(texts_of(opened(content, columns="text"))) == 22
    if first.startswith("@"):
        assert texts_of(opened(content, text_column="message"), "message")[:2] == ["good day 0", "good day 1"]


def test_tweets_that_often_have_as_many_commas_stay_lines(opened):
    content = "Well, then, 1\nso, so, 2\nyes, no, 3\nnow, then, 4\nfine\n"
    pairs = "so, so\n" * 9

    assert texts_of(opened(content)) == content.splitlines()
    assert texts_of(opened(pairs)) == pairs.splitlines()


@pytest.mark.parametrize("line", ['"sep=;"', "sep=;", "SEP=;"])
def test_excels_line_that_names_the_delimiter_may_be_in_quotes(opened, line):
    assert texts_of(opened(f"{line}\r\nid;text\r\n1;good, day\r\n")) == ["good, day"]


@pytest.mark.parametrize(
    ("above", "header"),
    [
        ("My tweets;;\n", "id;text;lang\n1;good;en\n"),
        ("# exported\n", "id,text\n1,good\n"),
        ("# exported\n\n# by Ann\n# today\n# from there\n", '"id","text","R&D"\n1,good,2\n'),
        ("My tweets\n", "text\ngood\nbad\n"),
    ],
)
def test_a_header_below_a_title_or_comments_is_refused(opened, above, header):
    with pytest.raises(TableError, match=r"line \d: .* looks like the header: remove the lines above it"):
        opened(above + header)
    assert texts_of(opened(header))[0] == "good"
    assert texts_of(opened(above + header, columns="text"))[0] == above.splitlines()[0]


def test_columns_that_the_header_names_already_are_not_named_again(opened):
    with pytest.raises(TableError, match="line 1: the header is there, 'ID,text': leave --columns out"):
        opened("ID,text\n1,good\n", columns="id, text")
    assert texts_of(opened("text\ngood\n", columns="text")) == ["text", "good"]


def test_one_column_of_another_name_is_read_as_one_column(opened):
    assert texts_of(opened("tweet\none, two\n", text_column="tweet"), "tweet") == ["one, two"]
    assert opened("tweet\none, two\n", text_column="text").columns == ["tweet"]
