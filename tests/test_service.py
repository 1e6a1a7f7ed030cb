"""The HTTP service, in this process: what it answers to good requests, to bad ones, and what it never tells."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest
from crowning import crown
from starlette.testclient import TestClient

from models import LABELS
from models.tfidf import TfidfModel
from sentiment import store
from sentiment.batching import Batcher
from sentiment.config import read_settings, tool_environment
from sentiment.errors import OverloadError
from sentiment.feedback import Inbox

TEXT = "I love this, thank you so much!"
CANARY = "canary4711"
POSTS = {
    "/predict": {"text": TEXT},
    "/predict_batch": {"texts": [TEXT, "awful"]},
    "/feedback": {"prediction_id": "x", "text": TEXT, "correct": True},
}


@pytest.fixture(scope="module", autouse=True)
def store_with_champion(tmp_path_factory, tfidf_model):
    """One home for this file: a store with a champion, and an inbox."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_HOME", str(tmp_path_factory.mktemp("service") / "home"))
        for variable, value in tool_environment(read_settings()).items():
            patch.setenv(variable, value)
        tag = store.save(tfidf_model, metadata={})
        crown(tag)
        yield tag


@contextlib.contextmanager
def started(**settings):
    """A client of a service that was started with these settings."""
    from service import SentimentService

    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"SENTIMENT_{name.upper()}", str(value))
        # One process can register the same metrics once only; tests/test_durability.py reads them from a real server.
        patch.setitem(SentimentService.config, "metrics", {"enabled": False})
        with TestClient(SentimentService.to_asgi(), raise_server_exceptions=False) as client:
            yield client


@pytest.fixture(scope="module")
def client(store_with_champion):
    with started() as client:
        yield client


@pytest.fixture
def prediction(client):
    return client.post("/predict", json={"text": TEXT}).json()


def error_of(answer, status):
    """The message of an answer that must be an error in our one form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()) == ["error"]
    return answer.json()["error"]


def give(client, prediction, **changes):
    return client.post("/feedback", json={"prediction_id": prediction["prediction_id"], "text": TEXT, "correct": True, **changes})


# --- predictions ---


def test_a_prediction_has_the_shape_of_the_contract(client, store_with_champion):
    answer = client.post("/predict", json={"text": TEXT})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"prediction_id", "label", "scores", "model"}
    assert list(body["scores"]) == list(LABELS)
    assert body["label"] == max(body["scores"], key=body["scores"].get) == "positive"
    assert sum(body["scores"].values()) == pytest.approx(1, abs=1e-6)
    assert body["model"] == store_with_champion


@pytest.mark.parametrize(("difference", "is_uncertain"), [(1e-9, True), (-1e-9, False), (0, False)])
def test_an_answer_says_whether_its_highest_score_is_below_the_setting(prediction, difference, is_uncertain):
    with started(uncertain_below=repr(prediction["scores"]["positive"] + difference)) as client:
        one = client.post("/predict", json={"text": TEXT}).json()
        [of_batch] = client.post("/predict_batch", json={"texts": [TEXT]}).json()
    assert one["uncertain"] is is_uncertain
    assert of_batch["uncertain"] is is_uncertain


@pytest.mark.parametrize(
    "text",
    [
        'I don\'t like <b>this</b> & that; "really" \\ / 100% {json: [1]}',
        "😍🔥👩‍👩‍👧‍👦",
        "هذه رحلة رائعة، شكرا",
        "שלום עולם",
        "caf\u0301e\u200b good",
        "bad\x00\x01\x07\nvery\tbad",
        "{{7*7}} ' OR 1=1 --",
        "?",
        "a" * 1000,
        "😀" * 1000,
        "&amp;" * 200,
    ],
)
def test_any_text_with_something_visible_is_predicted(client, text):
    assert client.post("/predict", json={"text": text}).json()["label"] in LABELS


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b\u200e\ufeff", "\x00\x01\x1b", "&nbsp;", "&#8203;", "\u3000\u2028"])
def test_a_text_with_nothing_visible_is_refused(client, text):
    assert "none of them visible: send" in error_of(client.post("/predict", json={"text": text}), 400)
    assert "texts[1] has" in error_of(client.post("/predict_batch", json={"texts": ["ok", text]}), 400)


def test_a_text_over_the_limit_is_refused(client):
    assert error_of(client.post("/predict", json={"text": "a" * 1001}), 400) == "text has 1001 characters; the limit is 1000: shorten it"


def test_the_limit_is_a_setting():
    with started(max_chars=5) as client:
        assert client.post("/predict", json={"text": "12345"}).status_code == 200
        assert "the limit is 5" in error_of(client.post("/predict", json={"text": "123456"}), 400)


def test_a_batch_is_an_array_in_the_order_of_its_texts(client):
    texts = ["I hate it, terrible", TEXT, "I hate it, terrible"]
    answers = client.post("/predict_batch", json={"texts": texts}).json()
    single = [client.post("/predict", json={"text": text}).json() for text in texts]
    assert [answer["scores"] for answer in answers] == [answer["scores"] for answer in single]
    assert len({answer["prediction_id"] for answer in answers}) == 3


@pytest.mark.parametrize("size", [1, 256])
def test_a_batch_may_have_1_to_256_texts(client, size):
    assert len(client.post("/predict_batch", json={"texts": ["fine"] * size}).json()) == size


@pytest.mark.parametrize("size", [0, 257])
def test_other_batches_are_refused(client, size):
    assert error_of(client.post("/predict_batch", json={"texts": ["fine"] * size}), 400).startswith("texts: ")


def test_many_callers_at_once_get_their_own_answers(client):
    texts = [TEXT, "I hate it, terrible", "the meeting is on Tuesday"] * 8
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: client.post("/predict", json={"text": text}).json(), texts))
    assert [answer["scores"] for answer in answers] == [client.post("/predict", json={"text": text}).json()["scores"] for text in texts]


# --- explanations ---


@pytest.mark.parametrize("query", ["explain", "explain=", "explain=1", "explain=true", "x=y&explain=true"])
def test_an_explanation_is_given_on_request(client, query):
    text = "honestly 😍,\tI love  this!"
    answer = client.post(f"/predict?{query}", json={"text": text}).json()
    words, score = answer["explanation"], answer["scores"]["positive"]
    assert [text[one["start"] : one["end"]] for one in words] == [one["word"] for one in words] == text.split()
    without_love = client.post("/predict", json={"text": "honestly 😍, I this!"}).json()["scores"]["positive"]
    assert words[3]["weight"] == pytest.approx(score - without_love)
    assert max(words, key=lambda one: one["weight"])["word"] == "love"


@pytest.mark.parametrize("query", ["", "?explain=0", "?explain=false", "?other=true"])
def test_without_the_request_an_answer_has_no_explanation(client, query):
    assert set(client.post(f"/predict{query}", json={"text": TEXT}).json()) == {"prediction_id", "label", "scores", "model"}


@pytest.mark.parametrize("query", [f"explain={CANARY}", "explain=TRUE", "explain=%ff", "explain=1&explain=1"])
def test_another_value_of_explain_is_refused_without_an_echo(client, query):
    message = error_of(client.post(f"/predict?{query}", json={"text": TEXT}), 400)
    assert message.endswith("send ?explain=true or ?explain=false, once")
    assert CANARY not in message
    assert error_of(client.post(f"/predict_batch?{query}", json={"texts": [TEXT]}), 400) == message


def test_several_texts_are_not_explained_at_once(client):
    assert "send them to /predict" in error_of(client.post("/predict_batch?explain", json={"texts": [TEXT, TEXT]}), 400)
    assert client.post("/predict_batch?explain=0", json={"texts": [TEXT]}).status_code == 200


def test_an_explained_prediction_takes_feedback(client):
    answer = client.post("/predict?explain=true", json={"text": TEXT}).json()
    assert give(client, answer).json()["status"] == "recorded"


def test_an_explanation_waits_with_the_texts_of_others_and_is_refused_as_they_are(monkeypatch):
    asked, score = [], Batcher.score

    async def full(self, texts):
        asked.append(len(texts))
        if len(texts) > 1:
            raise OverloadError(3, 2.0)
        return await score(self, texts)

    monkeypatch.setattr(Batcher, "score", full)
    with started() as client:
        refused = client.post("/predict?explain=true", json={"text": TEXT})
    assert "3 texts wait already" in error_of(refused, 429)
    assert refused.headers["retry-after"] == "2"
    assert asked == [1, len(TEXT.split())]


# --- bodies that cannot be read ---


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b"[" * 100_000,
        b'{"text":' * 20_000,
        b'{"text": NaN}',
        b'{"text": 5}',
        b'{"text": null}',
        b'{"text": ["a"]}',
        b'{"text": "\\ud800"}',
        b'{"text": "\\udc00 x"}',
        b'{"text": "\xff\xfe"}',
        b'{"text": "\xed\xa0\x80"}',
        b'{"text": "a"} {"text": "b"}',
        b'{"text": "a", "canary4711": 1}',
        b'{"texts": ["a"]}',
        b"{'text': 'a'}",
        '{"text": "a"}'.encode("utf-16"),
        b'{"text": "a\nb"}',
    ],
)
def test_a_body_of_another_shape_is_refused_without_an_echo(client, body):
    answer = client.post("/predict", content=body)
    assert ": " in error_of(answer, 400)
    assert CANARY not in answer.text


@pytest.mark.parametrize("texts", ["a", [1], [None], [["a"]], {"0": "a"}, None])
def test_a_batch_of_another_type_is_refused(client, texts):
    assert error_of(client.post("/predict_batch", json={"texts": texts}), 400).startswith("texts")


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/vnd.bentoml+pickle", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_a_body_is_json_whatever_it_is_called(client, media_type):
    assert client.post("/predict", content=json.dumps({"text": TEXT}), headers={"Content-Type": media_type}).status_code == 200
    assert error_of(client.post("/predict", content=b"\x80\x04.", headers={"Content-Type": media_type}), 400)


def test_a_large_body_is_refused_by_its_header_and_by_its_stream(client):
    limit = 256 * 1024
    assert f"over {limit} bytes" in error_of(client.post("/predict", content=b" " * (limit + 1)), 413)

    def stream():
        for _ in range(300):
            yield b" " * 1024

    assert f"over {limit} bytes" in error_of(client.post("/predict", content=stream()), 413)


def test_a_body_of_exactly_the_limit_is_read(client):
    body = json.dumps({"text": TEXT}).encode()
    assert client.post("/predict", content=body + b" " * (256 * 1024 - len(body))).status_code == 200


def test_a_streamed_body_is_read(client):
    assert client.post("/predict", content=iter([b'{"te', b'xt": ', b'"fine"}'])).status_code == 200


# --- feedback ---


def test_feedback_is_recorded_once(client, prediction):
    first, second = give(client, prediction), give(client, prediction, correct=False, label="negative")
    assert first.json() == {"feedback_id": first.json()["feedback_id"], "status": "recorded"}
    assert second.json() == {"feedback_id": first.json()["feedback_id"], "status": "already recorded"}


def test_recorded_feedback_is_in_the_inbox(client, prediction):
    given = give(client, prediction, correct=False, label="negative", comment="no").json()
    rows = Inbox(read_settings().feedback_address).read()
    row = rows[rows["feedback_id"] == given["feedback_id"]].to_dict("records")[0]
    assert (row["text"], row["predicted_label"], row["label"], row["correct"], row["comment"]) == (
        TEXT,
        "positive",
        "negative",
        False,
        "no",
    )
    assert (row["score"], row["model"]) == (prediction["scores"]["positive"], prediction["model"])


def test_every_prediction_of_a_batch_takes_feedback(client):
    answers = client.post("/predict_batch", json={"texts": [TEXT, TEXT]}).json()
    assert [give(client, answer).json()["status"] for answer in answers] == ["recorded", "recorded"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prediction_id": "forged"}, "not issued by this service"),
        ({"text": TEXT + "!"}, "belongs to another text"),
        ({"text": ""}, "belongs to another text"),
        ({"label": "negative"}, "change one of the two"),
        ({"correct": False, "label": "positive"}, "change one of the two"),
        ({"label": "angry"}, "label: Input should be 'negative', 'neutral' or 'positive'"),
        ({"correct": "true"}, "correct: Input should be a valid boolean"),
        ({"correct": 1}, "correct: Input should be a valid boolean"),
        ({"correct": None}, "correct: "),
        ({"comment": "x" * 1001}, "comment: String should have at most 1000 characters"),
        ({"prediction_id": 5}, "prediction_id: "),
        ({"extra": 1}, "an unknown field: "),
    ],
)
def test_feedback_that_cannot_be_right_is_refused_and_not_stored(client, prediction, changes, message):
    before = len(Inbox(read_settings().feedback_address).read())
    assert message in error_of(give(client, prediction, **changes), 400)
    assert len(Inbox(read_settings().feedback_address).read()) == before


def test_an_altered_prediction_id_is_refused(client, prediction):
    identifier = prediction["prediction_id"]
    altered = identifier[:20] + ("A" if identifier[20] != "A" else "B") + identifier[21:]
    assert "was altered" in error_of(give(client, prediction, prediction_id=altered), 400)


def test_an_expired_prediction_id_is_refused(prediction):
    with started(prediction_ttl_days=1e-9) as client:
        time.sleep(1.1)
        assert "predict the text again" in error_of(give(client, prediction), 400)


def test_replicas_that_share_a_key_take_each_others_ids():
    with started(signing_key="a shared key of 24 chars") as first, started(signing_key="a shared key of 24 chars") as second:
        prediction = first.post("/predict", json={"text": TEXT}).json()
        assert give(second, prediction).json()["status"] == "recorded"
    with started(signing_key="another key of many chars") as other:
        error_of(give(other, prediction), 400)


def test_an_inbox_that_cannot_be_written_is_a_503(tmp_path):
    (tmp_path / "file").write_text("")
    with started(feedback_url=tmp_path / "file") as client:
        prediction = client.post("/predict", json={"text": TEXT}).json()
        assert "check SENTIMENT_FEEDBACK_URL" in error_of(give(client, prediction), 503)


# --- the key ---


@pytest.mark.parametrize("path", POSTS)
def test_with_a_key_set_the_api_asks_for_it_before_it_reads_the_body(path):
    with started(api_key="correct horse") as client:
        for headers in (
            {},
            {"X-API-Key": ""},
            {"X-API-Key": "wrong horse"},
            {"X-API-Key": "correct hors"},
            {"Authorization": "correct horse"},
        ):
            assert "correct" not in error_of(client.post(path, content=b"{", headers=headers), 401)
        assert client.post(path, json=POSTS[path], headers={"X-API-Key": "correct horse"}).status_code in (200, 400)
        assert error_of(client.post(path, content=b"{", headers={"X-API-Key": "correct horse"}), 400)


def test_health_page_and_docs_need_no_key():
    with started(api_key="correct horse") as client:
        assert {client.get(path).status_code for path in ("/", "/docs.json", "/livez", "/readyz")} == {200}


# --- health ---


def test_a_service_with_a_model_is_alive_and_ready(client):
    assert client.get("/livez").status_code == client.get("/readyz").status_code == client.head("/readyz").status_code == 200


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


def test_no_input_reaches_the_log(client, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    for path in POSTS:
        for text in (CANARY, CANARY * 200, 5, [CANARY]):
            for body in ({"text": text}, {"texts": [text]}, {"prediction_id": CANARY, "text": text, "correct": CANARY}):
                assert CANARY not in client.post(path, json=body).text
        client.post(f"{path}?text={CANARY}", content=CANARY, headers={"X-API-Key": CANARY})
    assert CANARY not in "".join(record.getMessage() for record in caplog.records if record.name.startswith(("bentoml", "sentiment")))
    assert CANARY not in "".join(capfd.readouterr())


# --- paths, traces, pages ---


@pytest.mark.parametrize(
    "path", ["/nope", "/predict/", "/PREDICT", "/predict/x", "/static_content/index.css", "/.env", "/docs", "/%00", "/é"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_a_404_in_json(client, method, path):
    assert error_of(client.request(method, path), 404).startswith("no such path: use /")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/predict", "POST"), ("PUT", "/feedback", "POST"), ("POST", "/readyz", "GET, HEAD"), ("OPTIONS", "/", "GET, HEAD")],
)
def test_a_wrong_method_is_a_405_in_json(client, method, path, allowed):
    answer = client.request(method, path)
    assert "does not take this method: use" in error_of(answer, 405)
    assert answer.headers["allow"] == allowed


def test_every_answer_carries_a_trace_id(client):
    sent = "4bf92f3577b34da6a3ce929d0e0e4736"
    for method, path in (("POST", "/predict"), ("GET", "/"), ("GET", "/nope"), ("GET", "/predict"), ("GET", "/readyz")):
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
    requests = {**POSTS, "/feedback": {"prediction_id": "x", "text": "y", "correct": False, "label": "neutral", "comment": "z"}}
    assert set(docs["paths"]) == {*POSTS, "/", "/livez", "/readyz", "/metrics", "/docs.json"}
    for path, answer in answers.items():
        post = docs["paths"][path]["post"]
        assert [one["name"] for one in post["parameters"]] == (["explain"] if path == "/predict" else [])
        assert set(post["responses"]) == {"200", "400", "401", "413", "429", "503", "504"}
        for schema, value in (
            (post["requestBody"], requests[path]),
            (post["responses"]["200"], answer),
            (post["responses"]["400"], client.post(path, content="{").json()),
        ):
            whole = {**schema["content"]["application/json"]["schema"], "components": docs["components"]}
            jsonschema.validate(value, whole)
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate({"unknown": 1}, whole)


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
