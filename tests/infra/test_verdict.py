"""A retraining in GitHub Actions: the verdict in the summary and as an output."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import get_args

import pytest

from flows.promote import EXIT_CODES
from infra.programs import ProgramError
from infra.verdict import DECISIONS, main, retrain
from sentiment.errors import GateError
from sentiment.gate.verdict import Decision, Verdict
from sentiment.gate.verdict_text import as_json
from sentiment.training.plan import Trigger

VERDICT = Verdict(
    decision=Decision.PROMOTE,
    reasons=("the challenger is better",),
    checks=(),
    challenger={"name": "version 2"},
    champion={"name": "tweet-sentiment:abc"},
    data={"test": {"rows": 3, "sha256": "ab" * 32}},
    thresholds={},
    judged_at="2026-11-26T10:00:00+00:00",
)


def training(folder, code, text=None):
    """A fake retraining: an exit code, and a verdict on disk."""
    lines = [
        "import pathlib, sys",
        f"folder = pathlib.Path({str(folder)!r}) / 'verdict'",
        "folder.mkdir(parents=True, exist_ok=True)",
    ]
    lines += [f"(folder / 'verdict.json').write_text({text!r})"] if text is not None else []
    return (sys.executable, "-c", "\n".join([*lines, f"sys.exit({code})"]))


def said(decision, **more):
    return as_json(replace(VERDICT, decision=decision, **more))


@pytest.mark.parametrize(
    ("decision", "code"), [(Decision.PROMOTE, 0), (Decision.HOLD, 3), (Decision.REJECT, 4)]
)
def test_the_verdict_is_in_the_summary_and_only_promote_promotes(home, programs, tmp_path, decision, code):
    assert retrain(program=training(home, code, said(decision))) == (decision is Decision.PROMOTE)

    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith(f"# {decision}: the challenger is better")


def test_without_a_reason_to_train_nothing_is_promoted(home, programs, tmp_path):
    (home / "verdict").mkdir(parents=True)
    (home / "verdict" / "verdict.json").write_text(said(Decision.PROMOTE))  # of an earlier retraining

    assert not retrain(program=training(home, 0))

    assert "No reason to retrain" in (tmp_path / "summary.md").read_text()


@pytest.mark.parametrize("code", [1, 2, 130, -9])
def test_a_training_that_fails_is_no_verdict(home, programs, code):
    with pytest.raises(ProgramError, match="failed with"):
        retrain(program=training(home, code, said(Decision.PROMOTE)))


@pytest.mark.parametrize(
    ("code", "decision"), [(0, Decision.HOLD), (3, Decision.PROMOTE), (4, Decision.PROMOTE)]
)
def test_an_exit_code_that_contradicts_the_verdict_releases_nothing(home, programs, code, decision):
    with pytest.raises(ProgramError, match="release nothing"):
        retrain(program=training(home, code, said(decision)))


def test_a_hold_without_a_verdict_is_an_error(home, programs):
    with pytest.raises(ProgramError, match="left no verdict"):
        retrain(program=training(home, 3))


def test_a_verdict_that_was_altered_is_refused(home, programs):
    with pytest.raises(GateError, match="altered"):
        retrain(program=training(home, 0, said(Decision.HOLD).replace("HOLD", "PROMOTE")))


def test_the_exit_codes_are_those_of_the_flow():
    assert {code: decision for decision, code in EXIT_CODES.items()} == DECISIONS


def test_the_command_tells_the_output_and_passes_the_trigger_on(programs, monkeypatch, tmp_path):
    given = []
    monkeypatch.setattr("infra.verdict.retrain", lambda *arguments: given.append(arguments) or True)
    monkeypatch.setattr("sys.argv", ["infra.verdict"])

    main()

    assert (tmp_path / "output").read_text() == "promoted=true\n"
    assert given == [("--trigger", "schedule")]
    assert "schedule" in get_args(Trigger)
