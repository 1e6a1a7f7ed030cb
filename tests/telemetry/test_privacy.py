"""Nothing personal leaves: all that a service sends and logs is searched for its input."""

from __future__ import annotations

import json
import logging

import pytest
from recorder import Recorder
from telemetry_fixtures import serving

from models.tfidf import TfidfModel
from sentiment.masking import mask

KEY = "correct horse battery"
HEADERS = {"X-API-Key": KEY}
MARKER = "canary4711"
COMMENT = "comment-canary0815"
PERSONAL = (
    "ann_smith",
    "ann.smith@example.com",
    "https://example.org/ann",
    "facebook.com/ann.smith",
    "+49 171 5557788",
    "(555) 010-4477",
)
TWEET = f"so bad @{PERSONAL[0]}, {PERSONAL[1]} {PERSONAL[2]} {PERSONAL[3]} {PERSONAL[4]} or {PERSONAL[5]}"
SECRETS = (MARKER, COMMENT, KEY, *PERSONAL, "5557788", "010-4477", "example.org", "battery")


@pytest.fixture(scope="module")
def sent_and_logged(champion):
    """Drive the whole service; return all that it sent, and all that it logged at any level."""
    lines: list[str] = []
    listener = logging.Handler(logging.DEBUG)
    # With tracebacks.
    listener.emit = lambda record: lines.append(logging.Formatter("%(name)s %(message)s").format(record))
    names = ("bentoml", "sentiment", "sentiment.feedback", "azure", "opentelemetry")
    with Recorder() as recorder, Recorder() as collector:
        for name in names:
            logging.getLogger(name).addHandler(listener)
        try:
            with serving(
                recorder,
                SENTIMENT_API_KEY=KEY,
                SENTIMENT_HOST="0.0.0.0",  # it answers to any name
                OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            ) as client:
                _use(client)
                _fail(client)
        finally:
            for name in names:
                logging.getLogger(name).removeHandler(listener)
        yield recorder, b"".join(body for bodies in collector.collected.values() for body in bodies), lines


def _use(client):
    """Good requests, then bad ones of every layer."""
    prediction = client.post("/predict", json={"text": TWEET}, headers=HEADERS).json()
    client.post("/predict_batch", json={"texts": [f"{MARKER} {TWEET}", MARKER]}, headers=HEADERS)
    feedback = {
        "prediction_id": prediction["prediction_id"],
        "text": TWEET,
        "correct": False,
        "comment": f"{COMMENT} {PERSONAL[1]}",
    }
    for _ in range(2):
        assert client.post("/feedback", json=feedback, headers=HEADERS).status_code == 200
    for changes in (
        {"text": MARKER},
        {"prediction_id": f"{MARKER}.forged"},
        {"label": MARKER},
        {"comment": COMMENT * 200},
        {MARKER: 1},
    ):
        assert client.post("/feedback", json={**feedback, **changes}, headers=HEADERS).status_code == 400
    for body in ({"text": MARKER * 200}, {"text": [MARKER]}, {"texts": MARKER}, {MARKER: TWEET}):
        client.post("/predict", json=body, headers=HEADERS)
        client.post("/predict_batch", json=body, headers={"X-API-Key": MARKER})
    client.post(
        "/predict",
        content=f'{{"text": "{MARKER}',
        headers={**HEADERS, "User-Agent": MARKER, "traceparent": MARKER},
    )
    client.post(
        f"/predict?text={MARKER}",
        json={"text": TWEET},
        headers={**HEADERS, "Host": f"{MARKER}.example.com", "Referer": PERSONAL[2]},
    )
    client.get(f"/{MARKER}/{PERSONAL[1]}?key={KEY}", headers={"Cookie": MARKER, "X-Forwarded-For": MARKER})
    client.request(MARKER.upper(), "/predict")


def _fail(client):
    """Errors with the text in their messages, from inside the model, its tokens and the inbox."""

    def fail(*arguments):
        try:
            {}[MARKER]
        except KeyError as error:
            raise ValueError(f"{MARKER} {TWEET} {arguments!r}") from error

    prediction = client.post("/predict", json={"text": TWEET}, headers=HEADERS).json()
    for method in ("infer", "tokenise"):
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(TfidfModel, method, fail)
            assert (
                client.post("/predict", json={"text": f"{MARKER} {TWEET}"}, headers=HEADERS).status_code
                == 500
            )
    feedback = {
        "prediction_id": prediction["prediction_id"],
        "text": TWEET,
        "correct": False,
        "comment": COMMENT,
    }
    with pytest.MonkeyPatch.context() as inner:
        inner.setattr("sentiment.durable.create_once", fail)
        assert client.post("/feedback", json=feedback, headers=HEADERS).status_code == 503


def test_every_kind_of_record_was_sent(sent_and_logged):
    recorder, collected, _ = sent_and_logged

    kinds = {envelope["data"]["baseType"] for envelope in recorder.envelopes}
    assert kinds == {"RequestData", "RemoteDependencyData", "ExceptionData", "MessageData", "MetricData"}
    assert len(recorder.of("ExceptionData")) == 3
    assert len(recorder.of("RequestData")) > 15
    assert len(collected) > 1000


def test_no_record_holds_anything_that_came_in(sent_and_logged):
    recorder, _, _ = sent_and_logged

    for envelope in recorder.envelopes:
        text = json.dumps(envelope, ensure_ascii=False)
        assert not [secret for secret in SECRETS if secret in text], envelope


def test_no_record_but_feedback_holds_words_of_a_text(sent_and_logged):
    recorder, _, _ = sent_and_logged

    (feedback,) = recorder.of("MessageData")
    assert (
        feedback["properties"].pop("tweet_text")
        == mask(TWEET)
        == "so bad @user, (email) http http (phone) or (phone)"
    )
    assert "so bad" not in json.dumps(recorder.envelopes)


def test_a_collector_gets_nothing_that_came_in_either(sent_and_logged):
    _, collected, _ = sent_and_logged

    assert not [secret for secret in SECRETS if secret.encode() in collected]
    assert collected.count(b"so bad @user") == 1


def test_no_line_of_the_log_holds_anything_that_came_in(sent_and_logged):
    _, _, lines = sent_and_logged

    assert any("failed with ValueError" in line for line in lines)
    assert not [line for line in lines if any(secret in line for secret in (*SECRETS, "so bad"))]


def test_a_refused_record_is_not_shown_in_the_log(champion, caplog):
    """Azure's exporter logs the whole envelope of a record that was refused for good."""
    with Recorder() as recorder, serving(recorder) as client:
        recorder.take = lambda envelopes: (
            206,
            {},
            {
                "itemsReceived": len(envelopes),
                "itemsAccepted": 0,
                "errors": [{"index": 0, "statusCode": 400, "message": "no"}],
            },
        )
        prediction = client.post("/predict", json={"text": TWEET}).json()
        client.post(
            "/feedback", json={"prediction_id": prediction["prediction_id"], "text": TWEET, "correct": False}
        )

    assert "Data drop 400: no TelemetryItem." in caplog.text
    assert "so bad" not in caplog.text
