"""Tables in every form that people bring are read alike."""

from __future__ import annotations

import gzip
import io
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from sentiment.tables import table as table_module
from sentiment.tables.form import Form
from sentiment.tables.opening import open_table
from sentiment.tables.table import TableError


@pytest.fixture
def read(tmp_path):
    """Write a file and read it: its columns, its texts, its faults by their place."""

    def read(content, name="tweets.csv", **form):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        table = open_table(path, Form(**form))
        place = table.find(form.get("text_column", "text"), "--text-column")
        texts, faults = [], {}
        for batch in table.batches(place):
            faults |= {len(texts) + at: f"{batch.lines[at]}: {fault}" for at, fault in batch.faults.items()}
            texts += batch.column(place)
        return table.columns, texts, faults

    return read


def as_parquet():
    target = io.BytesIO()
    parquet.write_table(pa.table({"id": [1, 2], "text": ["good, day", "bad"]}), target)
    return target.getvalue()


ROWS = [{"id": 1, "text": "good, day"}, {"id": 2, "text": "bad"}]
FORMS = {
    "comma.csv": b'id,text\n1,"good, day"\n2,bad\n',
    "semicolon.csv": b"id;text\r\n1;good, day\r\n2;bad\r\n",
    "tab.tsv": b"id\ttext\n1\tgood, day\n2\tbad\n",
    "bar.txt": b"id|text\r1|good, day\r2|bad\r",
    "excel.csv": b"sep=;\r\nid;text\r\n1;good, day\r\n2;bad\r\n",
    "marked.csv": b"\xef\xbb\xbfid;text\n1;good, day\n2;bad\n",
    "utf16.csv": "id\ttext\n1\tgood, day\n2\tbad\n".encode("utf-16"),
    "spaced.csv": b'id, text\n1, "good, day"\n2, bad\n',
    "array.json": json.dumps(ROWS).encode(),
    "pretty.json": json.dumps(ROWS, indent=2).encode(),
    "lines.jsonl": "\n".join(map(json.dumps, ROWS)).encode(),
    "lines.json": "\n".join(map(json.dumps, ROWS)).encode(),
    "rows.parquet": as_parquet(),
    "unnamed": as_parquet(),
}


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gz"])
@pytest.mark.parametrize("name", FORMS)
def test_every_form_holds_the_same_rows_compressed_or_not(read, name, compress):
    ending = ".gz" if compress is gzip.compress else ""
    columns, texts, faults = read(compress(FORMS[name]), name + ending)

    assert (columns, texts, faults) == (["id", "text"], ["good, day", "bad"], {})


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ('great day\n"Best day ever" said nobody\nlovely crew\n', None),
        ('a\n"b\nc\nd"\ne\n', None),
        ("Well, that was awful\nlovely crew today\n", None),
        ("text, me when you land\nlovely crew\nwell, awful food\n", None),
        ("10,000 people; 3|4\nagreed\tindeed\n", None),
        ("2 for 1 | great deal\nnot | me\n", None),
        ("Tom&amp;Jerry\nrock&amp;roll\n", None),
        ("one\n\nthree\n", ["one", "", "three"]),
    ],
)
def test_lines_that_are_tweets_stay_whole_whichever_comes_first(read, content, texts):
    lines = content.rstrip("\n").split("\n")
    for turn in range(len(lines)):
        turned = [*lines[turn:], *lines[:turn]]
        if turned[0] and turned[-1]:
            assert read("\n".join(turned) + "\n")[1:] == (turned if texts is None else texts, {})


def test_a_first_line_that_can_be_both_is_refused_until_the_user_says_what_it_is(read):
    content = "text, please\nwell, awful food\nok, fine\n"

    with pytest.raises(
        TableError, match=r"line 1: 'text, please' can be a header or a tweet: say --text-col"
    ):
        read(content)
    assert read(content, columns="text")[1] == content.rstrip().split("\n")
    assert read(content, text_column="text")[1] == ["well", "ok"]
    assert read("text, label\ngood day, positive\n")[1] == ["good day"]


def test_one_named_column_holds_lines_as_they_are_and_quoted_cells(read):
    content = 'text\none, two, three\n"yes", she said\n"two\nlines"\n"say ""hi"""\n""\nfine\n'

    assert read(content)[1] == ["one, two, three", '"yes", she said', "two\nlines", 'say "hi"', "", "fine"]


@pytest.mark.parametrize("content", ["\ttext\n0\tgood day\n", ",text\n0,good day\n"])
def test_an_index_without_a_name_is_a_column(read, content):
    assert read(content) == (["", "text"], ["good day"], {})


def test_a_header_alone_is_an_empty_table(read):
    assert read("id,text\n") == (["id", "text"], [], {})
    assert read("[]", "none.json") == (["text"], [], {})


def test_columns_of_a_table_without_a_header_are_named_by_the_user(read):
    line = '"0","1467810369","Mon Apr 06 22:19:45 PDT 2009","NO_QUERY","ann","@bob caf\xe9, no"\n'
    columns = "polarity,id,date,query,user,text"

    assert read(line.encode("latin-1"), columns=columns, encoding="latin-1")[1] == ["@bob café, no"]
    assert read("text,me\nso,so\n", columns="text")[1] == ["text,me", "so,so"]
    with pytest.raises(TableError, match=r"line 1: 2 cells; --columns names 3"):
        read("a,b\n", columns="id,text,label")


def test_quotes_that_mean_nothing_join_no_lines_of_a_table_with_tabs(read):
    content = 'id\ttext\tlabel\n1\t"hello\tpos\n2\tbye"\tneg\n3\t"Best" day\tpos\n4\t"two\nlines"\tneg\n'

    assert read(content)[1:] == (['"hello', 'bye"', '"Best" day', "two\nlines"], {})


def test_a_row_that_is_too_long_or_no_csv_is_at_fault_and_costs_no_other(read):
    content = 'label,text\nnegative,good food, but cold\npositive,"fine" food\npositive\npositive,good\n'
    _, texts, faults = read(content)

    assert texts[-1] == "good"
    assert [faults[place] for place in (0, 1, 2)] == [
        "2: 3 cells; the header has 2: quote texts that hold commas",
        "3: not CSV (',' expected after '\"'): write a quote inside a quoted cell twice, and close each",
        "4: 1 cell; the header has 2: quote texts that hold commas",
    ]


def test_a_row_of_json_that_is_none_is_at_fault_and_costs_no_other(read):
    content = '{"text": "a"}\n{"te\n7\n{"text": 3}\n{"text": "\\ud83d"}\n{"text": "b", "more": [1]}\n'
    columns, texts, faults = read(content, "tweets.jsonl")

    assert columns == ["text", "more"]
    assert (texts[0], texts[-1]) == ("a", "b")
    assert [faults[place][:9] for place in range(1, 5)] == [
        "2: not JS",
        "3: not an",
        "4: 'text'",
        "5: half a",
    ]


def test_an_object_that_gives_a_name_twice_is_at_fault_and_an_array_counts_rows(read):
    content = '[{"text": "a"}, {"text": "b", "text": "c"}, {"text": "d", "more": {"e": 1}}]'
    _, texts, faults = read(content, "tweets.json")

    assert texts == ["a", "c", "d"]
    assert faults == {1: "2: a name occurs twice: give each value its own"}


def test_a_cell_that_is_too_long_is_at_fault_for_its_length_not_for_its_quotes(read):
    long = "x" * 140_000
    _, texts, faults = read(f'id,text\n1,"{long}"\n2,{long}\n3,good\n')

    assert texts[-1] == "good"
    assert faults[0] == "2: a cell of more than 131072 characters: shorten it, or close the quote before it"
    assert faults[1][1:] == faults[0].replace("2:", ":", 1)


def test_json_that_is_nested_too_deeply_is_at_fault_or_refused(read):
    for levels in (*range(800, 1000), 100_000):  # what can just be read may be too deep to be written
        deep = '{"text": "a", "more": ' + "[" * levels + "]" * levels + "}"
        _, texts, faults = read(f'{deep}\n{deep[22:-1]}\n{{"text": "b"}}\n', "in.jsonl")
        assert (len(texts), texts[-1]) == (3, "b")
        assert {1} <= set(faults) <= {0, 1}

    assert all("nested too deeply" in fault for fault in faults.values())
    with pytest.raises(TableError, match=r"line 2: not JSON \(lists or objects nested too deeply"):
        read(f"[1,\n{deep}]", "in.json")


def test_half_a_character_in_a_name_is_written_in_letters(read):
    assert read('{"text": "a", "\\ud83d": 1}\n', "in.jsonl")[0] == ["text", "\\ud83d"]
    assert read('[{"\\udc00": "a"}]', "in.json", text_column="\\udc00")[1:] == (["a"], {})


@pytest.mark.parametrize("ending", ["", "\n"])
def test_a_line_of_json_that_is_too_long_is_refused(read, monkeypatch, ending):
    from sentiment.tables import json_values

    monkeypatch.setattr(json_values, "_LONGEST", 40)
    with pytest.raises(TableError, match="line 2: more than 40 characters: give a table of tweets"):
        read('{"text": "a"}\n{"text": "' + "b" * 40 + '"}' + ending, "in.jsonl")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.csv", b"", "in.csv is empty"),
        ("in.csv", b"\n \n", "in.csv is empty"),
        ("in.csv", b"text\ncaf\xe9\n", r"line 2: the byte 0xe9 is not UTF-8: try --encoding cp1252"),
        ("in.csv", b"text\ncaf\x81\n", r"line 2: the byte 0x81 is not UTF-8: try --encoding latin-1"),
        ("in.csv", "text\ngood\n".encode("utf-16-le"), "try --encoding utf-16-le"),
        ("in.csv", b"id,tweet\n1,a\n", "no column 'text'; it has 'id', 'tweet': name the right one with"),
        ("in.csv", b"text,text\n1,a\n", "2 columns 'text'; it has 'text', 'text': rename one of them"),
        ("in.csv", b"PK\x03\x04", "save the sheet as CSV UTF-8"),
        ("in.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save the sheet as CSV UTF-8"),
        ("in.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF, a picture or a database, not a table"),
        ("in.csv", b"\x89PNG\r\n\x1a\n", "a PDF, a picture or a database, not a table"),
        ("in.csv", b"\n<!DOCTYPE html>\n<html></html>", "a web page, not a table: download the file"),
        ("in.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "git lfs pull"),
        ("in.csv", b"text\ngood\n" + bytes(4096), "line 3: bytes 0x00 in a row: the file is damaged"),
        (
            "in.csv.gz",
            gzip.compress(b"text\na\n" * 99, mtime=0)[:-9],
            "damaged .EOFError.: copy or compress it anew",
        ),
        ("in.json", b'{"text": {"0": "a"}}', "holds no rows in JSON"),
        ("in.json", b'[{"text": "a"}\n,, 1]', "line 2: not JSON"),
        ("in.json", b'[{"text": "a"}', "line 1: not JSON"),
        ("in.parquet", b"text\n", "cannot be read as Parquet"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_reason(read, name, content, message):
    with pytest.raises(TableError, match=message):
        read(content, name)


def test_an_encoding_is_taken_as_said_unless_the_file_is_marked(read):
    assert read("text\ncafé\n".encode("cp1252"), encoding="cp1252")[1] == ["café"]
    assert read("text\ncafé\n".encode("utf-8-sig"), encoding="cp1252")[1] == ["café"]
    with pytest.raises(TableError, match="--encoding 'cp9' is not known"):
        read("text\n", encoding="cp9")


def test_an_array_of_json_is_read_across_the_windows_ends(read, monkeypatch):
    from sentiment.tables import json_values

    monkeypatch.setattr(json_values, "_BLOCK", 7)
    rows = [{"text": f"tweet number {number}"} for number in range(20)]

    assert read(json.dumps(rows, indent=1), "in.json")[1] == [row["text"] for row in rows]


def test_the_hubs_names_of_labels_come_along(tmp_path):
    info = {"info": {"features": {"label": {"names": ["negative", "neutral"], "_type": "ClassLabel"}}}}
    table = pa.table({"text": ["a"], "label": [0]}, metadata={"huggingface": json.dumps(info)})
    parquet.write_table(table, tmp_path / "in.parquet")

    read = open_table(tmp_path / "in.parquet")
    assert read.names_of(1) == {"0": "negative", "1": "neutral"}
    assert read.names_of(0) == {}


def test_what_arrow_holds_and_python_cannot_is_written_somehow(tmp_path):
    times = pa.array([0, 400_000_000_000_000_000], pa.timestamp("us"))
    parquet.write_table(pa.table({"text": ["a", "b"], "at": times}), tmp_path / "in.parquet")

    (batch,) = open_table(tmp_path / "in.parquet").batches(0)
    assert [row[0] for row in batch.cells([0, 1])] == ["a", "b"]
    assert batch.cells([1])[0][1].startswith("14645-06-30 15:06:40")


def test_what_no_text_can_hold_is_an_error_that_names_the_column(tmp_path):
    times = pa.array([[400_000_000_000_000_000]], pa.list_(pa.timestamp("us")))
    parquet.write_table(pa.table({"text": ["a"], "at": times}), tmp_path / "in.parquet")

    (batch,) = open_table(tmp_path / "in.parquet").batches(0)
    with pytest.raises(TableError, match=r"the column 'at' of .* that no text can hold"):
        batch.cells([0])


def test_lines_and_shares_grow_from_batch_to_batch(tmp_path, monkeypatch):
    monkeypatch.setattr(table_module, "BATCH_ROWS", 2)
    path = tmp_path / "in.csv"
    path.write_text('id,text\n1,"a\nb"\n2,c\n3,d\n')

    batches = [*open_table(path).batches(1)]
    assert [batch.lines for batch in batches] == [[2, 4], [5]]
    assert batches[-1].share == 1.0
