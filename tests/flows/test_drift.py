"""Drift end to end: a champion, MLflow and weeks of logs; then a reason to train."""

import sys
from datetime import UTC, datetime, timedelta

import mlflow
import pytest
from crowning import crown
from drifting import tweets_about
from logs_fixtures import table
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


TEXTS = ("tweet_text", "predicted_label", "model", "prediction_id", "reason", "seal")
COLUMNS = {
    "TimeGenerated": "datetime",
    "score": "real",
    "probability": "real",
    **dict.fromkeys(TEXTS, "string"),
}


def sampled(texts, at, name, reason="random"):
    """Rows of the query `sampled_predictions`; the monitor takes none older than two days."""
    return [
        [
            *((at + timedelta(seconds=number)).isoformat(), 0.6, 1.0),
            *(text, "neutral", "tweet-sentiment:one", f"{name}-{number}", reason, ""),
        ]
        for number, text in enumerate(texts)
    ]


@pytest.fixture
def drifting_home(loop_home, tweets_file, monkeypatch, served_model, logs):
    """A champion, and logs of three weeks: like training, of football, of football again."""
    crown(store.save(served_model, metadata={"family": "tfidf"}))
    base = prepared_dataset(str(tweets_file))
    monkeypatch.setenv("SENTIMENT_VALIDATED_PATH", str(loop_home / "none.csv"))
    monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", logs.address)
    weeks = [THIS_MONDAY - timedelta(days=7 * ago) for ago in (3, 2, 1)]
    texts = [list(base.test.texts[:60]), tweets_about("football", 60), tweets_about("football", 60, seed=1)]
    rows = [
        row
        for number, (at, some) in enumerate(zip(weeks, texts, strict=True))
        for row in sampled(some, at + timedelta(hours=30), f"w{number}")
    ]
    rows += sampled(["doubtful"] * 5, weeks[0] + timedelta(hours=1), "low", "low confidence")
    logs.answer = table(COLUMNS, rows)
    return weeks


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


def test_without_texts_there_is_nothing_to_say(loop_home, tweets_file, served_model, logs, monkeypatch):
    crown(store.save(served_model, metadata={"family": "tfidf"}))
    monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", logs.address)
    logs.answer = table(COLUMNS, [])

    assert drift(str(tweets_file)) is None


def test_without_a_champion_there_is_nothing_to_compare_with(loop_home):
    with pytest.raises(StoreError, match="run 'make train' first"):
        drift()
