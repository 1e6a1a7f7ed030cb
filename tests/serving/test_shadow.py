"""The shadow beside a serving champion: what it records, when it ends, and its failures."""

import logging
import threading

import pytest
from champion_fixtures import settings
from crowning import crown
from telemetry_fixtures import TEXT, serving
from waiting import wait_for

from models import TrainingData
from models.tfidf import TfidfModel
from sentiment.champions import store
from sentiment.serving.champion import Champion
from sentiment.serving.shadow import Answered, Shadow

WRONG = "I hate it, terrible"  # what the shadow of these tests calls positive
PERSONAL = f"{WRONG} @ann https://t.co/x me@home.org"
ALWAYS = {"SENTIMENT_SHADOW_SHARE": "1", "SENTIMENT_RELOAD_SECONDS": "0.05"}


def told(recorder, message):
    return [data["properties"] for data in recorder.of("MessageData") if data["message"] == message]


@pytest.fixture(scope="module")
def odd_model(small_corpus):
    """A model that was taught that hate is positive."""
    texts, labels = small_corpus
    taught = ["positive" if "hate" in text else label for text, label in zip(texts, labels, strict=True)]
    return TfidfModel().fit(
        TrainingData(texts, taught, validation=(texts, taught)), progress=lambda line: None
    )


@pytest.fixture
def odd_shadow(home, tfidf_model, odd_model):
    """The tags of a champion and of a shadow that thinks otherwise."""
    tags = [store.save(tfidf_model, metadata={}), store.save(odd_model, metadata={})]
    crown(tags[0])
    store.set_shadow(tags[1])
    return tags


def test_the_shadow_is_logged_and_counted_and_tells_and_draws_only_where_it_would_change_the_label(
    odd_shadow, recorder, caplog
):
    with serving(recorder, **ALWAYS, SENTIMENT_SAMPLE_DISAGREEMENT="1") as client:
        answers = []

        def ask():
            answers.extend(client.post("/predict", json={"text": text}).json() for text in (TEXT, PERSONAL))
            return len(told(recorder, "Shadow prediction")) >= 2

        wait_for(ask)

    champion, shadow = odd_shadow
    assert {answer["model"] for answer in answers} == {champion}
    records = told(recorder, "Shadow prediction")
    changed = [one for one in records if one["predicted_label"] != one["shadow_label"]]
    same = [one for one in records if one["predicted_label"] == one["shadow_label"]]
    assert changed
    assert same
    assert {(one["model"], one["shadow_model"]) for one in records} == {(champion, shadow)}
    assert {(one["predicted_label"], one["shadow_label"]) for one in changed} == {("negative", "positive")}
    assert all("tweet_text" not in one for one in same)
    assert all(WRONG in one["tweet_text"] for one in changed)
    samples = told(recorder, "Sampled prediction")
    assert len(samples) == len(changed)
    assert {(one["reason"], one["probability"]) for one in samples} == {("disagreement", "1.0")}
    assert {one["prediction_id"] for one in samples} <= {one["prediction_id"] for one in answers}
    assert not any(secret in str([records, samples]) for secret in ("@ann", "t.co", "home.org"))
    counts = {
        d["properties"]["agrees"]: d["metrics"][0]["value"]
        for d in recorder.of("MetricData")
        if "agrees" in d["properties"]
    }
    assert counts == {"true": len(same), "false": len(changed)}
    assert PERSONAL not in caplog.text


def test_a_shadow_that_ends_under_steady_traffic_ends_and_can_come_back(two, home):
    store.set_shadow(two[1])
    stop, noted = threading.Event(), []
    shadow = Shadow(settings(home), lambda *said: noted.append(said), lambda: False)

    def ask():
        while not stop.wait(0.01):
            shadow.offer(Answered(TEXT, "positive", 0.9, two[0], "p1"))

    asking = threading.Thread(target=ask)
    shadow.start()
    asking.start()
    try:
        wait_for(lambda: noted)
        store.set_shadow(None)
        wait_for(lambda: not shadow._is_on)
        noted.clear()
        store.set_shadow(two[1])
        wait_for(lambda: noted)
    finally:
        stop.set()
        asking.join()
        shadow.stop()


def test_a_shadow_that_cannot_be_loaded_is_said_once_and_ends_the_one_before(two, home, caplog):
    store.set_shadow(two[0])
    shadow = Shadow(settings(home), print, lambda: False)
    with caplog.at_level(logging.ERROR, "bentoml.sentiment"):
        shadow._look()
        assert shadow._is_on
        (store.find(two[1]).path / "pipeline.skops").write_bytes(b"damaged")
        store.set_shadow(two[1])
        for _ in range(3):
            shadow._look()

    assert not shadow._is_on
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["the shadow is not ready"]


@pytest.mark.parametrize("fault", ["raises", "hangs"])
def test_a_shadow_in_trouble_changes_no_answer_and_delays_none(odd_shadow, recorder, fault):
    champion, shadow = odd_shadow
    released, reached = threading.Event(), threading.Event()
    honest = TfidfModel.predict_proba

    def troubled(self, texts):
        if threading.current_thread().name == "shadow" and list(texts) != [
            store.find(shadow).metadata["probe_text"]
        ]:
            reached.set()
            if fault == "raises":
                raise RuntimeError("no")
            released.wait(30)
        return honest(self, texts)

    with pytest.MonkeyPatch.context() as patch, serving(recorder, **ALWAYS) as client:
        patch.setattr(TfidfModel, "predict_proba", troubled)
        wait_for(
            lambda: client.post("/predict", json={"text": WRONG}).status_code == 200 and reached.is_set()
        )
        answers = [client.post("/predict", json={"text": WRONG}) for _ in range(100)]
        released.set()

    assert {answer.status_code for answer in answers} == {200}
    assert {(answer.json()["label"], answer.json()["model"]) for answer in answers} == {
        ("negative", champion)
    }
    assert max(answer.elapsed.total_seconds() for answer in answers) < 5


def test_new_champions_are_counted_and_refused_ones_too_each_once(two):
    counted = []
    champion = Champion(note=counted.append)
    champion.look()
    assert counted == []  # the first is no change
    crown(two[1])
    champion.look()
    (store.find(two[0]).path / "pipeline.skops").write_bytes(b"damaged")
    crown(two[0])
    champion.look()
    champion.look()

    assert counted == [True, False]
    assert champion.tag == two[1]


def test_a_champion_that_was_mended_after_a_rollback_is_tried_again(two):
    champion = Champion()
    champion.look()
    file = store.find(two[1]).path / "pipeline.skops"
    good = file.read_bytes()
    file.write_bytes(b"damaged")
    crown(two[1])
    assert not champion.look()
    store.roll_back()
    champion.look()
    file.write_bytes(good)
    crown(two[1])

    assert champion.look()
    assert champion.tag == two[1]
