"""The serving benchmark's pure parts: what wrk printed, medians, ratios, tables, the picture.

The measurements are run by hand.
"""

from __future__ import annotations

import dataclasses
import json

import pytest

from benchmarks import serving_environments
from benchmarks.serving_contenders import EMPTY, ENGINE, NAMES, REFERENCE, SERVERS
from benchmarks.serving_load import Load, parse_wrk, write_bodies
from benchmarks.serving_picture import draw_serving
from benchmarks.serving_server import clean_environment
from benchmarks.serving_table import Measurement, ratio, read_record, summarise, write_record, write_report

WRK = """Running 2s test @ http://127.0.0.1:1/predict
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     7.34ms    1.77ms  27.03ms   87.61%
  1100 requests in 2.00s, 1.59MB read
Requests/sec:    550.00

{"requests": 1100, "seconds": 2.000000, "p50_ms": 7.120, "p99_ms": 13.300, "refused": 100, "broken": 3}
"""


def found(title, rates, *, failures=0, **other):
    loads = tuple(Load(clients, rate, 10.0, 20.0, failures) for clients, rate in rates.items())
    return Measurement(
        title,
        **{"start_seconds": 1.0, "memory_mb": 300.0, "installed_mb": 200.0, "agreement": 1.0, **other},
        loads=loads,
    )


@pytest.fixture
def results():
    return {
        "service": found("ours", {1: 100.0, 32: 600.0}),
        REFERENCE: found("theirs", {1: 50.0, 32: 100.0}, failures=7),
        EMPTY: found("empty", {1: 9_000.0, 32: 30_000.0}),
        ENGINE: found("engine", {1: 200.0, 16: 800.0}),
    }


def test_a_refused_request_is_no_good_answer_and_counts_as_a_failure():
    load = parse_wrk(WRK, clients=4, computed=0.5)

    assert load == Load(clients=4, rate=500.0, p50_ms=7.12, p99_ms=13.3, failures=103, wrk_share=0.25)


def test_wrk_that_printed_no_result_is_an_error():
    with pytest.raises(ValueError, match="unable to connect"):
        parse_wrk("unable to connect to 127.0.0.1:1", clients=1)


def test_bodies_are_one_line_each_whatever_is_in_the_text(tmp_path):
    texts = ["two\nlines", 'a "quote"', "emoji 😀", "\u2028"]

    path = write_bodies(tmp_path / "new" / "bodies.jsonl", ({"text": text} for text in texts))

    assert [json.loads(line)["text"] for line in path.read_bytes().split(b"\n")[:-1]] == texts


def test_the_median_round_counts_and_failures_add_up():
    rounds = [
        found("ours", {8: rate}, failures=1, memory_mb=memory)
        for rate, memory in ((100.0, 5.0), (300.0, 9.0), (110.0, 7.0))
    ]

    summary = summarise(rounds)

    assert summary.at(8).rate == 110.0
    assert (summary.failures, summary.memory_mb) == (3, 9.0)


def test_the_median_of_a_latency_is_taken_apart_from_that_of_the_rate():
    loads = [Load(8, 100.0, 30.0, 90.0), Load(8, 200.0, 10.0, 50.0), Load(8, 300.0, 20.0, 70.0)]

    summary = summarise([dataclasses.replace(found("ours", {}), loads=(load,)) for load in loads])

    assert (summary.at(8).rate, summary.at(8).p50_ms, summary.at(8).p99_ms) == (200.0, 20.0, 70.0)


def test_a_ratio_needs_both_sides():
    assert ratio(Load(1, 30.0, 1, 1), Load(1, 10.0, 1, 1)) == 3.0
    assert ratio(None, Load(1, 10.0, 1, 1)) is None
    assert ratio(Load(1, 10.0, 1, 1), None) is None


def test_the_report_compares_with_the_reference_and_with_the_engine(results):
    report = write_report(results, [1, 32])

    relative, share = (part.splitlines() for part in report.split("\n\n")[1:4:2])
    assert relative == [
        "|  | clients: 1 | 32 |",
        "| --- | --- | --- |",
        "| ours | 2.00 | 6.00 |",
        "| theirs | 1.00 | 1.00 |",
    ]
    assert share[2:] == ["| ours | 12% | 75% |", "| theirs | 6% | 12% |"]
    assert "| theirs | 1.0 | 300 | 200 | 14 | 100.0% |" in report
    assert "30,000 requests per second with 32 clients, 50 times the fastest row above" in report


def test_the_last_run_can_be_shown_again(results, tmp_path):
    write_record(tmp_path / "serving.json", "how", results)

    assert read_record(tmp_path / "serving.json") == ("how", results)


def test_without_the_reference_and_the_engine_the_report_has_no_ratios(results):
    report = write_report({"service": results["service"]}, [1, 32])

    assert report.count("| ours | – | – |") == 2


def test_the_headline_of_the_picture_is_what_was_found(results):
    figure = draw_serving(results, [1, 32], "how")

    assert (
        figure.texts[0].get_text() == "At 32 clients 6.0 times FastAPI + Transformers, 75% of the bare engine"
    )


def test_the_picture_can_be_drawn_of_one_contender_alone(results):
    assert draw_serving({"service": results["service"]}, [1, 32], "how").axes


def test_every_contender_has_a_name_of_its_own_and_an_environment_that_can_be_made():
    assert len(set(NAMES)) == len(NAMES)
    for contender in SERVERS:
        if contender.environment != serving_environments.PROJECT:
            assert serving_environments.read_requirements(contender.environment)


def test_the_service_gets_no_training_framework():
    wanted = " ".join(serving_environments.read_requirements(serving_environments.SERVICE))

    assert "bentoml" in wanted
    assert "onnxruntime" in wanted
    assert not [
        name for name in ("torch", "tensorflow", "transformers", "mlflow", "prefect") if name in wanted
    ]


def test_settings_of_ours_do_not_reach_the_servers(monkeypatch, tmp_path):
    monkeypatch.setenv("SENTIMENT_API_KEY", "x")
    monkeypatch.setenv("APPLICATIONINSIGHTS_CONNECTION_STRING", "x")

    environment = clean_environment(tmp_path / "bin" / "python", {"BENTOML_HOME": "there"})

    assert not {"SENTIMENT_API_KEY", "APPLICATIONINSIGHTS_CONNECTION_STRING"} & set(environment)
    assert environment["BENTOML_HOME"] == "there"
    assert environment["PATH"].startswith(f"{tmp_path / 'bin'}:")
