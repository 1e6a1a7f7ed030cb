"""The demo page without a browser: what it asks the service, what it says when that fails, CSV files, words, start and end."""

from __future__ import annotations

import csv
import html
import json
import os
import re
import signal
import socket
import string
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ports import free_port

from page import scoring
from page.comparison import comparison_view
from page.comparison_texts import CAPABILITIES_IN_FRENCH
from page.layout import service_status
from page.score_file import score_file
from page.sheet import MAX_ROWS, RESULT_COLUMNS, SheetError, read_sheet
from page.texts import TEXTS, pick_language, say
from page.try_it import EXAMPLES, _predict, _send_feedback
from sentiment import client as client_module
from sentiment.behaviour_suite import capabilities
from sentiment.client import ServiceClient, ServiceError
from sentiment.config import read_settings
from sentiment.errors import ConfigError

ROOT = Path(__file__).parents[1]
LIMITS = scoring.Limits(max_chars=1000, max_bytes=256 * 1024)
MODEL = "tweet-sentiment:abc"


def answer_to(text):
    label = "negative" if "bad" in text else "positive"
    scores = {"negative": 0.06, "neutral": 0.06, "positive": 0.06} | {label: 0.88}
    return {"prediction_id": f"id-{len(text)}", "label": label, "scores": scores, "model": MODEL}


def answer_well(path, body):
    """Answer as the contract says."""
    if path.partition("?")[0] == "/predict":
        return 200, answer_to(body["text"])
    if path == "/predict_batch":
        return 200, [answer_to(text) for text in body["texts"]]
    return 200, {"feedback_id": "f-1", "status": "recorded"}


class StandIn:
    """A service on loopback that keeps what it was asked and answers as the test says."""

    def __init__(self):
        self.answer = answer_well
        self.headers = {}
        self.asked = []
        self.seen_headers = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.reply(*stand_in.answer(self.path, None))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stand_in.asked.append((self.path, body))
                stand_in.seen_headers.append(dict(self.headers))
                self.reply(*stand_in.answer(self.path, body))

            def reply(self, status, content):
                raw = content.encode() if isinstance(content, str) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(raw)), **stand_in.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def stand_in():
    stand_in = StandIn()
    yield stand_in
    stand_in.server.shutdown()
    stand_in.server.server_close()


@pytest.fixture
def client(stand_in):
    client = ServiceClient(stand_in.address)
    yield client
    client.close()


# --- the client


def test_a_prediction_keeps_its_text_and_the_api_key_is_sent(stand_in):
    client = ServiceClient(stand_in.address, api_key="clé")
    prediction = client.predict("good 😍")
    client.close()
    assert (prediction.text, prediction.label, prediction.model) == ("good 😍", "positive", MODEL)
    assert stand_in.seen_headers[0]["X-API-Key"].encode("latin-1").decode() == "clé"


def test_half_an_emoji_is_replaced_rather_than_crashing(client, stand_in):
    assert client.predict("good \ud83d").text == "good ?"


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, "<html>not ours</html>"),
        (200, {"label": "positive"}),
        (200, answer_to("x") | {"label": "angry"}),
        (200, answer_to("x") | {"explanation": [{"word": "y", "start": 0, "end": 1, "weight": 0.1}]}),
        (200, answer_to("x") | {"explanation": [{"word": "good"}]}),
        (200, answer_to("x") | {"explanation": None}),
        (200, []),
        (502, "bad gateway"),
        (500, {"detail": "no"}),
    ],
)
def test_an_answer_outside_the_contract_is_named_as_such(client, stand_in, status, content):
    stand_in.answer = lambda *_: (status, content)
    with pytest.raises(ServiceError, match=f"HTTP {status}") as caught:
        client.predict("good")
    assert caught.value.reason == "strange"


def test_an_explanation_comes_with_the_prediction_it_was_asked_with(client, stand_in):
    words = [{"word": "so", "start": 0, "end": 2, "weight": -0.1}, {"word": "good", "start": 3, "end": 7, "weight": 0.5}]
    stand_in.answer = lambda path, body: (
        200,
        answer_to(body["text"]) | ({"explanation": words} if path == "/predict?explain=true" else {}),
    )
    assert [(one.word, one.weight) for one in client.predict("so good", explain=True).explanation] == [("so", -0.1), ("good", 0.5)]
    assert client.predict("so good").explanation == ()


def test_a_batch_answer_of_another_length_is_refused(client, stand_in):
    stand_in.answer = lambda *_: (200, [answer_to("x")])
    with pytest.raises(ServiceError):
        client.predict_batch(["one", "two"])


def test_an_address_that_is_none_names_its_setting():
    with pytest.raises(ConfigError, match="SENTIMENT_SERVICE_URL"):
        ServiceClient("http://127.0.0.1:port")


def test_a_proxy_in_the_environment_does_not_stand_before_loopback(stand_in, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    client = ServiceClient(stand_in.address)
    assert client.predict("good").label == "positive"
    client.close()


# --- "Try it"


def test_the_answer_shows_label_scores_model_and_escaped_text(client):
    prediction, card, form, *_ = _predict(client, "good <script>alert(1)</script>", "en")
    assert prediction.prediction_id
    assert form["visible"] is True
    for shown in ("Positive", "88%", "6%", MODEL, "answered in", "&lt;script&gt;"):
        assert shown in card
    assert "<script>" not in card


@pytest.mark.parametrize(("said", "is_uncertain"), [({"uncertain": True}, True), ({"uncertain": False}, False), ({}, False)])
def test_an_uncertain_answer_is_shown_in_words(client, stand_in, tmp_path, said, is_uncertain):
    stand_in.answer = lambda path, body: (200, answer_to("good") | said if path.startswith("/predict?") else [answer_to("good") | said])
    prediction, card, *_ = _predict(client, "good", "fr")
    preview = score(client, write(tmp_path, "text\ngood\n"), "fr")[2]
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


def test_words_are_marked_by_how_much_they_weigh(client, stand_in):
    text = "a  good <b> but\n'so' &amp;"
    explained(stand_in, text, 0.004, 0.5, 0.25, -0.1, 0.0, -0.5)
    _, card, *_ = _predict(client, text, "en")
    quote = re.search("<blockquote.*?</blockquote>", card, re.DOTALL)[0]
    assert re.findall(r'<mark class="(\w+)" style="--strength:([\d.]+)" title="([^"]+)">([^<]*)</mark>', quote) == [
        ("for", "1.00", "Without this word, “Positive”: 38%", "good"),
        ("for", "0.50", "Without this word, “Positive”: 63%", "&lt;b&gt;"),
        ("against", "0.20", "Without this word, “Positive”: 98%", "but"),
        ("against", "1.00", "Without this word, “Positive”: 100%", "&amp;amp;"),
    ]
    assert html.unescape(re.sub("<[^>]*>", "", quote)) == text
    assert "speaks for “Positive”: <bdi>good</bdi>, <bdi>&lt;b&gt;</bdi>." in card
    assert "speaks against “Positive”: <bdi>&amp;amp;</bdi>, <bdi>but</bdi>." in card


def test_the_legend_speaks_the_readers_language_and_of_nothing_that_is_not_there(client, stand_in):
    explained(stand_in, "good day", 0.5, 0.3)
    card = _predict(client, "good day", "fr")[1]
    assert "parle pour « Positif »" in card
    assert "parle contre" not in card
    explained(stand_in, "good day", 0.004, -0.002)
    assert "<mark" not in _predict(client, "good day", "fr")[1]
    stand_in.answer = answer_well
    assert "good day</blockquote>" in _predict(client, "good day", "fr")[1]  # a service of before knows no explanation


@pytest.mark.parametrize("status", [400, 401, 413, 429, 503, 504])
def test_the_services_own_words_are_shown_for_a_refusal(client, stand_in, status):
    stand_in.answer = lambda *_: (status, {"error": "the fact, the value & the remedy"})
    prediction, card, form, *_ = _predict(client, "good", "fr")
    assert prediction is None
    assert form["visible"] is False
    assert "the fact, the value &amp; the remedy" in card
    assert f"HTTP {status}" in card
    assert 'role="alert"' in card


def test_a_service_that_is_down_is_named_with_its_address():
    client = ServiceClient(f"http://127.0.0.1:{free_port()}")
    assert client.address in _predict(client, "good", "en")[1]
    assert "injoignable" in _predict(client, "good", "fr")[1]
    assert "status_down" in service_status(client, "en")
    client.close()


def test_a_service_that_is_slow_is_told_from_one_that_is_down(stand_in, monkeypatch):
    release = threading.Event()
    stand_in.answer = lambda *_: (release.wait(5), (200, {}))[1]
    monkeypatch.setattr(client_module, "_GRACE_SECONDS", 0.0)
    client = ServiceClient(stand_in.address, timeout_seconds=0.2)
    assert "did not answer in time" in _predict(client, "good", "en")[1]
    release.set()
    client.close()


def test_the_status_line_tells_ready_from_not_ready(client, stand_in):
    stand_in.answer = lambda *_: (200, "\n")
    assert "Service prêt" in service_status(client, "fr")
    stand_in.answer = lambda *_: (503, {"error": "no model: run 'make train'"})
    assert "no model: run" in service_status(client, "en")


def test_feedback_is_about_the_text_that_was_predicted(client, stand_in):
    judged = client.predict("bad flight")
    form, card = _send_feedback(client, judged, "neutral", "  meh ", "en")
    expected = {"prediction_id": "id-10", "text": "bad flight", "correct": False, "label": "neutral", "comment": "meh"}
    assert stand_in.asked[-1] == ("/feedback", expected)
    assert form["visible"] is False
    assert "f-1" in card


def test_feedback_that_agrees_sends_no_label_and_no_empty_comment(client, stand_in):
    _send_feedback(client, client.predict("good"), None, " ", "en")
    assert stand_in.asked[-1][1] == {"prediction_id": "id-4", "text": "good", "correct": True}


def test_repeated_feedback_says_already_recorded(client, stand_in):
    judged = client.predict("good")
    stand_in.answer = lambda *_: (200, {"feedback_id": "f-1", "status": "already recorded"})
    assert "Already recorded" in _send_feedback(client, judged, None, "", "en")[1]


def test_refused_feedback_keeps_the_form(client, stand_in):
    judged = client.predict("good")
    stand_in.answer = lambda *_: (503, {"error": "the inbox is full: free some space"})
    form, card = _send_feedback(client, judged, None, "my comment", "en")
    assert form["visible"] is True
    assert "the inbox is full" in card


def test_feedback_without_a_prediction_sends_nothing(client, stand_in):
    assert "no prediction" in _send_feedback(client, None, None, "", "en")[1]
    assert stand_in.asked == []


def test_no_example_is_cut_on_its_button():
    assert all(len(example.encode("utf-16-le")) // 2 <= 60 for example in EXAMPLES)


# --- CSV files in


def write(folder, content, name="tweets.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("text\ngood\nbad\n", ["good", "bad"]),
        ('\ufefftext,id\r\n"good, yes",1\r\n', ["good, yes"]),
        ("id;Text\n1;bonne, idée\n", ["bonne, idée"]),
        ("id\ttext\n1\tgood\n", ["good"]),
        ('"text","id"\n"two\nlines",1\n', ["two\nlines"]),
        ("good day\nbad, bad day\n", ["good day", "bad, bad day"]),
        ("text\none, two\n", ["one, two"]),
        ("text\na\n\nb\n\n\n", ["a", "", "b"]),
        ("text,label\n😀,positive\n", ["😀"]),
    ],
)
def test_texts_are_found_whatever_the_delimiter(tmp_path, content, texts):
    assert [row.text for row in read_sheet(write(tmp_path, content)).rows] == texts


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    sheet = read_sheet(write(tmp_path, 'text,id\n"two\nlines",1\nthree,2\n'))
    assert [row.line for row in sheet.rows] == [2, 4]


@pytest.mark.parametrize(
    ("content", "key", "facts"),
    [
        (b"", "file_empty", ["tweets.csv"]),
        (b"\n \n", "file_empty", ["tweets.csv"]),
        (b"text\n", "file_empty", ["tweets.csv"]),
        (b"id,comment\n1,good\n", "file_no_text", ["id, comment", "line 1"]),
        (b"text\ngood\ncaf\xe9\n", "file_encoding", ["line 3", "0xe9"]),
        (b"\xff\xfet\x00e\x00", "file_encoding", ["line 1", "0xff"]),
        (b'text,id\ngood,1\n"bad" day,2\n', "file_not_csv", ["line 3"]),
        (b'text,id\ngood,1\n"never closed,2\n', "file_not_csv", ["line 3"]),
        (b"text\n" + b"good\n" * (MAX_ROWS + 1), "file_too_long", ["20001", "20000"]),
        (b"x" * 10_000_001, "file_too_big", ["11 MB", "10 MB"]),
    ],
)
def test_a_file_that_cannot_be_scored_says_where_and_what_to_do(tmp_path, content, key, facts):
    with pytest.raises(SheetError) as caught:
        read_sheet(write(tmp_path, content))
    message = say("en", caught.value.key, **caught.value.values)
    assert caught.value.key == key
    assert all(fact in message for fact in facts), message
    assert say("fr", caught.value.key, **caught.value.values) != message


# --- scoring and CSV files out


def score(client, path, language="en"):
    return score_file(client, str(path), LIMITS, language, lambda *_: None)


def result_of(update):
    with Path(update["value"]).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_comes_back_in_order_with_its_own_columns(client, tmp_path):
    path = write(tmp_path, "id,text,label\n7,good,x\n8,bad,y\n")
    summary, download, preview = score(client, path)
    rows = result_of(download)
    assert list(rows[0]) == ["id", "text", "label", *RESULT_COLUMNS]
    assert [(row["id"], row["text"], row["label"], row["predicted_label"]) for row in rows] == [
        ("7", "good", "x", "positive"),
        ("8", "bad", "y", "negative"),
    ]
    assert (rows[0]["positive"], rows[0]["model"], rows[0]["error"]) == ("0.880000", MODEL, "")
    assert "Rows scored: 2 of 2" in summary
    assert "Not scored" not in summary
    assert "good" in preview


def test_bad_rows_stay_with_their_reason_and_stop_nothing(client, tmp_path):
    path = write(tmp_path, f"text,id\ngood,1\n,2\n{'x' * 1001},3\none, two,4\nbad,5\n")
    summary, download, _ = score(client, path)
    rows = result_of(download)
    assert [row["predicted_label"] for row in rows] == ["positive", "", "", "", "negative"]
    assert [row["error"] for row in rows][1:4] == [
        "the text is blank",
        "the text has 1001 characters; the limit is 1000",
        "the row has 3 fields, the header 2: quote texts that hold commas",
    ]
    assert "Not scored: 3" in summary


def test_a_result_can_be_scored_again(client, tmp_path):
    first = score(client, write(tmp_path, "text\ngood\n"))[1]["value"]
    second = Path(score(client, first)[1]["value"]).read_text("utf-8-sig")
    assert second.splitlines()[0].split(",") == ["text", *RESULT_COLUMNS]


def test_formulas_stay_as_they_came(client, tmp_path):
    assert result_of(score(client, write(tmp_path, "text\n=1+1\n"))[1])[0]["text"] == "=1+1"


def test_a_text_that_the_service_refuses_stands_alone(client, stand_in, tmp_path):
    def answer(path, body):
        return (400, {"error": "the text is blank after cleaning"}) if "odd" in body["texts"] else answer_well(path, body)

    stand_in.answer = answer
    rows = result_of(score(client, write(tmp_path, "text\n" + "good\n" * 9 + "odd\n" + "bad\n" * 9))[1])
    assert [row["error"] for row in rows if row["error"]] == ["the text is blank after cleaning"]
    assert rows[9]["text"] == "odd"
    assert rows[10]["predicted_label"] == "negative"


def test_a_busy_service_is_asked_again_as_late_as_it_says(client, stand_in, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr(scoring.time, "sleep", waits.append)
    stand_in.headers = {"Retry-After": "3"}
    stand_in.answer = lambda path, body: (429, {"error": "busy"}) if len(stand_in.asked) < 3 else answer_well(path, body)
    assert result_of(score(client, write(tmp_path, "text\ngood\n"))[1])[0]["predicted_label"] == "positive"
    assert waits == [3.0, 3.0]


def test_what_was_scored_before_the_service_stopped_is_kept(client, stand_in, tmp_path):
    stand_in.answer = lambda path, body: answer_well(path, body) if len(stand_in.asked) < 2 else (401, {"error": "send the key"})
    summary, download, _ = score(client, write(tmp_path, "text\n" + "good\n" * 300))
    rows = result_of(download)
    assert [bool(row["error"]) for row in rows] == [False] * 256 + [True] * 44
    assert rows[-1]["error"] == "not scored: send the key"
    assert "send the key" in summary
    assert "Rows scored: 256 of 300" in summary


def test_batches_keep_both_limits_and_lose_nothing():
    texts = ["a"] * 600 + ["😀" * 1000] * 100
    batches = list(scoring.split_batches(texts, 256 * 1024))
    assert [text for batch in batches for text in batch] == texts
    assert max(len(batch) for batch in batches) == 256
    sizes = [len(json.dumps({"texts": batch}, ensure_ascii=False, separators=(",", ":")).encode()) for batch in batches]
    assert max(sizes) <= 256 * 1024
    assert len(batches) < 6


@pytest.mark.parametrize("file", [None, "missing text column"])
def test_without_a_usable_file_there_is_an_error_and_no_download(client, tmp_path, file):
    path = write(tmp_path, "a,b\n1,2\n") if file else None
    summary, download, preview = score_file(client, str(path) if path else None, LIMITS, "fr", lambda *_: None)
    assert 'role="alert"' in summary
    assert download["visible"] is False
    assert preview == ""


# --- "Models"


def comparison(**changes):
    metrics = {
        "val_f1_macro": 0.7123,
        "test_f1_macro": 0.7,
        "test_accuracy": 0.74,
        "train_seconds": 912.4,
        "latency_ms_p50": 14.25,
        "size_mb": 91.0,
    }
    models = [
        {
            "family": "tfidf",
            "run_id": "1",
            "ease": "easy",
            "metrics": metrics | {"val_f1_macro": 0.61, "size_mb": 3.2},
            "hyperparameters": {"C": 1},
        },
        {"family": "<bert>", "run_id": "2", "ease": "hard", "metrics": metrics, "hyperparameters": {}},
    ]
    dataset = {"name": "tweets", "digest": "ab", "counts": {"train": {"negative": 9000, "neutral": 1, "positive": 2}}}
    return {
        "created_at": "2026-11-23T06:00:01",
        "profile": "quick",
        "dataset": dataset,
        "winner": "<bert>",
        "run_id": "0",
        "models": models,
    } | changes


def test_the_comparison_shows_what_the_suite_found_in_both_languages(tmp_path):
    content = comparison(behaviour={"suite": "ab", "cases": {"handles and links": 36, "something <new>": 20}})
    for model, rate in zip(content["models"], (0.75, 0.5), strict=True):
        model["metrics"] = model["metrics"] | {"behaviour_handles_and_links": rate, "behaviour_something_<new>": 1.0}
    (tmp_path / "comparison.json").write_text(json.dumps(content), "utf-8")

    assert re.search(
        r'handles and links \(36\)</th><td class="number best">75%</td><td class="number">50%', comparison_view(tmp_path, "en")
    )
    assert "mentions et liens (36)" in comparison_view(tmp_path, "fr")
    assert "something &lt;new&gt; (20)" in comparison_view(tmp_path, "fr")


def test_the_comparison_shows_what_abstaining_buys(tmp_path):
    content = comparison()
    for model, share in zip(content["models"], (0.5, 0.61), strict=True):
        model["metrics"] = model["metrics"] | {"test_coverage_at_90": share}
    (tmp_path / "comparison.json").write_text(json.dumps(content), "utf-8")
    (tmp_path / "risk_coverage.png").write_bytes(b"png")
    view = comparison_view(tmp_path, "en")

    assert re.search(r'90% right, test</th><td class="number">0.500</td><td class="number best">0.610', view)
    assert re.search(r'set aside, as a chart" src="data:image/png;base64,cG5n"', view)


def test_every_capability_of_the_suite_has_a_french_name():
    assert CAPABILITIES_IN_FRENCH.keys() == capabilities().keys()


def test_no_training_yet_says_what_to_run(tmp_path):
    assert "make train" in comparison_view(tmp_path, "en")
    assert "Aucun modèle" in comparison_view(tmp_path, "fr")


def test_the_comparison_shows_winner_best_values_and_picture(tmp_path):
    (tmp_path / "comparison.json").write_text(json.dumps(comparison()), "utf-8")
    (tmp_path / "comparison.png").write_bytes(b"png")
    view = comparison_view(tmp_path, "fr")
    for shown in ("&lt;bert&gt;", "0,712", "3,2\u00a0Mo", "912\u00a0s", "9\u202f000", "data:image/png;base64,cG5n", "quick"):
        assert shown in view
    assert re.search(r'best">0,712', view)
    assert re.search(r'best">3,2', view)
    assert "<bert>" not in view


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", json.dumps(comparison(models=[{"family": "x"}])), json.dumps(comparison(dataset=None))]
)
def test_a_damaged_comparison_is_an_error_not_a_traceback(tmp_path, content):
    (tmp_path / "comparison.json").write_text(content, "utf-8")
    assert 'role="alert"' in comparison_view(tmp_path, "en")


# --- the words


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("fr", "fr"),
        ("fr,en;q=0.9", "fr"),
        ("FR-ca", "fr"),
        ("en-US,fr;q=0.9", "en"),
        ("de", "en"),
        ("", "en"),
        (None, "en"),
        ("frr", "en"),
    ],
)
def test_the_first_language_of_the_reader_decides(header, language):
    assert pick_language(header) == language


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_hold_the_same_values(key):
    fields = [sorted(name for _, name, _, _ in string.Formatter().parse(text) if name) for text in TEXTS[key]]
    assert fields[0] == fields[1]
    assert all(text.strip() and "'" not in text for text in TEXTS[key])


# --- the process


def start_page(home, *, port, service="http://127.0.0.1:9"):
    environment = os.environ | {"SENTIMENT_HOME": str(home), "SENTIMENT_PORT_APP": str(port), "SENTIMENT_SERVICE_URL": service}
    command = [sys.executable, "-u", "app_gradio.py"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_page_starts_with_one_line_and_stops_cleanly(home, number):
    port = free_port()
    process = start_page(home, port=port)
    line = process.stdout.readline()
    process.send_signal(number)
    rest, errors = process.communicate(timeout=30)
    assert f"http://127.0.0.1:{port}" in line
    assert (process.returncode, rest, errors) == (0, "", "")
    assert not list(home.glob("page-*"))


def test_a_taken_port_names_its_setting(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start_page(home, port=taken.getsockname()[1])
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "SENTIMENT_PORT_APP" in errors
    assert "Traceback" not in errors


def test_importing_the_page_does_nothing_and_building_it_loads_no_model():
    code = """
import sys, threading
import app_gradio
assert not {"gradio", "httpx"} & set(sys.modules), "importing app_gradio loads tools"
from sentiment.config import read_settings
app_gradio.build(read_settings())
heavy = {"torch", "tensorflow", "keras", "sklearn", "transformers", "bentoml", "mlflow", "prefect"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def test_settings_reach_the_client(monkeypatch, home):
    monkeypatch.setenv("SENTIMENT_API_KEY", "secret")
    monkeypatch.setenv("SENTIMENT_PORT_SERVICE", "8123")
    client = ServiceClient.from_settings(read_settings())
    assert client.address == "http://127.0.0.1:8123"
    assert client._http.headers["X-API-Key"] == "secret"
    client.close()
