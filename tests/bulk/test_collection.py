"""Many files are scored to many, each row once, whatever ends a run and whatever is in them."""

from __future__ import annotations

import json
import os

import pyarrow as pa
import pytest
from bulk_fixtures import files_in, read, rejected, tweets, write
from pyarrow import parquet

from sentiment import durable
from sentiment.bulk.engine import LocalEngine
from sentiment.errors import DataError

pytestmark = pytest.mark.usefixtures("small_chunks")
OUTPUTS = ["a.csv", "c.parquet", "old/b.jsonl.csv", "old/b.jsonl.csv.rejected.csv"]


class Killed(BaseException):
    """What no code of ours may catch."""


class ThreeAtOnce(LocalEngine):
    """Works on several batches and files at once, as a cluster does."""

    most_waiting, files_at_once = 3, 2


def test_each_table_of_a_folder_becomes_a_file_of_its_name(ordered, tables_folder, tmp_path):
    totals = ordered(tables_folder, tmp_path / "out")

    assert (totals.files, totals.rows, totals.rejected, totals.before) == (3, 19, 1, 0)
    assert files_in(tmp_path / "out") == OUTPUTS
    assert [row[1] for row in read(tmp_path / "out" / "a.csv")[1:]] == tweets(11)
    assert parquet.read_table(tmp_path / "out" / "c.parquet")["text"].to_pylist() == tweets(5)
    assert [row[0] for row in rejected(tmp_path / "out" / "old" / "b.jsonl.csv")[1:]] == ["2"]
    assert ordered.said[0].startswith("1 files of")
    assert "3 of 3 files: old/b.jsonl, 3 rows, 1 kept aside" in ordered.said


def test_a_pattern_names_the_files_below_its_folder(ordered, tables_folder, tmp_path):
    ordered(tables_folder / "**" / "[ab].*", tmp_path / "out")

    assert files_in(tmp_path / "out") == ["a.csv", *OUTPUTS[2:]]


def test_batches_and_files_under_way_at_once_give_the_same_bytes(
    ordered, tables_folder, tmp_path, served_model
):
    ordered(tables_folder, tmp_path / "one")
    ordered(tables_folder, tmp_path / "many", engine=ThreeAtOnce(served_model))

    assert files_in(tmp_path / "many") == OUTPUTS
    for name in OUTPUTS:
        assert (tmp_path / "many" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_the_same_again_reads_only_what_is_new(ordered, tables_folder, tmp_path):
    ordered(tables_folder, tmp_path / "out")
    write(tables_folder / "new.csv", [["text"], ["fine"]])
    os.utime(tables_folder / "a.csv")  # written anew, with the same bytes

    totals = ordered(tables_folder, tmp_path / "out")

    assert (totals.files, totals.rows, totals.before) == (4, 20, 19)
    assert "1 of 4 files: a.csv, 11 rows, scored earlier" in ordered.said


@pytest.mark.parametrize("engine", [LocalEngine, ThreeAtOnce])
def test_a_run_killed_at_any_write_goes_on_to_the_same_bytes(
    ordered, tables_folder, tmp_path, served_model, engine
):
    ordered(tables_folder, tmp_path / "whole")
    at, was_killed = 0, True
    while was_killed:
        out = tmp_path / f"out{at}"
        was_killed = killed_at(at, ordered, tables_folder, out, engine=engine(served_model))
        ordered(tables_folder, out, engine=engine(served_model))
        assert files_in(out) == OUTPUTS
        for name in OUTPUTS:
            assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
        at += 5
    assert at > 10


def killed_at(write_number, ordered, *places, **options):
    """Score until this write to the disk, which ends the run; return whether it came so far."""
    writes, real = iter(range(1000)), durable.replace

    def kill(path, content):
        if next(writes) >= write_number:
            raise Killed
        real(path, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "replace", kill)
        try:
            ordered(*places, **options)
        except Killed:
            return True
    return False


def test_parts_that_a_killed_run_left_beside_its_record_are_removed(ordered, tables_folder, tmp_path):
    ordered(tables_folder, tmp_path / "out")
    (tmp_path / "out" / "a.csv.parts").mkdir()
    (tmp_path / "out" / "a.csv.parts" / "part-000000.scored").write_text("")

    ordered(tables_folder, tmp_path / "out")

    assert files_in(tmp_path / "out") == OUTPUTS


def test_a_file_that_cannot_be_read_stops_no_other(ordered, tables_folder, tmp_path):
    (tables_folder / "bad.parquet").write_text("none")
    (tables_folder / "column.csv").write_text("tweet,id\nx,1\n")

    totals = ordered(tables_folder, tmp_path / "out")

    assert totals.files == 3
    assert sorted(totals.failed) == ["bad.parquet", "column.csv"]
    assert "no column 'text'" in totals.failed["column.csv"]
    (tables_folder / "bad.parquet").unlink()
    write(tables_folder / "column.csv", [["text"], ["x"]])
    assert (ordered(tables_folder, tmp_path / "out").before, files_in(tmp_path / "out")[2]) == (
        19,
        "column.csv",
    )


def test_a_finished_file_is_of_its_input_column_and_model(ordered, tables_folder, tmp_path):
    ordered(tables_folder, tmp_path / "out")
    with pytest.raises(DataError, match=r"a.csv was scored with the text column text; now it is id: "):
        ordered(tables_folder / "a.*", tmp_path / "out", text_column="id")
    write(tables_folder / "a.csv", [["id", "text"], [1, "other"]])
    with pytest.raises(DataError, match=r"a.csv was scored with the input of SHA-256 .* anew with --restart"):
        ordered(tables_folder, tmp_path / "out")

    assert ordered(tables_folder, tmp_path / "out", restart=True).rows == 9
    assert len(read(tmp_path / "out" / "a.csv")) == 2


def test_a_restart_that_was_killed_is_resumed_without_restart(ordered, tables_folder, tmp_path):
    ordered(tables_folder, tmp_path / "out")

    def kill(rows, share):
        raise Killed

    with pytest.raises(Killed):
        ordered(tables_folder, tmp_path / "out", restart=True, tell=kill)

    assert ordered(tables_folder, tmp_path / "out").before == 0
    assert files_in(tmp_path / "out") == OUTPUTS


def test_a_damaged_record_is_one_clear_error(ordered, tables_folder, tmp_path):
    ordered(tables_folder, tmp_path / "out")
    (tmp_path / "out" / ".scored" / "a.csv.json").write_text('{"stamp": 1}')

    with pytest.raises(DataError, match=r"a.csv.json cannot be read \(KeyError\): begin anew with --restart"):
        ordered(tables_folder, tmp_path / "out")


def test_what_is_there_of_others_is_not_replaced(ordered, tables_folder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.csv").write_text("mine")

    with pytest.raises(DataError, match=r"a.csv is there already"):
        ordered(tables_folder, tmp_path / "out")
    assert (tmp_path / "out" / "a.csv").read_text() == "mine"


def test_no_input_is_ever_replaced_or_removed(ordered, tables_folder):
    before = files_in(tables_folder)

    with pytest.raises(DataError, match=r"a.csv is an input, and an output would replace it"):
        ordered(tables_folder, tables_folder, restart=True)
    assert files_in(tables_folder) == before


def test_two_files_of_one_output_are_refused(ordered, tables_folder, tmp_path):
    (tables_folder / "old" / "b.jsonl.csv").write_text("text\nx\n")

    with pytest.raises(DataError, match=r"two files would be written to old/b.jsonl.csv"):
        ordered(tables_folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_progress_counts_files_by_their_size(ordered, tmp_path):
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "a.csv", [["text"], *([text] for text in tweets(30))])
    parquet.write_table(pa.table({"text": ["x"]}), tmp_path / "in" / "b.parquet")
    told = []

    ordered(tmp_path / "in", tmp_path / "out", tell=lambda rows, share: told.append((rows, share)))

    assert told == sorted(told)
    assert told[-1] == (31, 1.0)


def test_the_record_says_what_a_file_is_of(ordered, tables_folder, tmp_path):
    ordered(tables_folder, tmp_path / "out")

    record = json.loads((tmp_path / "out" / ".scored" / "old" / "b.jsonl.csv.json").read_bytes())["record"]
    assert (record["rows"], record["rejected"]) == (3, 1)
    assert record["beginning"]["model"] == "tweet-sentiment:a"
