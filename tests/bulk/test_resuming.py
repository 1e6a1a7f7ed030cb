"""A scoring that was killed is resumed to the same bytes; memory does not grow with a file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pytest
from bulk_fixtures import TAG, read, rejected, tweets, write
from pyarrow import parquet

from sentiment import durable
from sentiment.bulk import scored_table
from sentiment.errors import DataError
from sentiment.tables import parquet_table, table

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("small_chunks")


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


def test_a_run_that_is_really_killed_goes_on_and_does_not_begin_anew(score, tmp_path, served_model):
    source = write(tmp_path / "in.csv", [["text"], *([text] for text in tweets(100))])
    whole = score(source, "whole.csv")
    served_model.save(tmp_path / "model")
    script = f"""
import time, models
from pathlib import Path
from sentiment.bulk.engine import LocalEngine
from sentiment.bulk.scoring import Job, score_file
from sentiment.tables import table
table.BATCH_ROWS = 4
model = LocalEngine(models.load({str(tmp_path / "model")!r}))
score_file(
    Job(Path({str(source)!r}), Path({str(tmp_path / "out.csv")!r}), {TAG!r}), model,
    tell=lambda *_: time.sleep(0.05))
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
        match="begun with the model tweet-sentiment:a; now it is tweet-sentiment:b: "
        "finish with --model tweet-",
    ):
        score(source, model="tweet-sentiment:b")

    assert len(read(score(source))) == 12


def test_another_column_or_limit_is_refused(score, source, interrupted):
    with pytest.raises(DataError, match="begun with the text column text; now it is id"):
        score(source, text_column="id")
    with pytest.raises(DataError, match="begun with the SENTIMENT_MAX_CHARS 1000; now it is 99"):
        score(source, max_chars=99)
    with pytest.raises(DataError, match=r"begun with the form .* encoding None.*; now .* encoding cp1252"):
        score(source, encoding="cp1252")


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
    monkeypatch.setattr(table, "BATCH_ROWS", 50)
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
    monkeypatch.setattr(parquet_table, "BATCH_ROWS", 250)
    monkeypatch.setattr(parquet_table, "_BUFFER", 1 << 16)
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
