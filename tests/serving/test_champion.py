"""The served champion is exchanged and rolled back without a failed request."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from champion_fixtures import settings
from crowning import crown
from page_server import PYTHON, started
from ports import free_port
from waiting import wait_for

import models
from models import ModelError
from sentiment.champions import store
from sentiment.errors import StoreError
from sentiment.serving import champion as champion_file
from sentiment.serving.champion import Champion
from sentiment.serving.shadow import Answered, Shadow

TEXT = "I love this, thank you so much!"


def test_the_champion_is_exchanged_when_the_pointer_changes_and_only_then(two):
    champion = Champion()

    assert champion.look()
    assert not champion.look()
    before = champion.get()
    crown(two[1])
    assert champion.look()
    assert (before.tag, champion.tag) == tuple(two)
    assert before.model.predict([TEXT]) == ["positive"]  # a request that began with it ends with it


def test_a_new_champion_that_cannot_be_loaded_changes_nothing_and_is_said_once(two, caplog):
    champion = Champion()
    champion.look()
    (store.find(two[1]).path / "pipeline.skops").write_bytes(b"damaged")
    crown(two[1])
    with caplog.at_level(logging.ERROR, "bentoml.sentiment"):
        assert not champion.look()
        assert not champion.look()

    assert champion.tag == two[0]
    assert champion.problem == ""
    assert len([record for record in caplog.records if "goes on" in record.getMessage()]) == 1


@pytest.mark.parametrize("damage", ["cut", "missing", "no description"])
def test_a_service_whose_champion_is_damaged_starts_with_the_one_before_and_says_so(two, damage, caplog):
    crown(two[1])
    _damage(store.find(two[1]).path, damage)
    champion = Champion()
    with caplog.at_level(logging.WARNING, "bentoml.sentiment"):
        champion.look()
        champion.look()

    assert champion.get().tag == two[0]
    assert champion.problem == ""
    assert champion.warning.startswith(f"{two[0]} serves instead: ")
    assert two[1].partition(":")[2] in champion.warning
    said = [record.getMessage() for record in caplog.records]
    assert [text for text in said if "an earlier champion, serves" in text] == [said[1]]
    assert len(said) == 2


def _damage(folder, damage):
    weights = folder / "pipeline.skops"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif damage == "missing":
        weights.unlink()
    else:
        (folder / "model.yaml").write_bytes(b"")


def test_a_stand_in_ends_when_the_champion_is_changed(two):
    crown(two[1])
    _damage(store.find(two[1]).path, "missing")
    champion = Champion()
    champion.look()
    store.roll_back()
    champion.look()

    assert (champion.tag, champion.warning) == (two[0], "")


def test_a_champion_that_was_restored_serves_after_a_pause(two, monkeypatch):
    monkeypatch.setattr(champion_file, "_FIRST_PAUSE", 0.01)
    crown(two[1])
    weights = store.find(two[1]).path / "pipeline.skops"
    whole = weights.read_bytes()
    weights.unlink()
    champion = Champion()
    champion.look()
    weights.write_bytes(whole)
    wait_for(champion.look)

    assert (champion.tag, champion.warning) == (two[1], "")


def test_a_damaged_champion_without_one_before_is_not_ready(home, tfidf_model):
    tag = store.save(tfidf_model, metadata={})
    crown(tag)
    _damage(store.find(tag).path, "missing")
    champion = Champion()
    champion.look()

    assert champion.tag == "none"
    assert champion.problem


def test_without_a_champion_it_is_not_ready_and_becomes_so_when_there_is_one(home, served_model):
    champion = Champion()
    champion.look()
    with pytest.raises(StoreError, match="make train"):
        champion.get()
    crown(store.save(served_model, metadata={}))
    champion.watch(0.05)
    wait_for(lambda: not champion.problem)
    champion.stop()

    assert champion.get().tag == store.champion().tag


@pytest.fixture
def unlike(home, served_model, small_corpus, tmp_path):
    """Two models in the store with their label of TEXT: the champion, and one that errs."""
    texts, labels = small_corpus
    swapped = [{"positive": "neutral", "neutral": "positive"}.get(label, label) for label in labels]
    odd = models.create("tfidf").fit(
        models.TrainingData(texts, swapped, validation=(texts, swapped)), progress=lambda line: None
    )
    odd.export(tmp_path / "odd", [])
    both = (served_model, models.load(tmp_path / "odd"))
    says = {store.save(model, metadata={}): model.predict([TEXT])[0] for model in both}
    assert list(says.values()) == ["positive", "neutral"]
    crown(next(iter(says)))
    return says


@pytest.mark.slow
def test_no_request_fails_while_the_champion_changes_and_is_rolled_back_under_two_workers(unlike, home):
    port, answers, failures, stop = free_port(), [], [], threading.Event()
    first, second = unlike
    address = f"http://127.0.0.1:{port}"
    command = [PYTHON, *f"-m bentoml serve service:SentimentService --host 127.0.0.1 --port {port}".split()]

    def ask():
        with httpx.Client(base_url=address, timeout=20, trust_env=False) as client:
            while not stop.is_set():
                answer = client.post("/predict", json={"text": TEXT})
                (answers if answer.status_code == 200 else failures).append(answer)

    def is_everywhere(tag):
        # Of so many, each worker gave some.
        return {answer.json()["model"] for answer in answers[-60:]} == {tag}

    settings = {"SENTIMENT_RELOAD_SECONDS": "0.2", "SENTIMENT_WORKERS": "2"}
    with started(command, home / "service.log", **settings) as ready, ThreadPoolExecutor(8) as pool:
        ready(f"{address}/readyz")
        asking = [pool.submit(ask) for _ in range(8)]
        to_second = (lambda: crown(second), second)
        for change, tag in (to_second, (store.roll_back, first), to_second):
            time.sleep(1)
            change()
            wait_for(lambda tag=tag: is_everywhere(tag))
        stop.set()
        errors = [one.exception() for one in asking]
        earlier = next(answer.json() for answer in answers if answer.json()["model"] == first)
        feedback = {"prediction_id": earlier["prediction_id"], "text": TEXT, "correct": True}
        said = httpx.post(f"{address}/feedback", json=feedback, timeout=20, trust_env=False)

    assert errors == [None] * 8
    assert failures == []
    assert len(answers) > 100
    assert {(answer.json()["model"], answer.json()["label"]) for answer in answers} == set(unlike.items())
    assert said.json()["status"] == "recorded"  # what the earlier champion said can still be corrected
    print(f"{len(answers)} answers, {len(failures)} failures over three changes of the champion")


def test_the_shadow_says_what_it_would_have_answered(two, home):
    noted = []
    store.set_shadow(two[1])
    shadow = Shadow(settings(home), lambda *said: noted.append(said), lambda: False)
    shadow.start()
    wait_for(lambda: shadow._is_on)
    shadow.offer(Answered("this is terrible, I hate it", "positive", 0.6, two[0], "p1"))
    wait_for(lambda: noted)
    shadow.stop()

    answered, said = noted[0]
    assert answered.prediction_id == "p1"
    assert (said.shadow_label, said.shadow_model, said.predicted_label) == (
        "negative",
        two[1],
        "positive",
    )


def test_a_shadow_that_fails_rests_and_one_that_hangs_holds_nobody_up(two, home, monkeypatch):
    store.set_shadow(two[1])
    shadow = Shadow(settings(home), print, lambda: True)  # always busy: the first text waits for ever
    shadow.start()
    wait_for(lambda: shadow._is_on)
    began = time.perf_counter()
    for _ in range(2000):
        shadow.offer(Answered(TEXT, "positive", 0.9, two[0], "p1"))
    assert time.perf_counter() - began < 1
    assert shadow._waiting.qsize() <= 1024
    shadow.stop()

    class Broken:
        tag = "broken"

        def get(self):
            raise ModelError("no")

    other = Shadow(settings(home), print, lambda: False)
    other._model, other._is_on = Broken(), True
    other._compare(Answered(TEXT, "positive", 0.9, two[0], "p1"))
    assert not other._is_on


def test_without_a_shadow_or_a_share_nothing_is_kept(two, home):
    shadow = Shadow(settings(home), print, lambda: False)
    shadow.start()
    time.sleep(0.2)
    shadow.offer(Answered(TEXT, "positive", 0.9, two[0], "p1"))
    shadow.stop()

    assert shadow._waiting.empty()
