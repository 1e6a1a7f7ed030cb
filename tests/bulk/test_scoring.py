"""A file of texts is scored row by row, in order, whatever is in it; nothing is lost, not even by kill -9."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from models import LABELS
from sentiment import durable
from sentiment.bulk import csv_file, parquet_file, scored_table
from sentiment.bulk.scoring import Job, score_file
from sentiment.errors import DataError

ROOT = Path(__file__).parents[2]
TAG = "tweet-sentiment:a"
RESULTS = ["predicted_label", *LABELS, "model"]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Four rows a chunk, so that a small file has several."""
    for room in (csv_file, parquet_file):
        monkeypatch.setattr(room, "CHUNK_ROWS", 4)


@pytest.fixture
def score(tfidf_model, tmp_path):
    """Score a file and return the job of it."""

    def run(source, name="out.csv", *, model=TAG, tell=lambda rows, share: None, restart=False, **job):
        job = Job(source, tmp_path / name, model, **job)
        score_file(job, tfidf_model, tell=tell, restart=restart)
        return job.output

    return run


def write(path, rows, **form):
    with path.open("w", newline="", encoding=form.pop("encoding", "utf-8")) as file:
        csv.writer(file, **form).writerows(rows)
    return path


def read(path, **form):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, **form))


def rejected(output):
    return read(output.with_name(f"{output.name}.rejected.csv"))


def tweets(number):
    return [f"{'I love this' if row % 3 else 'I hate that'}, number {row}" for row in range(number)]


@pytest.fixture
def source(tmp_path):
    """Eleven good rows with an id."""
    return write(tmp_path / "tweets.csv", [["id", "text"], *enumerate(tweets(11))])


def test_every_row_has_its_scores_in_the_order_of_the_input(score, source, tfidf_model):
    header, *rows = read(score(source))

    expected = tfidf_model.predict_proba(tweets(11))
    assert header == ["id", "text", *RESULTS]
    assert [row[:2] for row in rows] == [[str(number), text] for number, text in enumerate(tweets(11))]
    assert [row[2] for row in rows] == tfidf_model.predict(tweets(11))
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
    assert rejected(output)[1:] == [
        ["2", "line 3 is not CSV: ',' expected after '\"'", '2,"bad" indeed', ""],
        ["3", "line 4 is not CSV: unexpected end of data", '3,"never closed', ""],
        ["5", "3 cells; the header has 2", "5", "too,many"],
        ["6", "1 cells; the header has 2", "6", ""],
        ["7", "text has 0 characters, none of them visible: send at least one word or emoji", "", ""],
    ]


def test_a_huge_cell_is_kept_aside(score, tmp_path):
    output = score(write(tmp_path / "in.csv", [["text"], ["good"], ["x" * 200_000], ["bad"]]))

    assert [row[0] for row in read(output)[1:]] == ["good", "bad"]
    lines = (tmp_path / "out.csv.rejected.csv").read_text().splitlines()
    assert lines[1] == f"2,line 3 is not CSV: field larger than field limit (131072),{'x' * 200_000}"


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


def test_results_of_an_earlier_scoring_are_replaced(score, source):
    again = score(score(source), "again.csv", model="tweet-sentiment:b")

    header, *rows = read(again)
    assert header == ["id", "text", *RESULTS]
    assert {row[-1] for row in rows} == {"tweet-sentiment:b"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "does not begin with a header"),
        (b"\n\ntext\n", "does not begin with a header"),
        (b"text\n", "a header and no rows"),
        (
            b"tweet;id\na;1\n",
            "no column 'text'; it has 'tweet', 'id': name the column of texts with --text-column",
        ),
        (b"text,text\na,b\n", "2 columns 'text'"),
        (b"text\ngood\nna\xefve\n", "line 3: the byte 0xef is not UTF-8"),
        (b"text\ngood \xc3", "line 2: the byte 0xc3 is not UTF-8"),
        ("text\ngood".encode("utf-16"), "line 1: the byte 0xff is not UTF-8"),
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
        score(write(tmp_path / "in.csv", [["secret " * 20] * 20, ["a"] * 20]))

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
    assert [[row[0], row[1][:8], row[2]] for row in rejected(output)[1:]] == [
        ["2", "not text", "\\xff\\xfe!"],
        ["3", "text has", ""],
    ]


def test_names_that_cannot_work_are_refused(score, source, tmp_path):
    with pytest.raises(DataError, match="ends in neither"):
        score(source, "out.xlsx")
    with pytest.raises(DataError, match="ends in neither"):
        score(tmp_path / "in.txt")
    with pytest.raises(DataError, match="is no file"):
        score(tmp_path / "none.csv")
    with pytest.raises(DataError, match="would replace it"):
        score(source, "../" + tmp_path.name + "/tweets.csv", restart=True)
    with pytest.raises(DataError, match="'model' would be replaced"):
        score(source, text_column="model")
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


class Killed(BaseException):
    """What no code of ours may catch."""


def killed_at(monkeypatch, room, name, call):
    """Let the nth call of a function of a room end the run."""
    real, calls = getattr(room, name), iter(range(1000))

    def stand_in(*arguments):
        if next(calls) == call:
            raise Killed
        return real(*arguments)

    monkeypatch.setattr(room, name, stand_in)


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_run_killed_at_any_write_goes_on_to_the_same_bytes(score, source, tmp_path, monkeypatch, name):
    with source.open("a") as file:
        file.write("12,\n13,\n")
    whole, at = score(source, f"whole-{name}"), 0
    bad = rejected(whole)

    while True:
        with monkeypatch.context() as patch:
            killed_at(patch, durable, "replace", at)
            try:
                score(source, name, restart=True)
            except Killed:
                pass
            else:
                break
        # At the first write nothing was begun yet.
        assert score(source, name, restart=at == 0).read_bytes() == whole.read_bytes()
        assert rejected(tmp_path / name) == bad
        at += 1
    assert at == 1 + 4 * 2 + 2  # the first record; a part and a record four times, and rows kept aside twice


@pytest.mark.parametrize("call", [1, 3])  # within the output, and after it
def test_a_run_killed_while_it_joins_goes_on_to_the_same_bytes(score, source, tmp_path, monkeypatch, call):
    with source.open("a") as file:
        file.write("12,\n")
    whole = score(source, "whole.csv")
    with monkeypatch.context() as patch:
        killed_at(patch, scored_table.shutil, "copyfileobj", call)
        with pytest.raises(Killed):
            score(source)
    assert (tmp_path / "out.csv").exists() == (call == 3)
    assert not (tmp_path / "out.csv.rejected.csv").exists()

    assert score(source).read_bytes() == whole.read_bytes()
    assert len(rejected(tmp_path / "out.csv")) == 2
    assert not (tmp_path / "out.csv.parts").exists()


def test_a_run_that_is_really_killed_goes_on_and_does_not_begin_anew(score, tmp_path, tfidf_model):
    source = write(tmp_path / "in.csv", [["text"], *([text] for text in tweets(100))])
    whole = score(source, "whole.csv")
    tfidf_model.save(tmp_path / "model")
    script = f"""
import time, models
from pathlib import Path
from sentiment import csv_rows
from sentiment.scoring import Job, score_file
csv_rows.CHUNK_ROWS = 4
model = models.load({str(tmp_path / "model")!r})
score_file(Job(Path({str(source)!r}), Path({str(tmp_path / "out.csv")!r}), {TAG!r}), model, tell=lambda *_: time.sleep(0.05))
"""
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    record, deadline = tmp_path / "out.csv.parts" / "progress.json", time.monotonic() + 120
    while not record.exists() or json.loads(record.read_bytes())["rows"] < 12:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "out.csv").exists()

    told = []
    assert (
        score(source, tell=lambda rows, share: told.append((rows, share))).read_bytes() == whole.read_bytes()
    )
    assert 12 <= told[0][0] < 100
    assert told[-1] == (100, 1.0)
    assert told == sorted(told)


@pytest.fixture
def interrupted(score, source, tmp_path):
    """A run that ended after two parts of three."""

    def end(rows, share):
        if rows > 8:
            raise Killed

    with pytest.raises(Killed):
        score(source, tell=end)
    return tmp_path / "out.csv.parts"


def test_a_changed_input_is_refused(score, source, interrupted):
    source.write_text(source.read_text().replace("number 3", "Number 3"))

    with pytest.raises(
        DataError,
        match=r"out.csv.parts was begun with the input of SHA-256 \w+; now it is \w+: .* anew with --restart",
    ):
        score(source)
    assert "Number 3" in score(source, restart=True).read_text()


def test_another_model_is_refused_and_the_old_one_may_finish(score, source, interrupted):
    with pytest.raises(
        DataError,
        match="begun with the model tweet-sentiment:a; now it is tweet-sentiment:b: finish with --model tweet-",
    ):
        score(source, model="tweet-sentiment:b")

    assert len(read(score(source))) == 12


def test_another_column_or_limit_is_refused(score, source, interrupted):
    with pytest.raises(DataError, match="begun with the text column text; now it is id"):
        score(source, text_column="id")
    with pytest.raises(DataError, match="begun with the SENTIMENT_MAX_CHARS 1000; now it is 99"):
        score(source, max_chars=99)


def test_a_damaged_record_is_refused(score, source, interrupted):
    (interrupted / "progress.json").write_text("{}")

    with pytest.raises(
        DataError, match=r"progress.json cannot be read \(KeyError\): begin anew with --restart"
    ):
        score(source)


def test_two_runs_into_one_output_are_refused(score, source, tmp_path):
    def again(rows, share):
        with pytest.raises(DataError, match="another run scores into"):
            score(source, tell=lambda *_: None)

    assert len(read(score(source, tell=again))) == 12


def test_an_input_that_changes_meanwhile_is_refused(score, source):
    def grow(rows, share):
        with source.open("a") as file:
            file.write("more,good\n")

    with pytest.raises(DataError, match="changed while it was scored"):
        score(source, tell=grow)


def test_files_of_others_in_the_folder_of_the_parts_stay(score, source, interrupted):
    (interrupted / "mine.txt").write_text("mine")

    score(source, restart=True)

    assert [path.name for path in interrupted.iterdir()] == ["mine.txt"]


def test_a_folder_that_is_missing_is_one_clear_error(score, source, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(DataError, match=r"cannot be read or written \(Not a directory\)"):
        score(source, "file/out.csv")


def test_memory_does_not_grow_with_the_file(score, tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "CHUNK_ROWS", 50)
    peaks = []
    for number in (2000, 8000):
        source = write(
            tmp_path / f"{number}.csv", [["text", "more"], *((text, "x" * 1000) for text in tweets(number))]
        )
        tracemalloc.start()
        score(source, f"out-{number}.csv")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < source.stat().st_size / 2


@pytest.mark.parametrize("row_group_size", [250, 5000])
def test_memory_does_not_grow_with_a_parquet_file(score, tmp_path, monkeypatch, row_group_size):
    monkeypatch.setattr(parquet_file, "CHUNK_ROWS", 250)
    monkeypatch.setattr(parquet_file, "_BUFFER", 1 << 16)
    source, texts = tmp_path / "in.parquet", [f"{text} {'x' * 800}" for text in tweets(5000)]
    form = {
        "row_group_size": row_group_size,
        "use_dictionary": False,
        "compression": "none",
        "data_page_size": 1 << 16,
    }
    parquet.write_table(pa.table({"text": texts}), source, **form)
    before, seen = pa.total_allocated_bytes(), []

    output = score(
        source, "out.parquet", tell=lambda rows, share: seen.append(pa.total_allocated_bytes() - before)
    )

    assert parquet.read_table(output)["text"].to_pylist() == texts
    assert max(seen) < source.stat().st_size / 3
