"""The HTTP service alive, ready, overloaded and at fault, and what it says of itself."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest
from crowning import crown
from service_fixtures import CANARY, POSTS, TEXT, error_of, give, listening, started

from models import LABELS
from models.tfidf import TfidfModel
from sentiment.champions import store
from sentiment.serving.batching import Batcher

pytestmark = pytest.mark.usefixtures("store_with_champion")


# --- health ---


def test_a_service_with_a_model_is_alive_and_ready(client):
    assert (
        client.get("/livez").status_code
        == client.get("/readyz").status_code
        == client.head("/readyz").status_code
        == 200
    )


def test_without_a_model_the_service_lives_and_says_what_to_do(home):
    message = "no model 'tweet-sentiment' in the store: run 'make train' first"
    with started() as client:
        assert client.get("/livez").status_code == 200
        assert error_of(client.get("/readyz"), 503) == message
        assert error_of(client.post("/predict", json={"text": TEXT}), 503) == message
        assert error_of(client.post("/predict_batch", json={"texts": [TEXT]}), 503) == message


def test_a_model_that_gets_its_probe_wrong_is_not_ready(home, tfidf_model, monkeypatch):
    monkeypatch.setattr(store, "choose_probe", lambda model: ("awful, I hate it", "positive"))
    store.save(tfidf_model, metadata={})
    with started() as client:
        assert "labels its probe tweet negative, not positive" in error_of(client.get("/readyz"), 503)
        error_of(client.post("/predict", json={"text": TEXT}), 503)


def test_a_damaged_model_is_not_ready(home, tfidf_model):
    (store.find(store.save(tfidf_model, metadata={})).path / "model.json").write_text("{")
    with started() as client:
        assert client.get("/livez").status_code == 200
        assert "run 'make train' first" in error_of(client.get("/readyz"), 503)


def test_readiness_says_which_model_serves_and_why_it_is_not_the_champion(home, tfidf_model):
    first, second = (store.save(tfidf_model, metadata={}) for _ in range(2))
    crown(first)
    with started() as client:
        assert client.get("/readyz").text == f"{first} serves\n"
    crown(second)
    (store.find(second).path / "model.json").write_text("{")
    with started() as client:
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.text.startswith(f"{first} serves instead: ")
    assert second.partition(":")[2] in answer.text


def test_a_model_of_another_format_is_not_ready(home, tfidf_model):
    path = store.find(store.save(tfidf_model, metadata={})).path / "model.json"
    path.write_text(json.dumps({"family": "tfidf", "labels": LABELS}))
    with started() as client:
        assert client.get("/livez").status_code == 200
        assert "run 'make train'" in error_of(client.get("/readyz"), 503)
        error_of(client.post("/predict", json={"text": TEXT}), 503)


# --- limits ---


@pytest.fixture
def held(monkeypatch):
    """A model that answers only when it is let go."""
    entered, release = threading.Event(), threading.Event()
    tokenise = TfidfModel.tokenise

    def wait(self, texts):
        if threading.current_thread().name.startswith("batches"):  # not the probe tweet of the start
            entered.set()
            release.wait(20)
        return tokenise(self, texts)

    monkeypatch.setattr(TfidfModel, "tokenise", wait)
    yield entered, release
    release.set()


def test_more_texts_than_may_wait_are_a_429_that_says_when_to_come_again(held, monkeypatch):
    entered, release = held
    queued, score = threading.Event(), Batcher.score

    async def noting(self, texts):
        scoring = asyncio.ensure_future(score(self, texts))
        await asyncio.sleep(0)
        if len(texts) == 3:
            queued.set()
        return await scoring

    monkeypatch.setattr(Batcher, "score", noting)
    with started(max_waiting_texts=3) as client, ThreadPoolExecutor(4) as pool:
        first = pool.submit(client.post, "/predict", json={"text": TEXT})
        assert entered.wait(10)
        waiting = pool.submit(client.post, "/predict_batch", json={"texts": [TEXT] * 3})
        assert queued.wait(10)
        refused = client.post("/predict", json={"text": TEXT})
        health = client.get("/livez")
        release.set()
        assert "3 texts wait already: try again in" in error_of(refused, 429)
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["x-trace-id"]
        assert health.status_code == first.result().status_code == waiting.result().status_code == 200


def test_an_answer_that_takes_too_long_is_a_504(held):
    _, release = held
    with started(timeout_seconds=0.3) as client:
        answer = client.post("/predict", json={"text": TEXT})
        release.set()
    assert "no answer within 0.3 seconds: try again" in error_of(answer, 504)
    assert answer.headers["x-trace-id"]


# --- what must never happen ---


def test_a_fault_of_ours_tells_nothing(monkeypatch, capfd, caplog):
    def fail(self, texts):
        raise ValueError(texts[0])

    with started() as client:
        monkeypatch.setattr(TfidfModel, "tokenise", fail)
        answer = client.post("/predict", json={"text": CANARY})
    assert error_of(answer, 500) == "the service failed (ValueError): its log has the place"
    assert "/predict failed with ValueError" in caplog.text
    assert CANARY not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "error", [MemoryError(), OSError(errno.EMFILE, "full"), RuntimeError("can't start new thread")]
)
def test_without_memory_threads_or_files_it_asks_to_come_again(monkeypatch, error):
    def fail(self, texts):
        raise error

    with started() as client:
        monkeypatch.setattr(TfidfModel, "tokenise", fail)
        answer = client.post("/predict", json={"text": TEXT})
    assert "no memory, thread or file is free for this request" in error_of(answer, 503)
    assert answer.headers["retry-after"] == "1"


def test_no_input_reaches_the_log(client, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    for path in POSTS:
        for text in (CANARY, CANARY * 200, 5, [CANARY]):
            for body in (
                {"text": text},
                {"texts": [text]},
                {"prediction_id": CANARY, "text": text, "correct": CANARY},
            ):
                assert CANARY not in client.post(path, json=body).text
        client.post(f"{path}?text={CANARY}", content=CANARY, headers={"X-API-Key": CANARY})
    assert CANARY not in "".join(
        record.getMessage() for record in caplog.records if record.name.startswith(("bentoml", "sentiment"))
    )
    assert CANARY not in "".join(capfd.readouterr())


# --- paths, traces, pages ---


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/predict/",
        "/PREDICT",
        "/predict/x",
        "/static_content/index.css",
        "/.env",
        "/docs",
        "/%00",
        "/é",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_a_404_in_json(client, method, path):
    assert error_of(client.request(method, path), 404).startswith("no such path: use /")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/predict", "POST"),
        ("PUT", "/feedback", "POST"),
        ("POST", "/readyz", "GET, HEAD"),
        ("OPTIONS", "/", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_a_405_in_json(client, method, path, allowed):
    answer = client.request(method, path)
    assert "does not take this method: use" in error_of(answer, 405)
    assert answer.headers["allow"] == allowed


def test_every_answer_carries_a_trace_id(client):
    sent = "4bf92f3577b34da6a3ce929d0e0e4736"
    for method, path in (
        ("POST", "/predict"),
        ("GET", "/"),
        ("GET", "/nope"),
        ("GET", "/predict"),
        ("GET", "/readyz"),
    ):
        answer = client.request(method, path, headers={"traceparent": f"00-{sent}-00f067aa0ba902b7-01"})
        assert answer.headers["x-trace-id"] == sent
        fresh = client.request(method, path, headers={"traceparent": "nonsense"}).headers["x-trace-id"]
        assert re.fullmatch("[0-9a-f]{32}", fresh)
        assert fresh != sent


def test_docs_describe_the_real_requests_and_answers(client, prediction):
    docs = client.get("/docs.json").json()
    answers = {
        "/predict": client.post("/predict?explain=true", json={"text": TEXT}).json() | {"uncertain": True},
        "/predict_batch": client.post("/predict_batch", json=POSTS["/predict_batch"]).json(),
        "/feedback": give(client, prediction).json(),
    }
    requests = {
        **POSTS,
        "/feedback": {
            "prediction_id": "x",
            "text": "y",
            "correct": False,
            "label": "neutral",
            "comment": "z",
        },
    }
    assert set(docs["paths"]) == {*POSTS, "/", "/livez", "/readyz", "/metrics", "/docs.json"}
    for path, answer in answers.items():
        post = docs["paths"][path]["post"]
        assert [one["name"] for one in post["parameters"]] == (["explain"] if path == "/predict" else [])
        statuses = "200 400 401 403 408 413 415 429 503 504"
        assert set(post["responses"]) == set(statuses.split())
        for schema, value in (
            (post["requestBody"], requests[path]),
            (post["responses"]["200"], answer),
            (post["responses"]["400"], client.post(path, content="{").json()),
        ):
            whole = {**schema["content"]["application/json"]["schema"], "components": docs["components"]}
            jsonschema.validate(value, whole)
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate({"unknown": 1}, whole)


def test_bentos_own_client_learns_the_calls_and_makes_them():
    import bentoml

    with listening() as port, bentoml.SyncHTTPClient(f"http://127.0.0.1:{port}") as client:
        prediction = client.predict(text=TEXT)
        batch = client.predict_batch(texts=[TEXT, "awful"])
        given = client.feedback(prediction_id=prediction["prediction_id"], text=TEXT, correct=True)
    assert [answer["label"] for answer in (prediction, *batch)] == ["positive", "positive", "negative"]
    assert given["status"] == "recorded"


def test_the_page_names_the_model_and_loads_nothing_from_elsewhere(store_with_champion):
    with started() as client:
        page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert store_with_champion in page.text
    assert "{{" not in page.text
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for path in POSTS:
        assert f"ORIGIN{path}" in page.text


def test_an_impossible_setting_is_named(monkeypatch):
    from sentiment.errors import ConfigError

    with pytest.raises(ConfigError, match="SENTIMENT_WORKERS"), started(workers="many"):
        pass
