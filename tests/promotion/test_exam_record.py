"""What later trainings and verdicts know of an exam: tags of version and run."""

import pytest
from promotion_fixtures import GOOD, POOR, TWIN, champions, verdict_runs
from validated_rows import audit_row

from models import LABELS
from sentiment.config import read_settings
from sentiment.data.validated_feedback import append
from sentiment.gate.verdict import Decision, make_override
from sentiment.training import versions

WORDS = {"negative": "awful terrible broken", "neutral": "the a report today", "positive": "great love happy"}


@pytest.fixture
def audited(registered_home, monkeypatch):
    """A function that appends audit rows whose label anybody can tell."""
    monkeypatch.setenv("SENTIMENT_VALIDATED_PATH", str(registered_home / "feedback.csv"))

    def add(first, rows):
        made = [
            audit_row(number, text=f"{WORDS[label]} item{number} thing{number * 7}", label=label)
            for number, label in zip(range(first, first + rows), LABELS * rows, strict=False)
        ]
        append(read_settings().validated_path, made, {})

    return add


def test_a_verdict_leaves_what_the_next_one_must_know_of_the_exam(gate, audited):
    gate(GOOD)
    audited(0, 450)
    verdict = gate(TWIN)
    rows = verdict.data["production"]["rows"]
    run, version = verdict_runs()[0].data.tags, versions.read_version(TWIN).tags

    assert rows >= 100
    assert (run["exam_from"], run["exam_to"], run["exam_rows"]) == ("0", "450", str(rows))
    assert run["exam_digest"] == verdict.data["production"]["sha256"]
    assert float(run["exam_alpha"]) == pytest.approx(verdict.data["exam"]["alpha"], abs=1e-7)
    assert run["champion"] == verdict.champion["name"]
    assert (version["exam_rows"], version["exam_spent"]) == (str(rows), "false")


def test_who_asks_again_is_told_that_the_exam_was_asked_before(gate, audited):
    gate(GOOD)
    audited(0, 450)
    first, again = gate(POOR), gate(TWIN)
    audited(450, 150)
    later = gate(TWIN)

    assert first.data["exam"]["alpha"] > 0
    assert (again.data["exam"]["alpha"], again.data["exam"]["earlier_looks"]) == (0, 1)
    assert later.data["exam"]["alpha"] > 0
    assert again.decision is Decision.HOLD


def test_an_override_and_a_small_exam_change_no_record(gate, audited):
    gate(GOOD)
    audited(0, 60)
    verdict = gate(TWIN, override=make_override(("Ann",), "a drill"))

    assert champions() == (TWIN, TWIN)
    assert verdict.data["exam"]["alpha"] == 0
    assert versions.read_version(TWIN).tags["exam_spent"] == "false"


def test_a_first_verdict_has_no_exam(gate):
    gate(GOOD)

    assert "exam_rows" not in versions.read_version(GOOD).tags
    assert "exam_from" not in verdict_runs()[0].data.tags
