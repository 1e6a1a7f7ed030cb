"""Drift in words and as a picture."""

import pytest
from drifting import week

from sentiment.reports.canvas import as_png
from sentiment.reports.drift import explain_drift, say_drift, summarise_drift
from sentiment.reports.drift_picture import draw_drift, draw_drift_narrow

STORY = [
    week(0, training=(0.02, 0.4)),
    week(1, training=None),
    week(2, training=(0.9, 0.001), alarmed="2026-11-30T06:30:00+00:00", new=("goal", "😡", "$x$")),
    week(3, training=(0.9, 0.001), known=(-0.01, 0.6)),
]


@pytest.mark.parametrize(
    ("measured", "sentence"),
    [
        (STORY[0], "Week of 16 Nov 2026: its texts are like those of training"),
        (STORY[1], "Week of 23 Nov 2026: too few different texts to compare (120 drawn)"),
        (STORY[2], "Week of 30 Nov 2026: its texts differ from those of training"),
        (STORY[3], "Week of 7 Dec 2026: its texts differ from training as before"),
        (week(training=(0.12, 0.006)), "Week of 16 Nov 2026: its texts hardly differ from those of training"),
    ],
)
def test_the_sentence_says_whether_it_is_news(measured, sentence):
    assert say_drift(measured) == sentence


def test_an_alarm_says_what_to_do_and_names_the_new_words():
    text = explain_drift(STORY[2])

    assert "The distance to training is 0.90" in text
    assert "12% of the words, and 5.0% in validation" in text
    assert "New words: goal (9), 😡 (9), $x$ (9)." in text
    assert "Review the audit tweets" in text
    assert "Review" not in explain_drift(STORY[3])
    assert "the production known before is 0.00" in explain_drift(STORY[3])


def test_the_table_has_the_latest_week_first_and_the_models():
    lines = summarise_drift(STORY).splitlines()

    rows = [line for line in lines if line.startswith("|")][2:]
    assert rows[0] == "| 7 Dec 2026 | 120 | 0.90 | 0.10 | -0.01 | 12% | – |"
    assert rows[1].endswith("| 2026-11-30 06:30 |")
    assert rows[2] == "| 23 Nov 2026 | 120 | – | – | – | 12% | – |"
    assert lines[-1] == "- one: 120 texts, mean score 0.75, 50% negative, 25% neutral, 25% positive"


@pytest.mark.parametrize("weeks", [STORY, STORY[:1], STORY[1:2], [week(number) for number in range(60)]])
def test_every_story_can_be_drawn(weeks):
    assert as_png(draw_drift(weeks)).startswith(b"\x89PNG")
    assert as_png(draw_drift_narrow(weeks, "any")).startswith(b"\x89PNG")
