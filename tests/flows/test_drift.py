"""Drift end to end: a real monitor, a champion and MLflow; then the report and retraining."""

import sys
from datetime import UTC, datetime, timedelta

import mlflow
import pytest
from crowning import crown
from drifting import tweets_about
from monitor_fixtures import message, served
from prefect.artifacts import Artifact

from flows import drift as room
from flows.drift import drift
from flows.prepare import prepared_dataset
from flows.retrain import _reason_not_to
from sentiment.champions import store
from sentiment.config import EXPERIMENT_NAME, read_settings
from sentiment.drift.history import History
from sentiment.errors import StoreError

pytestmark = pytest.mark.usefixtures("prefect_server")
NOW = datetime.now(UTC)
THIS_MONDAY = NOW.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=NOW.weekday())


def sampled(texts, at, name, reason="random"):
    return [
        message(
            "Sampled prediction",
            time=at + timedelta(seconds=number),
            tweet_text=text,
            predicted_label="neutral",
            score="0.6",
            model="tweet-sentiment:one",
            prediction_id=f"{name}-{number}",
            reason=reason,
            probability="1",
        )
        for number, text in enumerate(texts)
    ]


@pytest.fixture
def drifting_home(loop_home, tweets_file, tmp_path, monkeypatch, tfidf_model):
    """A champion, and a monitor with three weeks: like training, of football, of football again."""
    crown(store.save(tfidf_model, metadata={"family": "tfidf"}))
    base = prepared_dataset(str(tweets_file))
    monkeypatch.setenv("SENTIMENT_VALIDATED_PATH", str(tmp_path / "none.csv"))
    weeks = [THIS_MONDAY - timedelta(days=7 * ago) for ago in (3, 2, 1)]
    texts = [list(base.test.texts[:60]), tweets_about("football", 60), tweets_about("football", 60, seed=1)]
    with served(tmp_path / "monitor") as monitor:
        monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", monitor.address)
        rows = [
            row
            for number, (at, some) in enumerate(zip(weeks, texts, strict=True))
            for row in sampled(some, at + timedelta(hours=30), f"w{number}")
        ]
        rows += sampled(["doubtful"] * 5, weeks[0] + timedelta(hours=1), "low", "low confidence")
        assert monitor.http.post("/v2.1/track", json=rows).status_code == 200
        yield weeks


def test_drift_is_told_once_kept_reported_and_a_reason_to_train(
    drifting_home, tweets_file, monkeypatch, capsys
):
    latest = drift(str(tweets_file), weeks=4)
    history = History.read(read_settings().drift_home)

    assert [week.look.start for week in history.weeks] == [monday.isoformat() for monday in drifting_home]
    assert [week.texts for week in history.weeks] == [60, 60, 60]
    like, alarm, again = history.weeks
    assert [bool(week.alarmed) for week in history.weeks] == [False, True, False]
    assert like.training.distance < alarm.training.distance
    assert again.known.p_value > 0.005
    assert {word.word for word in alarm.new} >= {"goal", "striker"}
    assert latest == again

    (run,) = mlflow.search_runs(experiment_names=[EXPERIMENT_NAME], output_format="list")
    assert (run.data.tags["kind"], run.data.metrics["texts"]) == ("drift", 60)
    names = {file.path for file in mlflow.MlflowClient().list_artifacts(run.info.run_id)}
    assert names == {"drift.png", "drift.md"}
    assert Artifact.get("drift").data.startswith("# Week of")

    # A second time there is nothing new to look at.
    monkeypatch.setattr(sys, "argv", ["drift", "--data", str(tweets_file)])
    room.main()
    assert "differ from training as before" in capsys.readouterr().out
    assert History.read(read_settings().drift_home) == history

    settings, began = read_settings(), (NOW - timedelta(days=1)).isoformat()
    reason = _reason_not_to(settings, "drift", 0, {"started_at": began, "trained_at": began})
    assert "no validated row is new" in reason
    assert _reason_not_to(settings, "drift", 1, {"started_at": began, "trained_at": began}) == ""
    later = (NOW + timedelta(days=1)).isoformat()
    assert "no drift was found" in _reason_not_to(settings, "drift", 1, {"started_at": later})


def test_without_texts_there_is_nothing_to_say(loop_home, tweets_file, tfidf_model, tmp_path, monkeypatch):
    crown(store.save(tfidf_model, metadata={"family": "tfidf"}))
    with served(tmp_path / "monitor") as monitor:
        monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", monitor.address)

        assert drift(str(tweets_file)) is None


def test_without_a_champion_there_is_nothing_to_compare_with(loop_home):
    with pytest.raises(StoreError, match="run 'make train' first"):
        drift()
