"""The HTTP service, in this process: predictions, explanations, and refused bodies."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from service_fixtures import CANARY, TEXT, error_of, give, started

from models import LABELS
from sentiment.errors import OverloadError
from sentiment.serving import predictor
from sentiment.serving.batching import Batcher

pytestmark = pytest.mark.usefixtures("store_with_champion")


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
        "🩷",
        "\U0001fac9",
    ],
)
def test_any_text_with_something_visible_is_predicted(client, text):
    assert client.post("/predict", json={"text": text}).json()["label"] in LABELS


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\n\t", "\u200b\u200e\ufeff", "\x00\x01\x1b", "&nbsp;", "&#8203;", "\u3000\u2028"),
        *("\u3164", "\u2800 \u2800", "\ufe0f\u200d", "\u00ad", "\U000e0041", "\u034f"),
    ],
)
def test_a_text_with_nothing_visible_is_refused(client, text):
    assert "none of them visible: send" in error_of(client.post("/predict", json={"text": text}), 400)
    assert "texts[1] has" in error_of(client.post("/predict_batch", json={"texts": ["ok", text]}), 400)


def test_a_text_over_the_limit_is_refused(client):
    assert (
        error_of(client.post("/predict", json={"text": "a" * 1001}), 400)
        == "text has 1001 characters; the limit is 1000: shorten it"
    )


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


@pytest.mark.parametrize(("texts", "is_aside"), [(["fine", "bad 👎"], False), (["fine", "a &amp; b"], True)])
def test_texts_that_are_cleaned_to_be_checked_hold_no_other_request_up(client, monkeypatch, texts, is_aside):
    threads = []
    monkeypatch.setattr(predictor, "check_text", lambda *_: threads.append(threading.current_thread()))

    async def loop_of_the_service():
        threads.append(threading.current_thread())

    client.portal.call(loop_of_the_service)
    assert client.post("/predict_batch", json={"texts": texts}).status_code == 200
    assert [thread is not threads[0] for thread in threads[1:]] == [is_aside] * 2


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
    assert [answer["scores"] for answer in answers] == [
        client.post("/predict", json={"text": text}).json()["scores"] for text in texts
    ]


# --- explanations ---


@pytest.mark.parametrize("query", ["explain", "explain=", "explain=1", "explain=true", "x=y&explain=true"])
def test_an_explanation_is_given_on_request(client, query):
    text = "honestly 😍,\tI love  this!"
    answer = client.post(f"/predict?{query}", json={"text": text}).json()
    words, score = answer["explanation"], answer["scores"]["positive"]
    assert (
        [text[one["start"] : one["end"]] for one in words] == [one["word"] for one in words] == text.split()
    )
    without_love = client.post("/predict", json={"text": "honestly 😍, I this!"}).json()["scores"]["positive"]
    assert words[3]["weight"] == pytest.approx(score - without_love)
    assert max(words, key=lambda one: one["weight"])["word"] in ("love", "😍,")


@pytest.mark.parametrize("query", ["", "?explain=0", "?explain=false", "?other=true"])
def test_without_the_request_an_answer_has_no_explanation(client, query):
    assert set(client.post(f"/predict{query}", json={"text": TEXT}).json()) == {
        "prediction_id",
        "label",
        "scores",
        "model",
    }


@pytest.mark.parametrize("query", [f"explain={CANARY}", "explain=TRUE", "explain=%ff", "explain=1&explain=1"])
def test_another_value_of_explain_is_refused_without_an_echo(client, query):
    message = error_of(client.post(f"/predict?{query}", json={"text": TEXT}), 400)
    assert message.endswith("send ?explain=true or ?explain=false, once")
    assert CANARY not in message
    assert error_of(client.post(f"/predict_batch?{query}", json={"texts": [TEXT]}), 400) == message


def test_several_texts_are_not_explained_at_once(client):
    assert "send them to /predict" in error_of(
        client.post("/predict_batch?explain", json={"texts": [TEXT, TEXT]}), 400
    )
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
    "media_type",
    [
        "text/plain",
        "application/vnd.bentoml+pickle",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
    ],
)
def test_a_body_is_json_whatever_it_is_called(client, media_type):
    assert (
        client.post(
            "/predict", content=json.dumps({"text": TEXT}), headers={"Content-Type": media_type}
        ).status_code
        == 200
    )
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
