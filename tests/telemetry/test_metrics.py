"""The metrics, seen by a real receiver and by Prometheus: names, labels, restarts."""

from __future__ import annotations

import pytest
from telemetry_fixtures import TEXT, serving

from sentiment.telemetry.metrics import METRICS, RELOADS, SHADOW

pytestmark = pytest.mark.usefixtures("champion")


def test_every_metric_is_sent_with_bounded_labels(recorder, champion):
    with serving(recorder, SENTIMENT_LOW_CONFIDENCE="1", SENTIMENT_UNCERTAIN_BELOW="1") as client:
        client.post("/predict", json={"text": TEXT})
        client.post("/predict_batch", json={"texts": [TEXT, TEXT]})
        for number in range(20):
            client.get(f"/scan-{number}")

    found = {}
    for data in recorder.of("MetricData"):
        found.setdefault(data["metrics"][0]["name"], []).append((data["metrics"][0], data["properties"]))
    rare = {RELOADS, SHADOW}  # tests/serving/test_shadow.py counts them
    assert set(found) == {metric.name for metric in METRICS if metric not in rare}
    assert {
        (label["route"], label["status"]): point["value"] for point, label in found["sentiment_requests"]
    } == {
        ("/predict", "200"): 1,
        ("/predict_batch", "200"): 1,
        ("(unknown path)", "404"): 20,
    }
    assert [(point["value"], label) for point, label in found["sentiment_predictions"]] == [
        (3, {"label": "positive", "model": champion})
    ]
    assert [(point["value"], label) for point, label in found["sentiment_low_confidence"]] == [
        (3, {"model": champion})
    ]
    assert [(point["value"], label) for point, label in found["sentiment_uncertain"]] == [
        (3, {"model": champion})
    ]
    assert [(point["count"], point["max"]) for point, _ in found["sentiment_batch_size"]] == [(1, 2)]
    assert [(point["count"], point["max"] <= 1) for point, _ in found["sentiment_score"]] == [(3, True)]
    assert {label["route"] for _, label in found["sentiment_request_seconds"]} == {
        "/predict",
        "/predict_batch",
        "(unknown path)",
    }


def test_services_that_start_one_after_the_other_do_not_clash(recorder):
    import prometheus_client

    def served():
        return prometheus_client.REGISTRY.get_sample_value("sentiment_batch_size_count") or 0

    before = served()
    for place in (None, recorder, recorder):
        with serving(place) as client:
            client.post("/predict_batch", json={"texts": [TEXT]})

    assert served() - before == 3
