"""The evaluator of the monitor, which runs the alert's watch in a thread."""

import logging
import threading
from datetime import timedelta

import pandas as pd
import pytest
from alert_fixtures import MINUTE, NAME, NOON

from monitor.evaluator import SETTLE, seconds_to_next, start_evaluator
from sentiment.config import Settings
from sentiment.errors import ConfigError
from sentiment.supervision.alert_rule import read_rule
from sentiment.supervision.alert_watch import Watch


class Engine:
    """A query engine with three bad predictions a minute ago; `asked` is set by a query."""

    def __init__(self):
        self.asked = threading.Event()

    def frame(self, query, start, end):
        self.asked.set()
        rows = [] if "bad_share" in query else [start + MINUTE] * 3
        return pd.DataFrame({"TimeGenerated": rows, "bad_share": [0.0] * len(rows)})


def test_the_evaluator_of_the_monitor_evaluates_at_once_and_stops(tmp_path, caplog):
    engine = Engine()

    with caplog.at_level(logging.INFO, "sentiment.alert"):
        stop = start_evaluator(engine, Settings(home=tmp_path, port_app=7861))
        assert engine.asked.wait(30)
        stop()

    assert not [thread for thread in threading.enumerate() if thread.name == "alert-evaluator"]
    assert "alert fired: Bad predictions: 3 in 5 minutes (limit: 3 or more), since " in caplog.text
    assert "look at the Monitor tab of http://127.0.0.1:7861" in caplog.text


def test_the_evaluator_goes_on_after_a_fault_of_its_own_and_says_it_once(tmp_path, caplog, monkeypatch):
    tried, thrice = [], threading.Event()

    class Counting(Watch):
        def evaluate(self, now):
            tried.append(now)
            if len(tried) == 3:
                thrice.set()
            return super().evaluate(now)

    monkeypatch.setattr("monitor.evaluator.Watch", Counting)
    monkeypatch.setattr("monitor.evaluator._AT_MOST_SECONDS", 0.01)
    path = tmp_path / "alerts" / f"{NAME}.json"
    path.parent.mkdir()
    path.write_text("{")
    engine = Engine()

    stop = start_evaluator(engine, Settings(home=tmp_path))
    try:
        assert thrice.wait(30)
        path.unlink()
        assert engine.asked.wait(30)
    finally:
        stop()

    assert caplog.text.count("the alert cannot be evaluated") == 1


def test_the_evaluator_does_not_start_with_a_channel_set_up_by_half(tmp_path):
    with pytest.raises(ConfigError, match="SENTIMENT_SMTP_URL"):
        start_evaluator(Engine(), Settings(home=tmp_path, alert_mail_to="a@example.org"))


def test_the_evaluator_waits_for_the_full_minute_and_until_its_rows_have_settled():
    rule = read_rule()

    assert seconds_to_next(rule, NOON) == SETTLE.total_seconds()
    assert seconds_to_next(rule, NOON + SETTLE) == 60
    assert seconds_to_next(rule, NOON + timedelta(seconds=32)) == 30
    hourly = rule.model_copy(
        update={"evaluation_frequency": timedelta(hours=1), "window_size": timedelta(hours=1)}
    )
    assert seconds_to_next(hourly, NOON + MINUTE) == 60
