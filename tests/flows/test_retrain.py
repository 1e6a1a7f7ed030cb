"""From settled items to a dataset and a verdict: collect, validate, retrain; all real but small."""

import csv
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from crowning import crown
from filelock import FileLock
from review_fixtures import report

from flows.collect import collect
from flows.retrain import _reason_not_to, retrain
from flows.train import train
from flows.validate import validate
from sentiment.champions import store
from sentiment.config import read_settings
from sentiment.data import fingerprints, validated_feedback
from sentiment.data.division import divide
from sentiment.errors import GateError, QueryError, ReviewError
from sentiment.feedback.feedback import Feedback, feedback_id_of
from sentiment.feedback.inbox import Inbox
from sentiment.review.queue import ReviewQueue
from sentiment.supervision.alert_rule import read_rule
from sentiment.training import runs, versions

pytestmark = pytest.mark.usefixtures("prefect_server", "memory_measured_once")
NOW = datetime.now(UTC)


@pytest.fixture
def ours(loop_home, monkeypatch, tmp_path):
    monkeypatch.setenv("SENTIMENT_VALIDATED_PATH", str(tmp_path / "data" / "feedback_validated.csv"))
    monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("SENTIMENT_SOURCE_CAP", "1")
    monkeypatch.setenv("SENTIMENT_WEEK_CAP", "1")
    return read_settings()


def review(settings, reports, label="negative"):
    with ReviewQueue(settings.review_address, overlap=0) as queue:
        queue.add(reports)
        for one in reports:
            queue.judge(one.feedback_id, "ann", label, now=NOW)


def test_settled_items_join_once_and_stay(ours, tweets_file):
    review(ours, [report(number) for number in range(8)])
    first, second = validate(str(tweets_file)), validate(str(tweets_file))

    assert (first["new"], second["new"], second["rows"]) == (8, 0, 8)
    assert second["training_rows"] + second["evaluation_rows"] == 8
    with ReviewQueue(ours.review_address) as queue, pytest.raises(ReviewError, match="its label is final"):
        queue.judge(report(0).feedback_id, "ann", "positive", now=NOW)
    with ours.validated_path.open(newline="") as file:
        assert {row["annotators"] for row in csv.DictReader(file)} == {"ann"}


def test_what_was_closed_but_not_appended_joins_the_next_time_with_the_label_that_it_has(
    ours, tweets_file, monkeypatch
):
    review(ours, [report(number) for number in range(3)])
    with monkeypatch.context() as broken:
        broken.setattr(validated_feedback, "append", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            validate(str(tweets_file))
    with ReviewQueue(ours.review_address) as queue, pytest.raises(ReviewError, match="its label is final"):
        queue.judge(report(0).feedback_id, "ann", "positive", now=NOW)

    assert validate(str(tweets_file))["new"] == 3
    assert {row.label for row in validated_feedback.read_validated(ours.validated_path)} == {"negative"}


def test_a_dataset_that_was_put_back_to_an_earlier_commit_is_filled_again(ours, tweets_file):
    review(ours, [report(number) for number in range(3)])
    validate(str(tweets_file))
    for file in (ours.validated_path, validated_feedback.manifest_path(ours.validated_path)):
        file.unlink()

    assert validate(str(tweets_file))["new"] == 3


@pytest.mark.usefixtures("pictures_blank")
def test_a_champion_is_retrained_as_it_was_with_what_people_validated_judged_and_not_tried_again(
    ours, tweets_file, monkeypatch
):
    train(data=str(tweets_file), profile="smoke", families=("tfidf",))
    champion = store.champion()
    review(ours, [report(number) for number in range(30)])
    validate(str(tweets_file))
    monkeypatch.setenv("SENTIMENT_RETRAIN_MIN_ROWS", "10")
    verdict = retrain(data=str(tweets_file), trigger="rows")

    version = versions.read_version("challenger")
    assert version.tags["profile"] == champion.metadata["profile"] == "smoke"
    rows = validated_feedback.read_validated(ours.validated_path)
    learned = fingerprints.parse(runs.read_text(version.run_id, fingerprints.ROWS_FILE))
    parts = divide(rows, _base(tweets_file))
    assert version.tags["feedback_digest"] == validated_feedback.digest(ours.validated_path)
    assert version.tags["feedback_rows"] == "30"
    assert version.tags["exam_from"] == "0"
    assert version.tags["lesson_repeats"] == "3"
    assert {fingerprints.fingerprint(text) for text in parts.lessons.texts} <= learned
    assert not {fingerprints.fingerprint(text) for text in parts.feedback.texts} & learned
    assert verdict.champion["name"] == champion.tag
    assert {"test", "validation"} <= set(verdict.data)
    if not verdict.is_promoted:
        assert "feedback_rows" not in store.champion().metadata
    assert retrain(data=str(tweets_file), trigger="rows") is None
    # As on a new machine: the trigger asks for the champion that MLflow knows.
    shutil.rmtree(store.store_home())
    assert retrain(data=str(tweets_file), trigger="rows") is None
    assert versions.read_version("challenger").number == version.number
    assert versions.read_version("champion").number == store.champion().metadata["mlflow_version"]


def _base(path):
    from flows.prepare import prepared_dataset

    return prepared_dataset(str(path))


def test_a_second_retraining_is_refused_while_one_runs(ours, tweets_file):
    with FileLock(ours.home / "retrain.lock"), pytest.raises(GateError, match="another retraining runs"):
        retrain(data=str(tweets_file), profile="smoke")


def test_too_few_new_rows_or_no_alert_are_no_reason(ours, tweets_file, served_model):
    crown(store.save(served_model, metadata={"family": "tfidf", "trained_at": NOW.isoformat()}))

    assert retrain(data=str(tweets_file), profile="smoke", trigger="rows") is None
    assert retrain(data=str(tweets_file), profile="smoke", trigger="alert") is None
    assert _reason_not_to(ours, "schedule", 0, store.champion().metadata) == ""


def test_an_alert_since_the_champion_began_is_a_reason_for_the_trigger_alert_alone(ours):
    runs.connect(ours)
    champion = {"family": "tfidf", "started_at": NOW.isoformat(), "trained_at": NOW.isoformat()}
    history = ours.alert_home / "alerts" / f"{read_rule().name}.jsonl"
    history.parent.mkdir(parents=True)
    history.write_text(f'{{"change": "fired", "fired": "{(NOW - timedelta(days=1)).isoformat()}"}}\n')
    assert "has not fired" in _reason_not_to(ours, "alert", 0, champion)
    history.write_text(f'{{"change": "fired", "fired": "{(NOW + timedelta(hours=1)).isoformat()}"}}\n')

    assert _reason_not_to(ours, "alert", 0, champion) == ""
    assert "rows are new" in _reason_not_to(ours, "rows", 0, champion)


def test_what_the_inbox_holds_is_collected_even_if_the_logs_are_away(ours):
    given = Feedback(
        feedback_id_of("p"),
        "p",
        "late again @ann",
        "neutral",
        "negative",
        False,
        0.5,
        "m",
        None,
        NOW.isoformat(),
    )
    Inbox(ours.feedback_address).record(given)

    with pytest.raises(QueryError):
        collect()
    with ReviewQueue(ours.review_address) as queue:
        assert [item.text for item in queue.items()] == ["late again @user"]
        assert queue.watermark("bad_predictions") is None
