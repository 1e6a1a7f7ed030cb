"""What the service records, seen by a real receiver: requests, exceptions, on and off."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import tomllib
from pathlib import Path

import pytest
from recorder import KEY, Recorder
from telemetry_fixtures import TEXT, serving

from sentiment.config import read_settings, tool_environment
from sentiment.errors import OverloadError
from sentiment.serving.predictor import Predictor
from sentiment.telemetry import process
from sentiment.telemetry.exporters import VERSION

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
pytestmark = pytest.mark.usefixtures("champion")


def envelopes(recorder, kind):
    return [envelope for envelope in recorder.envelopes if envelope["data"]["baseType"] == kind]


def requests(recorder):
    return {data["name"]: data for data in recorder.of("RequestData")}


# --- requests ---


def test_a_prediction_is_one_request_with_two_children(recorder, champion):
    with serving(recorder) as client:
        trace_id = client.post("/predict", json={"text": TEXT}).headers["x-trace-id"]

    (request,) = envelopes(recorder, "RequestData")
    children = envelopes(recorder, "RemoteDependencyData")
    data = request["data"]["baseData"]
    assert (data["name"], data["responseCode"], data["success"]) == ("POST /predict", "200", True)
    assert data["url"].endswith("/predict")
    assert re.fullmatch(r"0\.00:00:0\d\.\d{3}", data["duration"])
    assert 0.5 < float(data["properties"].pop("score_sum")) <= 1
    counts = {"texts": "1", "negative": "0", "neutral": "0", "positive": "1", "low_confidence": "0"}
    assert data["properties"] == {"model": champion, **counts}
    assert [child["data"]["baseData"]["name"] for child in children] == ["tokenise", "inference"]
    assert {child["data"]["baseData"]["type"] for child in children} == {"InProc"}
    assert {child["tags"]["ai.operation.parentId"] for child in children} == {data["id"]}
    assert {envelope["tags"]["ai.operation.id"] for envelope in (request, *children)} == {trace_id}


def test_the_records_name_the_program_its_version_and_its_process(recorder):
    with serving(recorder) as client:
        client.post("/predict", json={"text": TEXT})

    tags = recorder.envelopes[0]["tags"]
    assert (tags["ai.cloud.role"], tags["ai.application.ver"]) == ("sentiloop.service", VERSION)
    assert re.fullmatch(r".+:\d+", tags["ai.cloud.roleInstance"])
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION


def test_a_batch_tells_how_many_texts_got_which_label(recorder):
    texts = [TEXT, "this is terrible, I hate it", "worst flight ever, never again"]
    with serving(recorder, SENTIMENT_LOW_CONFIDENCE="0.999") as client:
        client.post("/predict_batch", json={"texts": texts})

    properties = requests(recorder)["POST /predict_batch"]["properties"]
    counts = {
        name: properties[name] for name in ("texts", "negative", "neutral", "positive", "low_confidence")
    }
    assert counts == {"texts": "3", "negative": "2", "neutral": "0", "positive": "1", "low_confidence": "3"}
    assert 1 < float(properties["score_sum"]) < 3


def test_refusals_of_every_layer_are_requests(recorder):
    with serving(recorder, SENTIMENT_API_KEY="correct horse") as client:
        client.post("/predict", json={"text": TEXT})
        client.post("/predict_batch", content=b" " * 300_000, headers={"X-API-Key": "correct horse"})
        client.post("/feedback", json={}, headers={"X-API-Key": "correct horse"})
        client.get("/who/is/ann@example.com?q=canary4711")
        client.get("/predict?q=canary4711")
        client.request("BREW", "/docs.json")
        client.get("/", headers={"X-API-Key": "correct horse"})

    found = {name: (data["responseCode"], data["success"]) for name, data in requests(recorder).items()}
    assert found == {
        "POST /predict": ("401", False),
        "POST /predict_batch": ("413", False),
        "POST /feedback": ("400", False),
        "GET (unknown path)": ("404", False),
        "GET /predict": ("405", False),
        "_OTHER /docs.json": ("405", False),
        "GET /": ("200", True),
    }
    assert "canary4711" not in str(recorder.envelopes)
    assert "ann@example" not in str(recorder.envelopes)


def test_a_full_service_and_one_that_is_too_slow_are_requests_too(recorder, monkeypatch):
    async def wait(self, text, explain):
        await asyncio.sleep(20)

    async def refuse(self, texts):
        raise OverloadError(1, 1)

    monkeypatch.setattr(Predictor, "predict", wait)
    monkeypatch.setattr(Predictor, "predict_batch", refuse)
    with serving(recorder, SENTIMENT_TIMEOUT_SECONDS="0.5") as client:
        client.post("/predict", json={"text": TEXT})
        client.post("/predict_batch", json={"texts": [TEXT]})

    assert (
        requests(recorder)["POST /predict"]["responseCode"],
        requests(recorder)["POST /predict"]["success"],
    ) == ("504", False)
    assert requests(recorder)["POST /predict_batch"]["responseCode"] == "429"


def test_probes_leave_no_span(recorder):
    with serving(recorder) as client:
        for path in ("/livez", "/readyz", "/healthz", "/metrics"):
            client.get(path)
        client.get("/docs.json")

    assert list(requests(recorder)) == ["GET /docs.json"]


def test_the_callers_trace_goes_on(recorder):
    with serving(recorder) as client:
        answer = client.post(
            "/predict", json={"text": TEXT}, headers={"traceparent": f"00-{TRACE}-{PARENT}-00"}
        )
        client.post("/predict", json={"text": TEXT}, headers={"traceparent": f"00-{TRACE}-{PARENT}"})

    assert answer.headers["x-trace-id"] == TRACE
    traces = [
        (tags["ai.operation.id"], tags.get("ai.operation.parentId"))
        for tags in (e["tags"] for e in envelopes(recorder, "RequestData"))
    ]
    assert traces[0] == (TRACE, PARENT)
    assert traces[1] == (traces[1][0], None)
    assert traces[1][0] != TRACE


def test_sampling_keeps_the_count_right_and_every_feedback(recorder):
    with serving(recorder, SENTIMENT_REQUEST_SAMPLING="0.25") as client:
        ids = [client.post("/predict", json={"text": TEXT}).headers["x-trace-id"] for _ in range(200)]
        for _ in range(10):
            prediction = client.post("/predict", json={"text": TEXT}).json()
            client.post(
                "/feedback",
                json={"prediction_id": prediction["prediction_id"], "text": TEXT, "correct": True},
            )

    predictions = [
        e for e in envelopes(recorder, "RequestData") if e["data"]["baseData"]["name"] == "POST /predict"
    ]
    kept = [
        e for e in envelopes(recorder, "RequestData") if e["data"]["baseData"]["name"] == "POST /feedback"
    ]
    assert len(set(ids)) == 200
    assert {envelope["tags"]["ai.operation.id"] for envelope in predictions} & set(ids)
    assert {envelope["sampleRate"] for envelope in predictions} == {25.0}
    assert 20 < len(predictions) < 90  # 52 expected; outside by chance once in a million runs
    assert [envelope["sampleRate"] for envelope in kept] == [100.0] * 10
    assert len(recorder.feedback_ids()) == 10
    roots = {envelope["tags"]["ai.operation.id"] for envelope in predictions}
    assert {
        envelope["tags"]["ai.operation.id"] for envelope in envelopes(recorder, "RemoteDependencyData")
    } == roots


def test_an_error_inside_the_model_is_an_exception_with_its_place_only(recorder, monkeypatch):
    from models.tfidf import TfidfModel

    def fail(self, tokens):
        raise ValueError("canary4711")

    with serving(recorder) as client:
        monkeypatch.setattr(TfidfModel, "infer", fail)
        client.post("/predict", json={"text": "canary4711"})

    (exception,) = recorder.of("ExceptionData")
    details = exception["exceptions"][0]
    assert details["typeName"] == "ValueError"
    assert re.fullmatch(r'File "tests/telemetry/test_process.py", line \d+, in fail', details["message"])
    assert "in predict" in details["stack"]
    assert requests(recorder)["POST /predict"]["responseCode"] == "500"
    assert "canary4711" not in str(recorder.envelopes)


# --- on, off, elsewhere ---


@pytest.mark.parametrize("value", ["", "   ", ";"])
def test_without_a_connection_string_nothing_is_sent(value, caplog, tmp_path):
    with serving(None, APPLICATIONINSIGHTS_CONNECTION_STRING=value, SENTIMENT_HOME=tmp_path) as client:
        assert client.post("/predict", json={"text": TEXT}).status_code == 200
        assert not process.current().is_on
    assert not (tmp_path / "telemetry").exists()
    assert caplog.text == ""


def test_a_malformed_connection_string_is_one_clear_line_and_the_service_serves(caplog):
    with serving(None, APPLICATIONINSIGHTS_CONNECTION_STRING="InstrumentationKey=my-secret-key") as client:
        assert client.post("/predict", json={"text": TEXT}).status_code == 200
        assert re.fullmatch("[0-9a-f]{32}", client.get("/").headers["x-trace-id"])

    (line,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "APPLICATIONINSIGHTS_CONNECTION_STRING holds no InstrumentationKey" in line.message
    assert "copy the Connection String" in line.message
    assert "my-secret-key" not in caplog.text


def test_a_spool_that_cannot_be_made_does_not_stop_the_service(recorder, tmp_path):
    (tmp_path / "telemetry").write_text("in the way")
    with serving(recorder, SENTIMENT_HOME=tmp_path) as client:
        assert client.post("/predict", json={"text": TEXT}).status_code == 200

    assert requests(recorder)["POST /predict"]["responseCode"] == "200"


def test_the_exporters_own_reporting_is_off_also_where_the_environment_says_nothing(recorder):
    switches = [name for name in tool_environment(read_settings()) if name.startswith("APPLICATIONINSIGHTS_")]
    with serving(recorder, **dict.fromkeys(switches, "")):
        assert {os.environ[name] for name in switches} == {"true"}
    assert len(switches) == 4


def test_a_pasted_connection_string_works(recorder):
    with serving(
        recorder,
        APPLICATIONINSIGHTS_CONNECTION_STRING=f" {recorder.connection_string.replace(KEY, KEY.upper())} ; ",
    ) as client:
        client.post("/predict", json={"text": TEXT})

    assert requests(recorder)["POST /predict"]["responseCode"] == "200"


def test_a_collector_gets_all_three_signals_alone_and_beside_azure(recorder):
    with Recorder() as collector:
        for place in (None, recorder):
            with serving(place, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) as client:
                prediction = client.post("/predict", json={"text": TEXT}).json()
                client.post(
                    "/feedback",
                    json={"prediction_id": prediction["prediction_id"], "text": TEXT, "correct": True},
                )

        assert {path: len(bodies) >= 2 for path, bodies in collector.collected.items()} == {
            "/v1/traces": True,
            "/v1/logs": True,
            "/v1/metrics": True,
        }
        assert b"Good prediction" in collector.collected["/v1/logs"][0]
    assert len(recorder.feedback_ids()) == 1


def test_no_provider_becomes_the_processes_own(recorder):
    """BentoML's middleware would send its own spans and metrics through global providers."""
    from opentelemetry import _logs, metrics, trace

    with serving(recorder) as client:
        client.post("/predict", json={"text": TEXT})
        providers = [_logs.get_logger_provider(), metrics.get_meter_provider(), trace.get_tracer_provider()]

    assert [type(provider).__name__ for provider in providers] == [
        "ProxyLoggerProvider",
        "_ProxyMeterProvider",
        "ProxyTracerProvider",
    ]
    assert {data["name"] for data in recorder.of("RequestData")} == {"POST /predict"}


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
def test_a_collector_of_one_signal_gets_that_signal_alone(champion, signal):
    with Recorder() as collector:
        variable = f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"
        with serving(None, **{variable: f"{collector.url}/v1/{signal}"}) as client:
            prediction = client.post("/predict", json={"text": TEXT}).json()
            said = {"prediction_id": prediction["prediction_id"], "text": TEXT, "correct": True}
            client.post("/feedback", json=said)

        assert list(collector.collected) == [f"/v1/{signal}"]
