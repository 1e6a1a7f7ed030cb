"""The runner of other programs, and the outputs for GitHub Actions."""

from __future__ import annotations

import os
import time

import psutil
import pytest

from infra import github
from infra.programs import ProgramError, run, run_json


def test_a_program_gives_its_output_and_takes_text():
    assert run("cat", seconds=5, text="a\nb") == "a\nb"
    assert run_json("echo", '{"a": [1]}', seconds=5) == {"a": [1]}
    assert run_json("true", seconds=5) is None


def test_a_program_that_is_missing_fails_or_talks_is_named():
    with pytest.raises(ProgramError, match="no-such-program cannot be started"):
        run("no-such-program", seconds=5)
    with pytest.raises(ProgramError, match="'sh' failed with 3: last"):
        run("sh", "-c", "echo first >&2; echo last >&2; exit 3", seconds=5)
    with pytest.raises(ProgramError, match="'false' failed with 1: it said nothing"):
        run("false", seconds=5)
    with pytest.raises(ProgramError, match="no JSON"):
        run_json("echo", "hello", seconds=5)


def test_all_that_a_program_started_ends_with_its_time(tmp_path):
    file, start = tmp_path / "pid", time.monotonic()

    with pytest.raises(ProgramError, match=r"longer than 2 s"):
        run("sh", "-c", f"sleep 60 & echo $! > {file}; wait", seconds=2)

    assert time.monotonic() - start < 10
    child = int(file.read_text())
    for _ in range(100):
        if not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.05)
    pytest.fail("what the program had started goes on")


def test_a_program_is_tried_as_often_as_it_may_be(tmp_path):
    file = tmp_path / "tries"
    command = ("sh", "-c", f"echo x >> {file}; test $(wc -l < {file}) -ge 3")

    run(*command, seconds=5, tries=3, pause=0.01)

    file.unlink()
    with pytest.raises(ProgramError):
        run(*command, seconds=5, tries=2, pause=0.01)
    assert len(file.read_text().split()) == 2
    with pytest.raises(ProgramError, match="0 times"):
        run("true", seconds=5, tries=0)


def test_a_secret_among_the_options_is_in_no_error():
    with pytest.raises(ProgramError) as caught:
        run("sh", "-c", "exit 1", "--password", "s3cret", seconds=5)

    assert "s3cret" not in str(caught.value)


def test_outputs_and_summaries_are_added_to_githubs_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    for number in (1, 2):
        github.tell(f"name{number}", "value")
        github.summarise(f"- line {number}")

    assert (tmp_path / "output").read_text() == "name1=value\nname2=value\n"
    assert (tmp_path / "summary").read_text() == "- line 1\n- line 2\n"
    assert "- line 2" in capsys.readouterr().out


def test_an_output_cannot_smuggle_in_another_one():
    with pytest.raises(ValueError, match="several lines"):
        github.tell("image", "a\npromoted=true")


def test_elsewhere_than_on_github_it_is_only_printed(monkeypatch, capsys):
    for variable in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(variable, raising=False)

    github.tell("image", "x")

    assert capsys.readouterr().out == "image=x\n"
    assert "GITHUB_OUTPUT" not in os.environ
