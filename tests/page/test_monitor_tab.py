"""The tab "Monitor" with a real monitor behind it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import monitor_story
import pytest
from dashboard_answers import RULE
from monitor_fixtures import served

from page.alert_banner import banner, head_badge
from page.clock import Clock
from page.dashboard import PANELS, render
from page.monitor_tab import Monitor
from page.questions import View, alert_questions, view_questions
from page.ranges import RANGES
from page.texts import TEXTS
from sentiment.config import read_settings


@pytest.fixture(scope="module")
def told_monitor(tmp_path_factory):
    """A monitor of this process that was told some hours of a service."""
    now = datetime.now(UTC)
    with served(tmp_path_factory.mktemp("dashboard")) as client:
        monitor_story.send(monitor_story.tell(now), client.address)
        yield client, now


def look(client, settings, **choices):
    monitor = Monitor.from_settings(settings.model_copy(update={"logs_endpoint": client.address}))
    chosen = View(
        Clock.of("en", "UTC"),
        RANGES[choices.get("key", "6h")],
        choices.get("model", ""),
        RULE,
        0.5,
        monitor.answers.now(),
    )
    questions = view_questions(chosen)
    return chosen, dict(zip(questions, monitor.answers.ask(questions.values(), 30), strict=True))


def test_every_question_is_answered_by_a_real_monitor(told_monitor, home):
    chosen, got = look(told_monitor[0], read_settings())

    assert {name: answer.error for name, answer in got.items()} == dict.fromkeys(got)
    parts = render(chosen, got)
    assert all(f">{TEXTS[name][0]}" in parts[name] for name in PANELS)
    assert not any('class="nothing' in parts[name] for name in PANELS)
    assert "Great, another Monday without hot water 🙃" in parts["bad_predictions"]
    assert "firing" in banner(chosen, got)
    assert parts["alert_history"].count("<tr>") == 3
    assert ET.fromstring(f"<div>{''.join(parts.values())}</div>") is not None


def test_figures_of_a_real_monitor_are_those_of_what_it_was_told(told_monitor, home):
    _, got = look(told_monitor[0], read_settings(), key="1d")
    requests = [
        envelope["data"]["baseData"]
        for envelope in monitor_story.tell(told_monitor[1])
        if "Request" in envelope["name"]
    ]
    texts = sum(int(base["properties"].get("texts", 0)) for base in requests)

    assert got["requests_per_minute"].frame["requests"].sum() == len(requests)
    assert got["label_mix"].frame[["negative", "neutral", "positive"]].sum().sum() == texts
    assert got["confidence"].frame["predictions"].sum() == texts
    assert len(got["latency_overall"].frame) == 1


def test_a_model_that_nobody_served_has_no_rows(told_monitor, home):
    _, got = look(told_monitor[0], read_settings(), model='none"')
    _, new = look(told_monitor[0], read_settings(), model=monitor_story.NEW)

    assert got["latency"].error is None
    assert got["latency"].frame.empty
    assert set(new["bad_predictions"].frame["model"]) == {monitor_story.NEW}


def test_a_monitor_that_is_gone_is_an_error_with_its_address(home):
    settings = read_settings().model_copy(update={"port_monitor": 9})
    monitor = Monitor.from_settings(settings)
    questions = alert_questions(RULE)

    got = dict(zip(questions, monitor.answers.ask(questions.values(), 30), strict=True))

    assert "http://127.0.0.1:9" in str(got["alert"].error)
    assert head_badge("en", RULE, got) == ""
