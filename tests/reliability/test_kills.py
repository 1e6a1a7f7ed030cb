"""`kill -9` at the writes of each step: nothing acknowledged is lost, and the next run goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bulk_fixtures import tweets, write
from crowning import crown
from kill_steps import NOW, feedback
from review_fixtures import report

from sentiment.champions import store
from sentiment.config import read_settings
from sentiment.feedback.inbox import Inbox
from sentiment.promotion.publication import publish_champion
from sentiment.review.queue import ReviewQueue

pytestmark = pytest.mark.slow
FIXTURES = Path(__file__).parents[1] / "fixtures"
# How many of a step's writes it is killed at, spread evenly; KILL_POINTS=0: at all of them.
POINTS = os.environ.get("KILL_POINTS")


def killed_at_its_writes(step, home, points, **environment):
    """Run a step in processes that are killed, and return what the program says."""
    command = [sys.executable, str(FIXTURES / "kill_program.py"), step, str(home), POINTS or str(points)]
    root = FIXTURES.parents[1]
    answer = subprocess.run(
        command,
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root}:{FIXTURES}", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=280 if not POINTS else 3000,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr[-5000:]
    print(answer.stdout)


@pytest.fixture
def full_inbox(loop_home):
    inbox = Inbox(read_settings().feedback_address)
    for number in range(12):
        inbox.record(feedback(number))
    return loop_home


@pytest.fixture
def served_home(loop_home, served_model):
    crown(store.save(served_model, metadata={}))
    return loop_home


def test_feedback_that_was_acknowledged_survives_a_kill_at_any_write(loop_home):
    killed_at_its_writes("record", loop_home, 0)


def test_a_collection_killed_at_any_write_adds_all_once_the_next_time(full_inbox):
    killed_at_its_writes("collect", full_inbox, 6)


def test_a_validation_killed_at_any_write_appends_all_once_the_next_time(
    loop_home, prefect_server, corpus_file, monkeypatch
):
    monkeypatch.setenv("SENTIMENT_VALIDATED_PATH", str(loop_home / "feedback_validated.csv"))
    monkeypatch.setenv("SENTIMENT_WEEK_CAP", "1")
    monkeypatch.setenv("SENTIMENT_SOURCE_CAP", "1")
    with ReviewQueue(read_settings().review_address, overlap=0) as queue:
        queue.add([report(number) for number in range(6)])
        for number in range(6):
            queue.judge(report(number).feedback_id, "ann", "negative", now=NOW)
    given = {"KILL_CORPUS": str(corpus_file), "PREFECT_API_URL": prefect_server}
    killed_at_its_writes("validate", loop_home, 5, **given)


def test_a_training_killed_at_any_write_ends_with_a_champion_the_next_time(
    loop_home, prefect_server, corpus_file
):
    given = {"KILL_CORPUS": str(corpus_file), "PREFECT_API_URL": prefect_server}
    killed_at_its_writes("train", loop_home, 3, **given)


def test_a_promotion_killed_at_any_write_leaves_a_whole_champion_and_is_finished_the_next_time(
    gate, registered_home, tweets_file
):
    gate("1")
    killed_at_its_writes("promote", registered_home, 4, KILL_CORPUS=str(tweets_file))


def test_a_rollback_killed_at_any_write_has_happened_or_not(gate, registered_home):
    gate("1")
    gate("2")
    killed_at_its_writes("roll back", registered_home, 4)


def test_a_publication_killed_at_any_write_points_to_nothing_that_is_not_whole(
    served_home, container, monkeypatch
):
    monkeypatch.setenv("SENTIMENT_MODELS_URL", f"az://{container.container_name}")
    killed_at_its_writes("publish", served_home, 5)


def test_a_fetch_killed_at_any_write_leaves_no_half_champion(served_home, container, monkeypatch, tmp_path):
    monkeypatch.setenv("SENTIMENT_MODELS_URL", f"az://{container.container_name}")
    tag = publish_champion(read_settings(), progress=lambda line: None)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {"SENTIMENT_HOME": str(elsewhere), "BENTOML_HOME": str(elsewhere / "bentoml")}
    killed_at_its_writes("fetch", elsewhere, 5, KILL_TAG=tag, **environment)


def test_a_scoring_killed_at_any_write_ends_with_the_same_bytes(served_home):
    write(served_home / "in.csv", [["text"], *([text] for text in tweets(40))])
    killed_at_its_writes("score", served_home, 6)
