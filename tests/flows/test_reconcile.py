"""Feedback that telemetry lost is sent again from the inbox, and each counts once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from monitor_fixtures import served
from telemetry_fixtures import make_feedback
from waiting import wait_for

from flows.reconcile import reconcile
from sentiment import queries
from sentiment.config import read_settings
from sentiment.errors import ConfigError, QueryError
from sentiment.feedback.inbox import Inbox
from sentiment.review.missing import missing_feedback
from sentiment.supervision.reader import LogsReader
from sentiment.telemetry import process


def received(hours):
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="microseconds")


@pytest.fixture
def loop(home, tmp_path, monkeypatch, prefect_server):
    """An inbox with five feedbacks, and a monitor that two of them reached."""
    feedbacks = [make_feedback(received_at=received(hours)) for hours in (1, 2, 47)]
    feedbacks += [
        make_feedback(received_at=received(72), correct=True, label="positive"),
        make_feedback(received_at=received(3), label=None),
    ]
    with served(tmp_path / "monitor") as monitor:
        monkeypatch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", monitor.connection_string)
        monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", monitor.address)
        inbox = Inbox(read_settings().feedback_address)
        for feedback in feedbacks:
            inbox.record(feedback)
        running = process.start(read_settings())
        for feedback in feedbacks[:2]:
            process.log_feedback(feedback)
        running.stop()
        monitor.feedbacks = feedbacks
        yield monitor


def in_the_logs(name="feedback"):
    with LogsReader.from_settings(read_settings()) as reader:
        return reader.frame(queries.read(name), timedelta(days=1))


def test_what_the_logs_lack_is_sent_again_and_a_second_run_sends_nothing(loop):
    assert set(in_the_logs()["feedback_id"]) == {feedback.feedback_id for feedback in loop.feedbacks[:2]}

    assert reconcile() == 3
    # Of the last day: the one of 47 hours ago arrived at its own time.
    wait_for(lambda: len(in_the_logs()) == 4)

    assert reconcile() == 0
    assert loop.rows("AppTraces | count") == [[5]]


def test_feedback_that_is_sent_again_keeps_its_time_its_label_and_its_masks(loop):
    reconcile()

    with LogsReader.from_settings(read_settings()) as reader:
        frame = reader.frame(queries.read("bad_predictions"), timedelta(days=7)).set_index("feedback_id")
        good = reader.frame(queries.read("good_predictions"), timedelta(days=7)).set_index("feedback_id")
    for feedback in loop.feedbacks[:3]:
        assert frame.loc[feedback.feedback_id, "timestamp"] == pd.Timestamp(feedback.received_at)
    assert good.loc[loop.feedbacks[3].feedback_id, "timestamp"] == pd.Timestamp(loop.feedbacks[3].received_at)
    assert frame.loc[loop.feedbacks[4].feedback_id, "feedback_label"] == ""
    assert set(frame["tweet_text"]) == {"so bad, @user"}


def test_old_feedback_that_is_sent_again_is_no_burst(loop):
    reconcile()

    late = in_the_logs("good_predictions")
    assert len(late) == 1  # it arrived now, for Azure takes nothing that says it is older than 48 hours
    assert loop.rows("AppTraces | where isnotempty(tostring(Properties.received_at)) | count") == [[1]]


def test_feedback_that_a_quota_dropped_comes_with_the_next_run(loop):
    loop.set_faults(track={"status": 402, "times": 1})
    assert reconcile() == 3
    assert loop.rows("AppTraces | count") == [[2]]

    assert reconcile() == 3
    assert loop.rows("AppTraces | count") == [[5]]


def test_feedback_that_may_still_be_on_its_way_is_left_alone(loop):
    Inbox(read_settings().feedback_address).record(make_feedback(received_at=received(0.1)))

    assert reconcile() == 3
    assert reconcile(grace_minutes=0) == 1


def test_logs_that_do_not_answer_send_nothing(loop):
    loop.set_faults(query={"status": 403, "times": 9})

    with pytest.raises(QueryError):
        reconcile()

    loop.clear_faults()
    assert loop.rows("AppTraces | count") == [[2]]


def test_without_a_place_to_send_to_nothing_is_guessed(home, monkeypatch, prefect_server):
    monkeypatch.setenv("SENTIMENT_WORKSPACE_ID", "11111111-1111-1111-1111-111111111111")
    monkeypatch.delenv("APPLICATIONINSIGHTS_CONNECTION_STRING", raising=False)

    with pytest.raises(ConfigError, match="APPLICATIONINSIGHTS_CONNECTION_STRING"):
        reconcile()


def test_only_the_period_counts():
    start, end = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)
    times = pd.to_datetime([start - timedelta(seconds=1), start, end - timedelta(seconds=1), end], utc=True)
    inbox = pd.DataFrame({"feedback_id": list("abcd"), "received_at": times})

    missing = missing_feedback(inbox, pd.DataFrame({"feedback_id": ["c", "x"]}), period=(start, end))

    assert list(missing["feedback_id"]) == ["b"]
