"""The page's HTTP client of the service: what it asks, and what it makes of each kind of answer."""

from __future__ import annotations

import pytest
from page_fixtures import MODEL, answer_to

from page.service_client import ServiceClient, ServiceError
from sentiment.config import read_settings
from sentiment.errors import ConfigError


def test_a_prediction_keeps_its_text_and_the_api_key_is_sent(stand_in):
    page_client = ServiceClient(stand_in.address, api_key="clé")
    prediction = page_client.predict("good 😍")
    page_client.close()
    assert (prediction.text, prediction.label, prediction.model) == ("good 😍", "positive", MODEL)
    assert stand_in.seen_headers[0]["X-API-Key"].encode("latin-1").decode() == "clé"


def test_half_an_emoji_is_replaced_rather_than_crashing(page_client, stand_in):
    assert page_client.predict("good \ud83d").text == "good ?"


def test_half_an_emoji_in_a_batch_is_refused_by_its_place_and_nothing_is_sent(page_client, stand_in):
    with pytest.raises(ServiceError, match=r"^texts\[1\] has half a character \(U\+D83D\): write") as caught:
        page_client.predict_batch(["fine", "good \ud83d", "\udc00"])
    assert (caught.value.reason, caught.value.status) == ("refused", 400)
    assert stand_in.seen_headers == []


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, "<html>not ours</html>"),
        (200, {"label": "positive"}),
        (200, answer_to("x") | {"label": "angry"}),
        (200, answer_to("x") | {"explanation": [{"word": "y", "start": 0, "end": 1, "weight": 0.1}]}),
        (200, answer_to("x") | {"explanation": [{"word": "good"}]}),
        (200, answer_to("x") | {"explanation": "good"}),
        (200, answer_to("x") | {"scores": {"negative": 0.5, "positive": 0.5}}),
        (200, answer_to("x") | {"scores": {"negative": "much", "neutral": 0.2, "positive": 0.5}}),
        (200, []),
        (502, "bad gateway"),
        (500, {"detail": "no"}),
    ],
)
def test_an_answer_outside_the_contract_is_named_as_such(page_client, stand_in, status, content):
    stand_in.answer = lambda *_: (status, content)
    with pytest.raises(ServiceError, match=f"HTTP {status}") as caught:
        page_client.predict("good")
    assert caught.value.reason == "strange"


def test_an_explanation_comes_with_the_prediction_it_was_asked_with(page_client, stand_in):
    words = [
        {"word": "so", "start": 0, "end": 2, "weight": -0.1},
        {"word": "good", "start": 3, "end": 7, "weight": 0.5},
    ]
    stand_in.answer = lambda path, body: (
        200,
        answer_to(body["text"]) | ({"explanation": words} if path == "/predict?explain=true" else {}),
    )
    assert [
        (word.word, word.weight) for word in page_client.predict("so good", explain=True).explanation
    ] == [
        ("so", -0.1),
        ("good", 0.5),
    ]
    assert page_client.predict("so good").explanation is None


def test_a_batch_answer_of_another_length_is_refused(page_client, stand_in):
    stand_in.answer = lambda *_: (200, [answer_to("x")])
    with pytest.raises(ServiceError):
        page_client.predict_batch(["one", "two"])


def test_an_address_that_is_none_names_its_setting():
    with pytest.raises(ConfigError, match="SENTIMENT_SERVICE_URL"):
        ServiceClient("http://127.0.0.1:port")


def test_a_proxy_in_the_environment_does_not_stand_before_loopback(stand_in, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    page_client = ServiceClient(stand_in.address)
    assert page_client.predict("good").label == "positive"
    page_client.close()


def test_settings_reach_the_client(monkeypatch, home):
    monkeypatch.setenv("SENTIMENT_API_KEY", "secret")
    monkeypatch.setenv("SENTIMENT_PORT_SERVICE", "8123")
    page_client = ServiceClient.from_settings(read_settings())
    assert page_client.address == "http://127.0.0.1:8123"
    assert page_client._http.headers["X-API-Key"] == "secret"
    page_client.close()
