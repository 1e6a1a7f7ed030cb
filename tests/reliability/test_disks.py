"""A full disk, and a read-only one, below each store: an error of ours, and it goes on."""

from __future__ import annotations

import shutil

import pytest
from crowning import crown
from kill_steps import NOW, feedback
from monitor_fixtures import MonitorProcess, bad_prediction
from review_fixtures import report

from sentiment.champions import store
from sentiment.config import read_settings, tool_environment
from sentiment.errors import FeedbackError, ReviewError, SentiloopError, StoreError
from sentiment.feedback.inbox import Inbox
from sentiment.review.inbox_frame import read_inbox
from sentiment.review.queue import ReviewQueue
from sentiment.training import runs

pytestmark = pytest.mark.slow


@pytest.fixture
def disk(small_disks, empty_mlflow, monkeypatch):
    """A small disk with a home on it."""
    disk = small_disks()
    monkeypatch.setenv("SENTIMENT_HOME", str(disk.folder / "home"))
    for variable, value in tool_environment(read_settings()).items():
        monkeypatch.setenv(variable, value)
    (disk.folder / "home").mkdir()
    shutil.copy(empty_mlflow, disk.folder / "home" / "mlflow.db")
    return disk


@pytest.fixture(params=["full", "read-only"])
def broken(request, disk):
    """What breaks the disk, and what mends it."""
    return (disk.fill, disk.free) if request.param == "full" else (disk.freeze, disk.thaw)


def record_all(inbox):
    return [inbox.record(feedback(number)) for number in range(9)]


def test_the_inbox_keeps_what_it_acknowledged_and_takes_the_rest_later(broken):
    breaks, mends = broken
    inbox = Inbox(read_settings().feedback_address)
    inbox.record(feedback(0))
    breaks()
    with pytest.raises(FeedbackError, match="cannot be written"):
        record_all(inbox)
    mends()
    assert not record_all(inbox)[0]

    held = read_inbox(inbox)["prediction_id"]
    assert sorted(held) == [f"prediction-{number}" for number in range(9)]


def test_the_store_keeps_its_champion_and_saves_the_next_later(broken, served_model):
    breaks, mends = broken
    first = store.save(served_model, metadata={})
    crown(first)
    breaks()
    with pytest.raises((StoreError, OSError)):
        store.save(served_model, metadata={})
    assert store.champion().tag == first
    mends()
    second = store.save(served_model, metadata={})
    crown(second)

    assert store.champion().tag == second
    assert [model.tag for model in map(store.find, (first, second))] == [first, second]


def test_the_review_keeps_its_judgements_and_takes_the_next_later(broken):
    breaks, mends = broken
    with opened_queue() as queue:
        queue.add([report(0)])
        queue.judge(report(0).feedback_id, "ann", "negative", now=NOW)
    breaks()
    with pytest.raises(ReviewError):
        add_many()
    mends()
    assert add_many().known >= 1
    with opened_queue() as queue:
        assert len(queue.items()) == 400
        assert [settled.label for settled in queue.settled()] == ["negative"]


def opened_queue():
    return ReviewQueue(read_settings().review_address, overlap=0)


def add_many():
    with opened_queue() as queue:
        return queue.add([report(number) for number in range(400)])


def test_mlflow_says_that_the_disk_is_full_and_goes_on_later(disk):
    runs.connect(read_settings())
    disk.fill()
    with pytest.raises(SentiloopError):
        log_a_run("a line\n" * 100_000)
    disk.free()
    log_a_run("a line\n")
    assert runs.count_runs({}) >= 1


def log_a_run(notes):
    with runs.start_run("tfidf"):
        runs.log_texts({"notes.txt": notes})


def test_the_monitor_acknowledges_only_what_it_has_and_goes_on_by_itself(small_disks):
    disk = small_disks("48m")
    with MonitorProcess(disk.folder / "home", "--no-alerts") as monitor:
        statuses, kept = [], 0
        disk.fill()
        for number in range(200):
            answer = monitor.track(bad_prediction(f"full-{number}", tweet_text="late " * 2000))
            statuses.append(answer.status_code)
            kept += answer.status_code == 200
            if answer.status_code == 503:
                break
        assert set(statuses) <= {200, 503}
        assert "Retry-After" in answer.headers or answer.status_code == 200
        disk.free()
        assert monitor.track(bad_prediction("later")).status_code == 200
        assert monitor.rows("AppTraces | count") == [[kept + 1]]
