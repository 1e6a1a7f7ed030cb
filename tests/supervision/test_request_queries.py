"""The queries on requests and predictions, with results worked out by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kql_fixtures import HOUR, NASTY, at, open_workspace, rows

from sentiment import queries


def test_requests_count_those_that_sampling_left_out(filled_workspace):
    # 12:00 5 + 2, 12:01 3 + 2, 12:02 1 + 1 + 4 + 1
    assert rows(filled_workspace.ask(queries.read("requests_per_minute"))) == [
        (at(0), 7, 7.0),
        (at(1), 5, 5.0),
        (at(2), 7, 7.0),
    ]


def test_a_longer_step_gives_a_rate_per_minute_still(filled_workspace):
    frame = filled_workspace.ask(queries.read("requests_per_minute", step=timedelta(minutes=5)))

    assert rows(frame) == [(at(0), 19, 3.8)]


def test_requests_of_one_model_are_its_predictions(filled_workspace):
    assert rows(filled_workspace.ask(queries.read("requests_per_minute", model=NASTY))) == [(at(1), 3, 3.0)]


def test_latency_is_of_predictions_alone(filled_workspace):
    frame = filled_workspace.ask(queries.read("latency"))

    # 12:00 {20, 100}, 12:01 {40, 1}, 12:02 {1, 3}; on two values every percentile is one of them
    assert rows(frame, "timestamp", "p99") == [(at(0), 100.0), (at(1), 40.0), (at(2), 3.0)]
    assert rows(filled_workspace.ask(queries.read("latency", model=NASTY)), "p50", "p95", "p99") == [
        (40.0, 40.0, 40.0)
    ]


def test_percentiles_of_a_hundred_requests_are_the_textbooks(tmp_path):
    with open_workspace(tmp_path) as w:
        for number in range(1, 101):
            w.request("POST /predict", HOUR + timedelta(milliseconds=number), ms=number)
        frame = w.ask(queries.read("latency"))

    assert frame[["p50", "p95", "p99"]].iloc[0].tolist() == pytest.approx([50.5, 95, 99], abs=1)


def test_errors_are_counted_by_name_and_status(filled_workspace):
    assert rows(filled_workspace.ask(queries.read("errors"))) == [
        ("GET (unknown path)", "404", 4, at(2)),
        ("POST /predict", "400", 3, at(2)),
        ("POST /predict_batch", "503", 1, at(2)),
    ]


def test_the_label_mix_counts_texts_not_requests(filled_workspace):
    # 12:00 five times one negative, then twice one negative and two positive
    assert rows(filled_workspace.ask(queries.read("label_mix"))) == [(at(0), 7, 0, 4), (at(1), 0, 3, 0)]
    assert rows(filled_workspace.ask(queries.read("label_mix", model="m1", step=timedelta(hours=1)))) == [
        (at(0), 7, 0, 4)
    ]


def test_confidence_weighs_every_text_alike(filled_workspace):
    # 12:00 (5 * 0.4 + 2 * 2.0) / (5 + 2 * 3), and 5 + 2 of these 11 unsure
    assert rows(filled_workspace.ask(queries.read("confidence"))) == [
        (at(0), pytest.approx(6 / 11), pytest.approx(7 / 11), 11),
        (at(1), pytest.approx(0.8), 0.0, 3),
    ]


def test_a_period_cuts_what_a_query_sees(filled_workspace):
    frame = filled_workspace.ask(
        queries.read("requests_per_minute"), (HOUR + timedelta(minutes=1), HOUR + timedelta(minutes=2))
    )

    assert rows(frame) == [(at(1), 5, 5.0)]
