"""The tab "Try it" without a browser: the answer, its words, feedback, and every failure."""

from __future__ import annotations

import html
import re
import threading

import pytest
from page_fixtures import MODEL, answer_to, answer_well, score, write
from ports import free_port

from page import service_client as client_module
from page.layout import service_status
from page.service_client import ServiceClient
from page.try_it import EXAMPLES, _predict, _send_feedback


def test_the_answer_shows_label_scores_model_and_escaped_text(page_client):
    prediction, card, form, *_ = _predict(page_client, "good <script>alert(1)</script>", "en")
    assert prediction.prediction_id
    assert form["visible"] is True
    for shown in ("Positive", "88%", "6%", MODEL, "answered in", "&lt;script&gt;"):
        assert shown in card
    assert "<script>" not in card


@pytest.mark.parametrize(
    ("said", "is_uncertain"), [({"uncertain": True}, True), ({"uncertain": False}, False), ({}, False)]
)
def test_an_uncertain_answer_is_shown_in_words(page_client, stand_in, tmp_path, said, is_uncertain):
    stand_in.answer = lambda path, body: (
        200,
        answer_to("good") | said if path.startswith("/predict?") else [answer_to("good") | said],
    )
    prediction, card, *_ = _predict(page_client, "good", "fr")
    preview = score(page_client, write(tmp_path, "text\ngood\n"), "fr")[2]
    assert prediction.is_uncertain is is_uncertain
    for shown in (card, preview):
        assert ("pas sûr" in shown) is is_uncertain


def explained(stand_in, text, *weights):
    """Let the service give these weights to the words of a text."""
    words, end = [], 0
    for word, weight in zip(text.split(), weights, strict=True):
        start = text.index(word, end)
        end = start + len(word)
        words.append({"word": word, "start": start, "end": end, "weight": weight})
    stand_in.answer = lambda path, body: (200, answer_to(body["text"]) | {"explanation": words})


def test_words_are_marked_by_how_much_they_weigh(page_client, stand_in):
    text = "a  good <b> but\n'so' &amp;"
    explained(stand_in, text, 0.004, 0.5, 0.25, -0.1, 0.0, -0.5)
    _, card, *_ = _predict(page_client, text, "en")
    quote = re.search("<blockquote.*?</blockquote>", card, re.DOTALL)[0]
    assert re.findall(
        r'<mark class="(\w+)" style="--strength:([\d.]+)" title="([^"]+)">([^<]*)</mark>', quote
    ) == [
        ("for", "1.00", "Without this word, “Positive”: 38%", "good"),
        ("for", "0.50", "Without this word, “Positive”: 63%", "&lt;b&gt;"),
        ("against", "0.20", "Without this word, “Positive”: 98%", "but"),
        ("against", "1.00", "Without this word, “Positive”: 100%", "&amp;amp;"),
    ]
    assert html.unescape(re.sub("<[^>]*>", "", quote)) == text
    assert "speaks for “Positive”: <bdi>good</bdi>, <bdi>&lt;b&gt;</bdi>." in card
    assert "speaks against “Positive”: <bdi>&amp;amp;</bdi>, <bdi>but</bdi>." in card


def test_the_legend_speaks_the_readers_language_and_of_nothing_that_is_not_there(page_client, stand_in):
    explained(stand_in, "good day", 0.5, 0.3)
    card = _predict(page_client, "good day", "fr")[1]
    assert "parle pour «\u00a0Positif\u00a0»" in card
    assert "parle contre" not in card
    explained(stand_in, "good day", 0.004, -0.002)
    assert "<mark" not in _predict(page_client, "good day", "fr")[1]
    stand_in.answer = answer_well
    # A service of before knows no explanation.
    assert "good day</blockquote>" in _predict(page_client, "good day", "fr")[1]


@pytest.mark.parametrize("status", [400, 401, 413, 429, 503, 504])
def test_the_services_own_words_are_shown_for_a_refusal(page_client, stand_in, status):
    stand_in.answer = lambda *_: (status, {"error": "the fact, the value & the remedy"})
    prediction, card, form, *_ = _predict(page_client, "good", "fr")
    assert prediction is None
    assert form["visible"] is False
    assert "the fact, the value &amp; the remedy" in card
    assert f"HTTP {status}" in card
    assert 'role="alert"' in card


def test_a_service_that_is_down_is_named_with_its_address():
    page_client = ServiceClient(f"http://127.0.0.1:{free_port()}")
    assert page_client.address in _predict(page_client, "good", "en")[1]
    assert "injoignable" in _predict(page_client, "good", "fr")[1]
    assert "status_down" in service_status(page_client, "en")
    page_client.close()


def test_a_service_that_is_slow_is_told_from_one_that_is_down(stand_in, monkeypatch):
    release = threading.Event()
    stand_in.answer = lambda *_: (release.wait(5), (200, {}))[1]
    monkeypatch.setattr(client_module, "_GRACE_SECONDS", 0.0)
    page_client = ServiceClient(stand_in.address, timeout_seconds=0.2)
    assert "did not answer in time" in _predict(page_client, "good", "en")[1]
    release.set()
    page_client.close()


def test_the_status_line_tells_ready_from_not_ready(page_client, stand_in):
    stand_in.answer = lambda *_: (200, "\n")
    assert "Service prêt" in service_status(page_client, "fr")
    stand_in.answer = lambda *_: (503, {"error": "no model: run 'make train'"})
    assert "no model: run" in service_status(page_client, "en")


def test_feedback_is_about_the_text_that_was_predicted(page_client, stand_in):
    judged = page_client.predict("bad flight")
    form, card = _send_feedback(page_client, judged, "neutral", "  meh ", "en")
    expected = {
        "prediction_id": "id-10",
        "text": "bad flight",
        "correct": False,
        "label": "neutral",
        "comment": "meh",
    }
    assert stand_in.asked[-1] == ("/feedback", expected)
    assert form["visible"] is False
    assert "f-1" in card


def test_feedback_that_agrees_sends_no_label_and_no_empty_comment(page_client, stand_in):
    _send_feedback(page_client, page_client.predict("good"), None, " ", "en")
    assert stand_in.asked[-1][1] == {"prediction_id": "id-4", "text": "good", "correct": True}


def test_repeated_feedback_says_already_recorded(page_client, stand_in):
    judged = page_client.predict("good")
    stand_in.answer = lambda *_: (200, {"feedback_id": "f-1", "status": "already recorded"})
    assert "Already recorded" in _send_feedback(page_client, judged, None, "", "en")[1]


def test_refused_feedback_keeps_the_form(page_client, stand_in):
    judged = page_client.predict("good")
    stand_in.answer = lambda *_: (503, {"error": "the inbox is full: free some space"})
    form, card = _send_feedback(page_client, judged, None, "my comment", "en")
    assert form["visible"] is True
    assert "the inbox is full" in card


def test_feedback_without_a_prediction_sends_nothing(page_client, stand_in):
    assert "no prediction" in _send_feedback(page_client, None, None, "", "en")[1]
    assert stand_in.asked == []


def test_no_example_is_cut_on_its_button():
    assert all(len(example.encode("utf-16-le")) // 2 <= 60 for example in EXAMPLES)
