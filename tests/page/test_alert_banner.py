"""The alert on the page: its banner, its badge, and its past firings."""

from __future__ import annotations

import re
from datetime import timedelta

import pandas as pd
from dashboard_answers import DOWN, NOW, RULE, answers, at, frame, history, view

from page.alert_banner import banner, head_badge
from page.answers import Answer
from page.dashboard import panel
from page.questions import view_questions


def test_a_calm_alert_says_how_many_there_are_and_when_it_fires():
    some = answers(alert=frame("alert", (NOW, "f-1")), alert_day=history(1, 1))

    html = banner(view(), some)

    assert "1 bad prediction in the last 5 minutes. The alert fires at 3." in html
    assert "calm" in html
    assert head_badge("en", RULE, some) == ""


def test_a_firing_alert_says_how_many_and_since_when():
    some = answers(alert=frame("alert", *((NOW, f"f-{n}") for n in range(4))), alert_day=history(1, 2, 5, 4))

    html = banner(view(), some)

    assert "Alert since 12:59" in html
    assert "4 bad predictions in the last 5 minutes. The most were 5." in html
    assert "after 10 minutes below 3" in html
    assert "Alerte\u00a0: 4 mauvaises prédictions en 5 minutes" in head_badge("fr", RULE, some)


def test_three_bad_predictions_fire_before_the_next_full_minute():
    some = answers(alert=frame("alert", *((NOW, f"f-{n}") for n in range(3))), alert_day=history(2))

    assert "firing" in banner(view(), some)
    assert "3 bad" in head_badge("en", RULE, some)
    some = answers(alert=frame("alert", *((NOW, f"f-{n}") for n in range(2))), alert_day=history(2))
    assert "calm" in banner(view(), some)


def test_an_alert_stays_open_until_it_was_quiet_for_ten_minutes():
    some = answers(alert_day=history(3, *[0] * 9))
    assert "still open" in head_badge("en", RULE, some)
    assert "0 bad predictions" in banner(view(), some)

    assert "calm" in banner(view(), answers(alert_day=history(3, *[0] * 10)))


def test_an_alert_whose_state_is_not_known_is_never_called_calm():
    some = answers()
    some["alert"] = Answer(None, None, DOWN, is_waiting=False)

    html = banner(view(), some)

    assert "The state of the alert is not known: the monitor at" in html
    assert "calm" not in html
    assert head_badge("en", RULE, some) == ""
    some["alert"], some["alert_day"] = Answer(frame("alert"), NOW), Answer(pd.DataFrame({"x": [1]}), NOW)
    assert "not known" in banner(view(), some)


def test_an_old_state_of_the_alert_says_how_old_it_is():
    some = {name: Answer(answer.frame, at(2), DOWN) for name, answer in answers().items()}

    assert "As of 12:58:00; the latest attempt failed." in banner(view(), some)


def test_past_alerts_show_when_they_fired_and_ended():
    counts = [0, 3, 4, 2, *[0] * 12]
    html = panel(view(), "alert_history", answers(alert_history=history(*counts))["alert_history"])

    assert re.findall(r'<td class="[a-z]+">(.*?)</td>', html) == ["12:46", "12:57", "4"]
    assert 'class="band' in html
    assert "alert from 3" in html


def test_an_alert_that_ended_before_the_range_is_not_shown():
    rows = frame("alert_history", (at(75), 3))

    html = panel(view(), "alert_history", Answer(rows, NOW))

    assert "did not fire" in html
    assert 'class="band' not in html.replace('class="band "', "")


def test_an_alert_that_was_open_when_the_range_began_is_known():
    question = view_questions(view(key="15m"))["alert_history"]

    assert question.length == timedelta(minutes=15) + timedelta(minutes=5) + timedelta(minutes=10)
    rows = frame("alert_history", (at(20), 4))
    assert re.findall(
        r'<td class="[a-z]+">(.*?)</td>', panel(view(key="15m"), "alert_history", Answer(rows, NOW))
    ) == [
        "12:40",
        "12:50",
        "4",
    ]
