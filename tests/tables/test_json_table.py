"""JSON is an array of rows or a row per line; what is neither is refused, and no row is lost."""

from __future__ import annotations

import json

import pytest

from sentiment.tables.form import Form
from sentiment.tables.opening import open_table
from sentiment.tables.table import TableError


@pytest.fixture
def texts(tmp_path):
    """Write a file and read its texts."""

    def texts(content, name="in.json", **form):
        (tmp_path / name).write_text(content, "utf-8")
        table = open_table(tmp_path / name, Form(**form))
        return [text for batch in table.batches(0) for text in batch.column(table.find("text", ""))]

    return texts


@pytest.mark.parametrize(
    "content",
    [
        '{"data":[\n {"text":"a"},\n {"text":"b"}\n]}',
        '{"data":[\n{"text":"a"}\n,{"text":"b"}\n,{"text":"c"}\n]}',
        '{"data":[\n{"text":"a"}\n]}',
        json.dumps({"meta": 1, "data": [{"text": "a"}, {"text": "b"}]}, indent=1),
    ],
)
def test_one_object_on_many_lines_is_no_table_of_its_last_row(texts, content):
    with pytest.raises(TableError, match="holds no rows in JSON: write an array of objects"):
        texts(content)


def test_a_damaged_first_line_costs_itself_and_no_other(texts):
    assert texts('{"text": "a\n{"text": "b"}\n{"text": "c"}\n')[1:] == ["b", "c"]


@pytest.mark.parametrize("name", ["in.txt", "in.csv", "in.tsv"])
@pytest.mark.parametrize(
    ("content", "ending"),
    [
        ('{"text":"a"}\n{"text":"b"}\n', r"\.jsonl"),
        ('\n {"text": "a", "label": "b"}\n', r"\.jsonl"),
        ('{\n "text": "a"\n}\n', r"\.jsonl"),
        ('[{"text":"a"}]', r"\.json"),
        ('[\n {"text": "a"},\n {"text": "b"}\n]', r"\.json"),
    ],
)
def test_objects_in_a_file_named_as_text_are_refused_with_the_ending_to_give(texts, name, content, ending):
    with pytest.raises(TableError, match=f"holds objects in JSON: give it the ending {ending}, or say"):
        texts(content, name)
    assert texts(content, name, columns="text") == content.rstrip("\n").split("\n")


@pytest.mark.parametrize("tweet", ["{sigh}", "{", "[live] news", "[", "[1, 2]", '{"', "{'text': 'a'}"])
def test_tweets_with_brackets_are_tweets(texts, tweet):
    assert texts(f"{tweet}\nanother\n", "in.txt") == [tweet, "another"]


@pytest.mark.parametrize("digits", [1, 19, 4300, 4301, 100_000])
def test_a_whole_number_stays_as_it_is_however_long(tmp_path, digits):
    number = "-" + "7" * digits
    rows = [f'{{"text": "a", "n": {number}, "more": [{{"n": {number}}}]}}', '{"text": "b"}']
    for name, content in (("in.json", f"[{','.join(rows)}]"), ("in.jsonl", "\n".join(rows))):
        (tmp_path / name).write_text(content)
        (batch,) = open_table(tmp_path / name).batches(0)
        assert (batch.column(0), batch.column(1), batch.faults) == (["a", "b"], [number, ""], {})


@pytest.mark.parametrize("blanks", [1, 1024, 5000, 3 << 20])
def test_an_array_is_seen_after_any_number_of_blanks(texts, blanks):
    assert texts(" " * blanks + '\n[{"text": "a"}]') == ["a"]
