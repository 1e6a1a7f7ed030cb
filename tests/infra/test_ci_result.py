"""A release waits until ci has passed its commit, and refuses one that it has not."""

from __future__ import annotations

import json

import pytest

from infra import ci_result
from infra.ci_result import NotTestedError, judge

COMMIT = "c0ffee0" * 5 + "c0ffe"
PATH = f"gh api repos/ann/sentiloop/actions/workflows/ci.yml/runs?head_sha={COMMIT}&per_page=100"


def run(status, conclusion=None, commit=COMMIT):
    return {"status": status, "conclusion": conclusion, "head_sha": commit}


@pytest.mark.parametrize(
    ("runs", "passes"),
    [
        ([run("completed", "success")], True),
        ([run("completed", "failure"), run("completed", "success")], True),  # it was run again
        ([run("in_progress")], False),
        ([run("completed", "failure"), run("queued")], False),
    ],
)
def test_one_run_that_passed_is_enough_and_one_under_way_is_waited_for(runs, passes):
    assert judge(runs, COMMIT) == passes


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([], "no run of it"),
        ([run("completed", "success", "0" * 40)], "no run of it"),
        ([run("completed", "failure")], "failure"),
        ([run("completed", "cancelled")], "cancelled"),
        # The run of a bot's pull request, which waits for a person's approval.
        ([run("completed", "action_required")], "action_required"),
    ],
)
def test_a_commit_that_ci_has_not_passed_is_refused(runs, words):
    with pytest.raises(NotTestedError, match=words):
        judge(runs, COMMIT)


def test_it_waits_for_a_run_to_appear_and_to_end(programs, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    for runs in ([], [run("queued")], [run("in_progress")]):
        programs.answer(PATH, json.dumps({"workflow_runs": runs}), times=1)
    programs.answer(PATH, json.dumps({"workflow_runs": [run("completed", "success")]}))

    ci_result.wait("ann/sentiloop", COMMIT, minutes=5)

    assert len(programs.calls) == 4


def test_the_command_fails_for_an_untested_commit(programs, monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_REPOSITORY", "ann/sentiloop")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    programs.answer(PATH, json.dumps({"workflow_runs": [run("completed", "failure")]}))

    assert ci_result.main(["--commit", COMMIT]) == 1

    assert capsys.readouterr().err.startswith(f"::error::ci has not passed {COMMIT} (failure)")


def test_its_time_ends(programs, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    programs.answer(PATH, json.dumps({"workflow_runs": [run("in_progress")]}))

    with pytest.raises(NotTestedError, match="did not pass"):
        ci_result.wait("ann/sentiloop", COMMIT, minutes=0.001)
