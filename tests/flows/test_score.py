"""The command `score`: the champion of a real store, a real Prefect, a terminal or none."""

from __future__ import annotations

import csv
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from crowning import crown
from prefect.settings import PREFECT_API_URL

from flows import score as room
from sentiment.champions import store
from sentiment.command import run_command
from sentiment.errors import DataError, StoreError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def crowned(home, served_model, prefect_server):
    """The tag of the champion of a store."""
    tag = store.save(served_model, metadata={})
    crown(tag)
    return tag


@pytest.fixture
def four_tweets(tmp_path):
    """Four tweets, one of them blank."""
    path = tmp_path / "tweets.csv"
    path.write_text("id,tweet\n1,I love this\n2, \n3,I hate this\n4,gate four\n")
    return path


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_champion_scores_a_file(crowned, four_tweets, tmp_path):
    line = room.score(four_tweets, tmp_path / "out.csv", text_column="tweet")

    assert line.startswith(
        f"4 rows: 3 scored in {tmp_path}/out.csv, 1 kept aside in {tmp_path}/out.csv.rejected.csv; "
    )
    assert [(row["id"], row["model"]) for row in read(tmp_path / "out.csv")] == [
        ("1", crowned),
        ("3", crowned),
        ("4", crowned),
    ]
    assert [(row["row"], row["id"]) for row in read(tmp_path / "out.csv.rejected.csv")] == [("2", "2")]


def test_a_model_of_the_store_is_taken_by_its_tag(crowned, four_tweets, tmp_path, served_model):
    other = store.save(served_model, metadata={})

    room.score(four_tweets, tmp_path / "out.csv", text_column="tweet", model=other)

    assert {row["model"] for row in read(tmp_path / "out.csv")} == {other}
    with pytest.raises(StoreError, match="no model 'tweet-sentiment:none' in the store"):
        room.score(four_tweets, tmp_path / "more.csv", text_column="tweet", model="tweet-sentiment:none")


def test_the_limit_is_that_of_the_service(crowned, four_tweets, tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_MAX_CHARS", "10")

    room.score(four_tweets, tmp_path / "out.csv", text_column="tweet")

    assert [row["id"] for row in read(tmp_path / "out.csv")] == ["4"]


def test_an_address_and_the_flags_say_how_a_table_is_read(crowned, tmp_path, monkeypatch, capsys):
    source, outputs = tmp_path / "in.csv", [tmp_path / "out.csv", tmp_path / "again.csv"]
    source.write_bytes("1;j'adore ça;x\n2;I hate this; x\n".encode("cp1252"))

    room.score(Path(f"{source}?columns=id,tweet,more&encoding=cp1252"), outputs[0], text_column="tweet")
    flags = ["--columns", "id,tweet,more", "--encoding", "cp1252", "--text-column", "tweet"]
    monkeypatch.setattr(sys, "argv", ["score", "--input", str(source), "--output", str(outputs[1]), *flags])
    room.main()

    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    with outputs[0].open(newline="") as file:
        assert [row["tweet"] for row in csv.DictReader(file, delimiter=";")] == ["j'adore ça", "I hate this"]
    with pytest.raises(
        DataError, match=r"'column' is not known: after the . stand text_column, label_column"
    ):
        room.score(Path(f"{source}?column=id"), tmp_path / "more.csv")


def test_a_folder_goes_to_a_folder_and_what_cannot_be_read_is_told(
    crowned, four_tweets, tmp_path, monkeypatch
):
    (tmp_path / "in").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "in" / name).write_text(four_tweets.read_text())
    arguments = ["--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--text-column", "tweet"]
    monkeypatch.setattr(sys, "argv", ["score", *arguments])

    room.main()

    assert [row["id"] for row in read(tmp_path / "out" / "b.csv")] == ["1", "3", "4"]
    (tmp_path / "in" / "c.parquet").write_text("none")
    with pytest.raises(
        DataError,
        match=r"2 files, 8 rows \(8 of them earlier\): 6 scored in .*out, 2 kept aside in files "
        r"\*.rejected.csv beside them; .*Not scored, 1 files: c.parquet: .*Mend them, then run the same",
    ):
        room.score(tmp_path / "in", tmp_path / "out", text_column="tweet")


def test_an_empty_table_is_no_failure(crowned, tmp_path):
    (tmp_path / "in.csv").write_text("id,text\n")

    done = command(tmp_path / "in.csv", tmp_path / "out.csv", column="text", capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 rows: 0 scored")
    assert (tmp_path / "out.csv").read_text().startswith("id,text,predicted_label,")


def test_a_missing_column_is_one_clear_error(crowned, four_tweets, tmp_path):
    with pytest.raises(DataError, match="no column 'text'; it has 'id', 'tweet'"):
        room.score(four_tweets, tmp_path / "out.csv")


def arguments(four_tweets, output, column="tweet"):
    return ["--input", str(four_tweets), "--output", str(output), "--text-column", column]


def command(four_tweets, output, column="tweet", **streams):
    """Run the command; what it shows on stdout and stderr is in the streams."""
    environment = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value(), "COLUMNS": "120"}
    return subprocess.run(
        [sys.executable, "-m", "flows.score", *arguments(four_tweets, output, column)],
        cwd=ROOT,
        env=environment,
        timeout=120,
        check=False,
        **streams,
    )


def test_the_command_says_what_it_did_and_shows_no_bar_in_a_log(
    crowned, four_tweets, tmp_path, monkeypatch, capfd
):
    done = command(four_tweets, tmp_path / "out.csv", capture_output=True, text=True)

    assert done.returncode == 0
    assert done.stdout.startswith("4 rows: 3 scored in")
    assert "━" not in done.stderr
    assert "Finished in state Completed()" in done.stderr  # a run of the server that is named
    monkeypatch.setattr(sys, "argv", ["score", *arguments(four_tweets, tmp_path / "out.csv")])
    assert run_command(room.main) == 1
    again = capfd.readouterr().err
    assert (
        f"error: {tmp_path}/out.csv is there already: name another output, or replace it with --restart\n"
        in again
    )
    assert "Traceback" not in again


@pytest.mark.usefixtures("crowned")
def test_without_a_server_the_command_scores_and_starts_none(four_tweets, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr(room, "score", None)  # the flow, which would start one
    monkeypatch.setattr(sys, "argv", ["score", *arguments(four_tweets, tmp_path / "out.csv")])

    room.main()

    shown = capsys.readouterr()
    assert shown.out.startswith("4 rows: 3 scored in")
    assert shown.err.startswith(f"scoring {four_tweets}")


def test_the_command_shows_a_bar_in_a_terminal(crowned, four_tweets, tmp_path):
    terminal, its_end = pty.openpty()

    done = command(four_tweets, tmp_path / "out.csv", stdout=subprocess.PIPE, stderr=its_end)

    os.close(its_end)
    shown = b""
    try:
        while part := os.read(terminal, 65_536):
            shown += part
    except OSError:  # all is read
        pass
    assert done.returncode == 0
    assert "━" in shown.decode()
    assert "4 rows" in shown.decode()
    assert b"4 rows: 3 scored" in done.stdout
