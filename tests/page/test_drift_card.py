"""The card on drift, in both languages."""

import re

import pytest
from drifting import week

from page.drift_card import drift_card
from sentiment.drift.history import FILE, History

STORY = (
    week(0, training=(0.02, 0.4)),
    week(1, training=None),
    week(2, training=(0.9, 0.001), alarmed="2026-11-30T06:30:00+00:00", new=("goal", "<b>&")),
)


def card(folder, weeks, language="en"):
    History(tuple(weeks)).write(folder)
    return drift_card(folder, language)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Week of 30\u00a0Nov: the texts differ", "Review the audit tweets", "New words", "12.0%")),
        (
            "fr",
            (
                "Semaine du 30\u00a0nov.\u00a0: les textes diffèrent",
                "Relecture",
                "Nouveaux mots",
                "12,0\u00a0%",
            ),
        ),
    ],
)
def test_an_alarm_says_which_week_and_what_to_do(tmp_path, language, words):
    shown = card(tmp_path, STORY, language)

    assert all(word in shown for word in words)
    assert len(re.findall('class="band" d="M2', shown)) == 1  # the third of three weeks
    assert "&lt;b&gt;&amp;" in shown
    assert "<b>&" not in shown


@pytest.mark.parametrize(
    ("measured", "words"),
    [
        (STORY[0], "are like those"),
        (STORY[1], "too few different texts to compare (120)"),
        (week(training=(0.12, 0.006)), "hardly differ"),
        (
            week(training=(0.9, 0.001), known=(0.0, 0.5)),
            "differ from those that the model learned from, as before",
        ),
    ],
)
def test_a_week_without_news_asks_for_nothing(tmp_path, measured, words):
    shown = card(tmp_path, [measured])

    assert words in shown
    assert "Review" not in shown


def test_without_a_measured_week_the_card_says_how_to_measure_one(tmp_path):
    assert "python -m flows.drift" in drift_card(tmp_path, "en")


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / FILE).write_text("{")

    assert "move it away" in drift_card(tmp_path, "en")
