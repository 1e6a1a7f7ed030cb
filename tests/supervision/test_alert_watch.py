"""The watch over the alert: one message of each change, whatever stops, fails, repeats or steps in between."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from monitor.evaluator import SETTLE, seconds_to_next, start_evaluator
from sentiment.config import Settings
from sentiment.errors import AlertError, ConfigError, QueryError
from sentiment.supervision.alert_rule import parse_rule, read_rule
from sentiment.supervision.alert_watch import GIVE_UP, MOST_MISSED, Watch

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NAME = "bad-predictions"


class Logs:
    """Bad predictions at given minutes after noon; while `is_down` they cannot be asked."""

    def __init__(self, *minutes):
        self.times = [NOON + minute * MINUTE for minute in minutes]
        self.asked = []
        self.is_down = False

    def __call__(self, query, start, end):
        self.asked.append((start, end))
        if self.is_down:
            raise QueryError(
                "the logs at http://127.0.0.1:8600 do not answer: start the monitor", "unreachable"
            )
        return pd.DataFrame({"TimeGenerated": [time for time in self.times if start < time <= end]})


class Inbox:
    """A channel that keeps what it is sent, unless it is broken."""

    def __init__(self, name="inbox"):
        self.name = name
        self.got = []
        self.fault = None

    def send(self, notice):
        if self.fault:
            raise self.fault
        self.got.append((notice.change, notice.at))


BURST = (0.1, 0.2, 0.3)  # fired at minute 1, resolved at minute 15
FIRED, RESOLVED = ("fired", NOON + MINUTE), ("resolved", NOON + 15 * MINUTE)


@pytest.fixture
def mailbox():
    return Inbox()


def evaluate(watch, *minutes):
    """Evaluate at these minutes after noon and return the last evaluation."""
    for minute in minutes:
        evaluation = watch.evaluate(NOON + minute * MINUTE)
    return evaluation


def test_one_message_of_each_change_and_what_it_says(mailbox, tmp_path):
    watch = Watch(read_rule(), Logs(*BURST, 0.4), [mailbox], tmp_path)

    first = evaluate(watch, 0, 1)
    last = evaluate(watch, *range(2, 30))

    assert (first.at, first.value, first.state.fired) == (NOON + MINUTE, 4, NOON + MINUTE)
    (notice,) = first.changes
    assert (notice.change, notice.fired, notice.at, notice.value, notice.most) == (
        "fired",
        NOON + MINUTE,
        NOON + MINUTE,
        4,
        4,
    )
    assert (last.value, last.state.fired, last.undelivered) == (0, None, 0)
    assert mailbox.got == [FIRED, RESOLVED]


def test_the_window_ends_at_the_full_minute_and_is_as_long_as_the_rule_says(tmp_path):
    logs = Logs()
    rule = read_rule()
    told = json.loads(rule.model_dump_json(by_alias=True, exclude_unset=True))
    told["criteria"]["allOf"][0]["failingPeriods"] = {
        "numberOfEvaluationPeriods": 3,
        "minFailingPeriodsToAlert": 3,
    }

    Watch(rule, logs, [], tmp_path).evaluate(NOON + timedelta(seconds=59))
    Watch(parse_rule(told), logs, [], tmp_path / "other").evaluate(NOON)

    assert logs.asked == [(NOON - 5 * MINUTE, NOON), (NOON - 15 * MINUTE, NOON)]


def test_an_evaluation_is_made_once_however_often_it_is_asked_for(mailbox, tmp_path):
    logs = Logs(*BURST)
    watch, other = (Watch(read_rule(), logs, [mailbox], tmp_path) for _ in range(2))

    evaluate(watch, 1, 1.2, 1.5)
    evaluation = evaluate(other, 1.9)

    assert len(logs.asked) == 1
    assert mailbox.got == [FIRED]
    assert (evaluation.at, evaluation.value, evaluation.changes) == (NOON + MINUTE, 3, ())


def test_a_watch_that_starts_again_goes_on_where_the_last_one_was(mailbox, tmp_path):
    logs = Logs(*BURST)
    for minute in range(20):
        evaluate(Watch(read_rule(), logs, [mailbox], tmp_path), minute)

    assert mailbox.got == [FIRED, RESOLVED]


def test_evaluations_missed_while_stopped_are_made_up_for(mailbox, tmp_path):
    watch = Watch(read_rule(), Logs(10.1, 10.2, 10.3), [mailbox], tmp_path)

    evaluation = evaluate(watch, 0, 40)

    assert mailbox.got == [("fired", NOON + 11 * MINUTE), ("resolved", NOON + 25 * MINUTE)]
    assert [notice.change for notice in evaluation.changes] == ["fired", "resolved"]


def test_a_long_stop_is_made_up_for_within_bounds(mailbox, tmp_path):
    logs = Logs(*BURST, 1000.1, 1000.2, 1000.3)
    watch = Watch(read_rule(), logs, [mailbox], tmp_path)

    evaluate(watch, 1, 2, 1440)

    assert len(logs.asked) == 2 + MOST_MISSED
    assert logs.asked[-1][1] == NOON + 1440 * MINUTE
    assert mailbox.got == [FIRED, ("resolved", NOON + (1440 - MOST_MISSED + 10) * MINUTE)]


def test_what_could_not_be_asked_is_neither_met_nor_quiet(mailbox, tmp_path, caplog):
    logs = Logs(*BURST, 14.5, 14.6, 14.7)
    watch = Watch(read_rule(), logs, [mailbox], tmp_path)
    evaluate(watch, 0, 1)

    logs.is_down = True
    evaluation = evaluate(watch, *range(2, 31))
    logs.is_down = False
    after = evaluate(watch, 31)

    assert isinstance(evaluation.error, QueryError)
    assert (evaluation.at, evaluation.state.fired) == (NOON + MINUTE, NOON + MINUTE)
    assert after.error is None
    assert mailbox.got == [FIRED, ("resolved", NOON + 29 * MINUTE)]
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "do not answer" in warnings[0]


def test_quiet_evaluations_around_a_long_gap_do_not_add_up(mailbox, tmp_path):
    logs = Logs(*BURST)
    watch = Watch(read_rule(), logs, [mailbox], tmp_path)
    evaluate(watch, *range(15))  # fired, then quiet for nine evaluations

    evaluate(watch, 14 + MOST_MISSED + 1)

    assert mailbox.got == [FIRED, ("resolved", NOON + (14 + 1 + 10) * MINUTE)]


def test_the_watch_goes_on_from_there_when_the_clock_goes_back(mailbox, tmp_path, caplog):
    logs = Logs(*BURST)
    watch = Watch(read_rule(), logs, [mailbox], tmp_path)
    evaluate(watch, *range(3))

    evaluate(watch, 0, 1, 2)
    assert len(logs.asked) == 3
    evaluation = evaluate(watch, -60, *range(-59, 30))

    assert "the clock went back" in caplog.text
    assert evaluation.at == NOON + 29 * MINUTE
    assert [change for change, _ in mailbox.got] == ["fired", "resolved", "fired", "resolved"]
    assert mailbox.got[1] == ("resolved", NOON - 51 * MINUTE)


def test_a_clock_that_jumps_ahead_and_back_does_not_stop_the_watch(mailbox, tmp_path):
    watch = Watch(read_rule(), Logs(*BURST), [mailbox], tmp_path)

    evaluate(watch, -1, 60 * 24 * 365, *range(30))

    assert mailbox.got == [FIRED, RESOLVED]


def test_a_channel_that_fails_stops_nothing_and_is_tried_again_in_order(tmp_path, caplog):
    broken, whole = Inbox("broken"), Inbox("whole")
    watch = Watch(read_rule(), Logs(*BURST), [broken, whole], tmp_path)

    broken.fault = AlertError("the webhook answered 500: check its receiver")
    evaluation = evaluate(watch, *range(20))
    assert whole.got == [FIRED, RESOLVED]
    assert (broken.got, evaluation.undelivered, evaluation.error) == ([], 2, None)
    broken.fault = None
    evaluation = evaluate(watch, 20)

    assert broken.got == whole.got
    assert evaluation.undelivered == 0
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        f"the alert {NAME} is not told by broken yet: the webhook answered 500: check its receiver"
    ]


def test_what_is_not_our_own_error_is_not_written_to_the_log(tmp_path, caplog, mailbox):
    mailbox.fault = RuntimeError("canary4711")

    evaluate(Watch(read_rule(), Logs(*BURST), [mailbox], tmp_path), 1)

    assert "RuntimeError" in caplog.text
    assert "canary4711" not in caplog.text


def test_a_message_is_tried_for_a_day_and_not_longer(tmp_path, mailbox, caplog):
    watch = Watch(read_rule(), Logs(*BURST), [mailbox], tmp_path)
    mailbox.fault = AlertError("down")
    evaluate(watch, 1)

    kept = watch.evaluate(NOON + MINUTE + GIVE_UP - MINUTE).undelivered
    evaluation = watch.evaluate(NOON + MINUTE + GIVE_UP)
    mailbox.fault = None
    watch.evaluate(NOON + MINUTE + GIVE_UP + MINUTE)

    assert kept == 2  # that it fired, and that it was over
    assert evaluation.undelivered == 1
    assert [change for change, _ in mailbox.got] == ["resolved"]
    assert "no message that the alert bad-predictions is fired left by inbox" in caplog.text


def test_two_watchers_at_once_make_one_message(tmp_path):
    boxes = [Inbox(), Inbox()]
    watches = [Watch(read_rule(), Logs(*BURST), [box], tmp_path) for box in boxes]

    with ThreadPoolExecutor(2) as pool:
        for minute in range(20):
            barrier = threading.Barrier(2)
            list(
                pool.map(
                    lambda watch, barrier=barrier, minute=minute: (barrier.wait(), evaluate(watch, minute)),
                    watches,
                )
            )

    assert sorted(boxes[0].got + boxes[1].got) == [FIRED, RESOLVED]


KILLED = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import pandas as pd
from sentiment.supervision.alert_rule import read_rule
from sentiment.supervision.alert_watch import Watch

class Deadly:
    name = "inbox"
    def send(self, notice):
        os.kill(os.getpid(), signal.SIGKILL)

noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
rows = pd.DataFrame({"TimeGenerated": [noon] * 3})
Watch(read_rule(), lambda query, start, end: rows, [Deadly()], Path(sys.argv[1])).evaluate(noon + timedelta(minutes=1))
"""


def test_a_message_survives_kill_9_between_the_state_and_its_delivery(tmp_path, mailbox):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], env=environment, check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL

    watch = Watch(read_rule(), Logs(), [mailbox], tmp_path)  # the rows are gone, so only the state can know
    evaluate(watch, 1.1)
    assert mailbox.got == [FIRED]
    evaluate(watch, *range(2, 20))

    assert mailbox.got == [FIRED, ("resolved", NOON + 11 * MINUTE)]
    assert [line["change"] for line in lines(tmp_path)] == ["fired", "resolved"]


def lines(home):
    return [json.loads(line) for line in (home / "alerts" / f"{NAME}.jsonl").read_text().splitlines() if line]


def test_the_history_file_has_a_line_for_each_change(tmp_path):
    evaluate(Watch(read_rule(), Logs(*BURST, 0.4), [], tmp_path), *range(20))

    fired = (NOON + MINUTE).isoformat()
    assert lines(tmp_path) == [
        {"change": "fired", "fired": fired, "at": fired, "value": 4.0, "most": 4.0},
        {
            "change": "resolved",
            "fired": fired,
            "at": (NOON + 15 * MINUTE).isoformat(),
            "value": 0.0,
            "most": 4.0,
        },
    ]


def test_the_history_file_goes_on_after_half_a_line(tmp_path):
    path = tmp_path / "alerts" / f"{NAME}.jsonl"
    path.parent.mkdir()
    path.write_text('{"change": "fi')

    evaluate(Watch(read_rule(), Logs(*BURST), [], tmp_path), 1)

    broken, whole = path.read_text().splitlines()
    assert broken == '{"change": "fi'
    assert json.loads(whole)["change"] == "fired"


def test_a_line_that_was_written_before_a_crash_is_not_written_again(tmp_path, mailbox):
    watch = Watch(read_rule(), Logs(*BURST), [mailbox], tmp_path)
    mailbox.fault = AlertError("down")
    evaluate(watch, 1)
    path = tmp_path / "alerts" / f"{NAME}.json"

    path.write_text(path.read_text().replace('"inbox"', '"history"'))
    evaluation = evaluate(watch, 2)

    assert evaluation.undelivered == 0
    assert [line["change"] for line in lines(tmp_path)] == ["fired"]


def test_a_state_that_cannot_be_read_is_said_and_left_alone(tmp_path):
    path = tmp_path / "alerts" / f"{NAME}.json"
    path.parent.mkdir()
    path.write_text('{"evaluated": "yesterday"}')

    with pytest.raises(AlertError, match="repair it or delete it"):
        evaluate(Watch(read_rule(), Logs(), [], tmp_path), 1)
    assert path.read_text() == '{"evaluated": "yesterday"}'


def test_the_state_holds_no_text_of_a_tweet(tmp_path, mailbox):
    rows = pd.DataFrame({"TimeGenerated": [NOON] * 3, "tweet_text": ["canary4711"] * 3})
    mailbox.fault = AlertError("down")

    Watch(read_rule(), lambda *_: rows, [mailbox], tmp_path).evaluate(NOON)

    assert mailbox.name in (tmp_path / "alerts" / f"{NAME}.json").read_text()
    assert all("canary4711" not in path.read_text() for path in (tmp_path / "alerts").iterdir())


# --- The evaluator of the monitor, and the flow ---


class Engine:
    """A query engine with three bad predictions a minute ago; it says when it has been asked."""

    def __init__(self):
        self.asked = threading.Event()

    def frame(self, query, start, end):
        self.asked.set()
        return pd.DataFrame({"TimeGenerated": [start + MINUTE] * 3})


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
