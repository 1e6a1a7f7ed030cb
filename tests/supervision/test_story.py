"""Supervision from end to end, in processes: three corrections, the alert, the report."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from crowning import crown
from monitor_fixtures import MonitorProcess
from served import kill, served
from waiting import wait_for

from sentiment import queries
from sentiment.champions import store
from sentiment.config import read_settings, tool_environment
from sentiment.feedback.inbox import Inbox
from sentiment.review.inbox_frame import read_inbox
from sentiment.supervision.reader import LogsReader

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
TWEETS = (
    "I love this, thank you so much @ann!",
    "best day ever, write to bob@example.com",
    "perfect landing, http://t.co/x",
)
MASKED = {"I love this, thank you so much @user!", "best day ever, write to (email)", "perfect landing, http"}


def run(*command):
    """The output of a command."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def correct(address, text):
    """Have a tweet labelled, and give feedback that the label is wrong."""
    prediction = httpx.post(f"{address}/predict", json={"text": text}).json()
    other = "negative" if prediction["label"] != "negative" else "positive"
    answer = httpx.post(
        f"{address}/feedback",
        json={"prediction_id": prediction["prediction_id"], "text": text, "correct": False, "label": other},
    )
    return answer.json()["feedback_id"]


def bad_predictions():
    with LogsReader.from_settings(read_settings()) as reader:
        return reader.frame(queries.read("bad_predictions"), timedelta(hours=1))


@pytest.fixture(scope="module")
def supervision_story(tmp_path_factory, served_model, prefect_server):
    """Three corrections, then a fourth that a `kill -9` takes from telemetry, seen at each step."""
    home = tmp_path_factory.mktemp("supervision") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(home))
        patch.setenv("PREFECT_API_URL", prefect_server)
        for variable, value in tool_environment(read_settings()).items():
            patch.setenv(variable, value)
        tag = store.save(served_model, metadata={})
        crown(tag)
        with MonitorProcess(home.parent / "monitor", "--no-alerts") as monitor:
            patch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", monitor.connection_string)
            patch.setenv("SENTIMENT_LOGS_ENDPOINT", monitor.address)
            seen = {"tag": str(tag)}
            with served(home / "serve.log") as (address, _):
                seen["ids"] = {correct(address, text) for text in TWEETS}
                wait_for(lambda: len(bad_predictions()) == 3)
                seen["frame"] = bad_predictions()
                third = seen["frame"]["timestamp"].max()
            patch.setenv("OTEL_BLRP_SCHEDULE_DELAY", "60000")
            with served(home / "serve.log") as (address, process):
                seen["lost"] = correct(address, "so excited, awesome")
                kill(process)
            seen["in the inbox"] = set(read_inbox(Inbox(read_settings().feedback_address))["feedback_id"])
            seen["before"] = set(bad_predictions()["feedback_id"])
            seen["reconciled"] = run("flows.reconcile", "--grace-minutes", "0")
            seen["after"] = set(bad_predictions()["feedback_id"])
            report = home / "report.html"
            # The rule is evaluated at whole minutes.
            wait_for(lambda: datetime.now(UTC) > third.ceil("min"), 61)
            seen["fired"] = run("flows.watch")
            seen["analysed"] = run("flows.analyse", "--output", str(report))
            seen["report"] = report.read_text("utf-8")
        yield seen


def test_the_logs_hold_the_three_tweets_masked(supervision_story):
    assert set(supervision_story["frame"]["feedback_id"]) == supervision_story["ids"]
    assert set(supervision_story["frame"]["tweet_text"]) == MASKED
    assert set(supervision_story["frame"]["model"]) == {supervision_story["tag"]}
    assert supervision_story["frame"]["score"].between(0.34, 1).all()


def test_the_alert_fires(supervision_story):
    assert "fired since" in supervision_story["fired"]


def test_feedback_that_kill_9_took_from_telemetry_is_in_the_inbox_and_is_sent_again(supervision_story):
    assert supervision_story["in the inbox"] == supervision_story["ids"] | {supervision_story["lost"]}
    assert supervision_story["lost"] not in supervision_story["before"]
    assert "sent 1 again" in supervision_story["reconciled"]
    assert supervision_story["after"] == supervision_story["ids"] | {supervision_story["lost"]}


def test_the_report_shows_the_mistakes(supervision_story):
    assert "perfect landing, http" in supervision_story["report"]
    assert "bob@example.com" not in supervision_story["report"]
    assert "report.html" in supervision_story["analysed"]
