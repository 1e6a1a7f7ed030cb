"""The flow `watch`: a real monitor, a real Prefect, the command, and what is missing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from monitor_fixtures import bad_prediction
from prefect.settings import PREFECT_API_URL

from flows import watch as room
from flows.watch import watch
from sentiment.errors import AlertError, ConfigError, QueryError
from sentiment.supervision.alert_rule import read_rule
from sentiment.supervision.alert_state import last_evaluation

ROOT = Path(__file__).parents[2]
MINUTE, TICK = timedelta(minutes=1), timedelta(microseconds=1)


@pytest.fixture
def at():
    """The latest full minute: the end of the window that is evaluated."""
    return last_evaluation(read_rule(), datetime.now(UTC))


@pytest.fixture
def asked_monitor(home, monitor, monkeypatch, prefect_server):
    """The monitor that the flow asks, by its setting."""
    monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", monitor.address)
    monkeypatch.setattr(room.ask, "retry_delay_seconds", [0, 0])
    return monitor


def send(asked_monitor, *times):
    envelopes = [bad_prediction(f"f{number}", time=time) for number, time in enumerate(times)]
    assert asked_monitor.http.post("/v2.1/track", json=envelopes).status_code == 200


def state(home):
    return json.loads((home / "alerts" / "bad-predictions.json").read_text())


def test_three_bad_predictions_fire_the_alert_and_the_line_says_so(asked_monitor, home, at, caplog):
    send(asked_monitor, at - MINUTE, at - MINUTE, at - MINUTE, at - 9 * MINUTE)

    line = watch()

    assert line.startswith("Bad predictions: 3 in the 5 minutes to ")
    assert f"; fired since {state(home)['alert']['fired'][:16].replace('T', ' ')} UTC" in line
    assert caplog.text.count("alert fired: Bad predictions: 3 in 5 minutes") == 1
    assert "the flight was late" not in caplog.text


def test_two_do_not(asked_monitor, home, at):
    send(asked_monitor, at - MINUTE, at - MINUTE)

    assert (
        watch().splitlines()[0] == "Bad predictions: 2 in the 5 minutes to "
        f"{state(home)['evaluated'][:16].replace('T', ' ')} UTC; not fired"
    )


@pytest.mark.parametrize(
    ("moved", "value"), [((TICK, 0 * TICK), 3), ((0 * TICK, 0 * TICK), 2), ((TICK, TICK), 2)]
)
def test_the_window_begins_after_its_first_moment_and_ends_with_its_last(
    asked_monitor, home, at, moved, value
):
    send(asked_monitor, at - 5 * MINUTE + moved[0], at - MINUTE, at + moved[1])

    watch(at=at)

    assert state(home)["value"] == value


def test_logs_that_are_busy_are_asked_again(asked_monitor, home, at):
    send(asked_monitor, at - MINUTE)
    asked_monitor.set_faults(query={"status": 429, "times": 2, "retry_after": 0})

    assert watch(at=at).startswith("Bad predictions: 1 in")


def test_logs_that_are_away_leave_the_alert_as_it_is(asked_monitor, home, at, monkeypatch):
    send(asked_monitor, at - MINUTE, at - MINUTE, at - MINUTE)
    watch(at=at)
    before = state(home)

    monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(QueryError) as failure:
        watch(at=at + MINUTE)

    assert failure.value.reason == "unreachable"
    assert state(home) == before | {"could_not_ask": True}


def test_each_alert_has_its_line(asked_monitor, at, monkeypatch):
    monkeypatch.setenv("SENTIMENT_PRODUCTION_BOUND", "0.5")

    bad, share, production = watch(at=at).splitlines()

    assert bad.startswith("Bad predictions: 0 in the 5 minutes to ")
    assert share.startswith("Share of bad predictions: nothing to measure in the 6 hours to ")
    assert production.startswith("Accuracy in production, at most: nothing to measure in the 4 weeks to ")


def test_a_rule_or_a_channel_that_cannot_be_used_is_an_error(asked_monitor, at, monkeypatch, home):
    monkeypatch.setenv("SENTIMENT_ALERT_MAIL_TO", "ann@example.org")
    with pytest.raises(ConfigError, match="SENTIMENT_SMTP_URL"):
        watch(at=at)
    monkeypatch.delenv("SENTIMENT_ALERT_MAIL_TO")

    (home / "alerts").mkdir(parents=True)
    (home / "alerts" / "bad-predictions.json").write_text("{")
    with pytest.raises(AlertError, match="repair it or delete it"):
        watch(at=at)


def test_every_keeps_on_after_an_error(monkeypatch, capsys):
    answers = iter(
        [QueryError("the logs are away: start them", "unreachable"), "all quiet", KeyboardInterrupt()]
    )

    def evaluate():
        answer = next(answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr(room, "watch", evaluate)
    with pytest.raises(KeyboardInterrupt):
        room.keep_watching(0.0)

    said = capsys.readouterr()
    assert said.out == "all quiet\n"
    assert said.err == "error: the logs are away: start them\n"


@pytest.mark.parametrize("text", ["0", "-1", "nan", "soon", "86401"])
def test_a_pause_that_is_none_is_refused(monkeypatch, capsys, text):
    monkeypatch.setattr(sys, "argv", ["flows.watch", "--every", text])

    with pytest.raises(SystemExit):
        room.main()
    assert "is no number of seconds from 1 to 86400" in capsys.readouterr().err


def test_the_command_watches_until_ctrl_c(asked_monitor, home, at):
    send(asked_monitor, at - MINUTE, at - MINUTE, at - MINUTE)
    command = [sys.executable, "-m", "flows.watch", "--every", "3600"]
    environment = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value()}
    with (home.parent / "log").open("w") as log:
        heard = ["env", "--default-signal=INT", *command]  # a shell's background job has Ctrl-C ignored
        process = subprocess.Popen(
            heard, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
        line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        code = process.wait(60)

    assert line.startswith("Bad predictions: 3 in the 5 minutes to ")
    assert code == 130
    said = (home.parent / "log").read_text()
    assert said.count("alert fired: Bad predictions: 3 in 5 minutes") == 1
    assert said.endswith("stopped\n")
