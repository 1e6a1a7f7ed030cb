"""A day in a minute: mixed traffic while parts are killed, reconciled to the last feedback."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from crowning import crown
from monitor_fixtures import MonitorProcess
from reconciling import ALLOWED, Caller, callers
from served import family, kill, served
from waiting import wait_for

from sentiment import queries
from sentiment.champions import store
from sentiment.config import read_settings, tool_environment
from sentiment.supervision.reader import LogsReader

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SEED = int(os.environ.get("SOAK_SEED", "19"))
ROUNDS = int(os.environ.get("SOAK_ROUNDS", "1"))  # each serves anew, and ends with a kill of the service


def mixed(caller, chance):
    """One visit: mostly feedback, else a batch, feedback sent twice, or what must be refused."""
    kind = chance.choice(["feedback"] * 4 + ["batch", "twice", "bad"])
    if kind == "feedback":
        caller.give()
    elif kind == "batch":
        caller.post("/predict_batch", {"texts": ["I love it", "awful"]})
    elif body := caller.predict():
        caller.give(body)
        caller.give(body if kind == "twice" else body | {"text": "another text"})


def kill_monitor(monitor):
    """Kill the monitor and start it again at its address."""
    port = urlsplit(monitor.address).port
    monitor.stop(signal.SIGKILL)
    monitor.start(port=port)


def kill_worker(process):
    """Kill the process that answers; its supervisor starts another."""
    max(family(process)[1:], key=lambda member: member.memory_info().rss).kill()


@pytest.fixture
def soaked(tmp_path, served_model, prefect_server, monkeypatch):
    """The caller and the monitor of a day: seeded kills amid its traffic."""
    monkeypatch.setenv("SENTIMENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PREFECT_API_URL", prefect_server)
    monkeypatch.setenv("SENTIMENT_FEEDBACK_PER_MINUTE", "0")
    for variable, value in tool_environment(read_settings()).items():
        monkeypatch.setenv(variable, value)
    crown(store.save(served_model, metadata={}))
    chance, caller, log = random.Random(SEED), Caller(""), tmp_path / "serve.log"
    with MonitorProcess(tmp_path / "monitor", "--no-alerts") as monitor:
        monkeypatch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", monitor.connection_string)
        monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", monitor.address)
        for _ in range(ROUNDS):
            with served(log, workers=1) as (address, process):
                caller.address = address
                faults = [lambda: kill_monitor(monitor), lambda: kill_worker(process)]
                chance.shuffle(faults)
                with callers(4, lambda: mixed(caller, chance)):
                    for fault in faults:
                        wait_for_more(caller, chance.randint(20, 60))
                        fault()
                    wait_for_more(caller, chance.randint(20, 60))
                    kill(process, workers=1)
        yield caller


def wait_for_more(caller, number):
    """Wait for so many more good answers."""
    target = caller.statuses.count(200) + number
    wait_for(lambda: caller.statuses.count(200) >= target, 90)


def test_a_day_of_kills_ends_with_every_acknowledged_feedback_in_inbox_and_logs_once(soaked):
    soaked.reconcile()
    assert set(soaked.statuses) <= ALLOWED | {400}  # feedback on another text is refused

    command = [sys.executable, "-m", "flows.reconcile", "--grace-minutes", "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr

    with LogsReader.from_settings(read_settings()) as reader:
        logged = list(reader.frame(queries.read("feedback"), timedelta(hours=1))["feedback_id"])
    assert set(logged) >= soaked.acknowledged
    assert len(logged) == len(set(logged))
