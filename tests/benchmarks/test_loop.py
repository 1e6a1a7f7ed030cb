"""The loop benchmark: which tweets people label each way, and the form of its table."""

import numpy as np
import pytest

from benchmarks import loop_weeks
from benchmarks.gate_shift import Shift
from benchmarks.loop import table
from benchmarks.loop_picture import draw_curves
from benchmarks.loop_weeks import AT_RANDOM, DRAWS, MIX, UNCERTAIN, Week, fit, label, live
from models import LABELS
from sentiment.data.dataset import Split
from sentiment.gate.judge import judge
from sentiment.gate.verdict import Decision

TRAFFIC = Split(tuple(f"tweet {number}" for number in range(400)), ("negative",) * 400)


class _Unsure:
    """A model that says `neutral` or `positive` of all, the surer the later the tweet."""

    def predict_proba(self, texts):
        sure = 0.4 + 0.5 * np.arange(len(texts)) / len(texts)
        return np.column_stack([(1 - sure) / 2, sure, (1 - sure) / 2])


@pytest.mark.parametrize("draw", DRAWS)
def test_a_week_has_as_many_labels_as_the_budget_each_of_another_tweet(draw):
    rows = label(_Unsure(), TRAFFIC, draw, budget=100, week=0)

    assert len(rows) == len({row.text for row in rows}) == 100
    assert {row.label for row in rows} == {"negative"}
    assert {row.predicted_label for row in rows} == {LABELS[1]}


def test_at_random_all_labels_are_audit_and_weigh_what_they_stand_for():
    rows = label(_Unsure(), TRAFFIC, AT_RANDOM, budget=100, week=0)

    assert {(row.drawn, float(row.weight)) for row in rows} == {("audit", 4.0)}


def test_the_least_sure_are_labelled_first_and_none_of_them_is_audit():
    rows = label(_Unsure(), TRAFFIC, UNCERTAIN, budget=50, week=0)

    assert {row.text for row in rows} == set(TRAFFIC.texts[:50])
    assert {row.drawn for row in rows} == {"uncertain"}


def test_half_of_the_mix_is_audit_and_complaints_come_before_the_unsure():
    rows = label(_Unsure(), TRAFFIC, MIX, budget=100, week=0)
    drawn = [row.drawn for row in rows]

    assert drawn.count("audit") == 50
    assert 0 < drawn.count("complaint") < 50
    assert drawn == sorted(drawn, key=["audit", "complaint", "uncertain"].index)


def test_the_table_says_how_much_of_the_gap_is_closed_and_the_picture_is_drawn():
    weeks = [
        Week(500, 0.5, 0.55, 0.05, 0.74, Decision.HOLD, 160),
        Week(1000, 0.58, 0.58, 0.08, 0.75, Decision.PROMOTE, 330),
    ]
    lived = {(AT_RANDOM, 0): weeks, (MIX, 0): weeks}

    lines = table(lived, (0.5, 0.6))

    assert lines[2].split(" | ")[2:4] == ["55.0", "50%"]
    assert "PROMOTE | +8.0 |" in lines[3]
    assert len(lines) == 2 + 4
    assert draw_curves(lived, (0.5, 0.6)).startswith(b"\x89PNG")


def test_nothing_but_quality_decides_in_the_loop(tweets, monkeypatch):
    verdicts = []

    def judged(evidence, **options):
        verdicts.append(judge(evidence, **options))
        return verdicts[-1]

    monkeypatch.setattr(loop_weeks, "judge", judged)
    made = [(f"words of {label} {number} {7 * number}", label) for number, label in enumerate(LABELS * 300)]
    shift = Shift(tweets, Split.of(made[:300]), Split.of(made[300:]))

    [week] = live(shift, fit(shift, tweets.train), AT_RANDOM, [450], seed=0)

    [verdict] = verdicts
    assert week.exam >= 100
    assert {check.outcome for check in verdict.checks if check.group == "evidence"} <= {"pass", "note"}
