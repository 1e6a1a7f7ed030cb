"""The queries on feedback and samples, and the columns and types of all."""

from __future__ import annotations

import pandas as pd
import pytest
from kql_fixtures import NASTY, at, rows

from sentiment import queries

COLUMNS = {
    "bad_predictions": "timestamp tweet_text predicted_label feedback_label model score prediction_id "
    "feedback_id",
    "good_predictions": "timestamp tweet_text predicted_label model score prediction_id feedback_id",
    "feedback": "timestamp feedback_id is_correct",
    "requests_per_minute": "timestamp requests requests_per_minute",
    "latency": "timestamp p50 p95 p99",
    "errors": "name status requests last_seen",
    "label_mix": "timestamp negative neutral positive",
    "confidence": "timestamp mean_score low_confidence_share predictions",
    "feedback_rate": "model predictions good bad feedback_rate bad_rate",
    "models": "model last_seen",
    "alert": "TimeGenerated feedback_id predicted_label feedback_label model prediction_id",
    "alert_history": "evaluation bad_predictions",
    "alert_share": "answered bad bad_share",
    "alert_errors": "answered failed failed_share",
    "alert_silence": "last_seen",
    "sampled_predictions": "TimeGenerated tweet_text predicted_label score model prediction_id reason "
    "probability signature",
    "shadow": "model shadow_model compared agreement to_negative to_neutral to_positive",
}


KINDS = {
    "datetime64[us, UTC]": {"timestamp", "last_seen", "TimeGenerated", "evaluation"},
    "Int64": {"requests", "negative", "neutral", "positive", "predictions", "good", "bad", "bad_predictions"}
    | {"compared", "to_negative", "to_neutral", "to_positive", "answered", "failed"},
    "float64": {
        "score",
        "probability",
        "requests_per_minute",
        "p50",
        "p95",
        "p99",
        "mean_score",
        "low_confidence_share",
        "feedback_rate",
        "bad_rate",
        "bad_share",
        "failed_share",
        "agreement",
    },
    "boolean": {"is_correct"},
}


def test_the_files_are_the_queries_that_are_documented_here():
    assert set(queries.NAMES) == set(COLUMNS)


@pytest.mark.parametrize("name", queries.NAMES)
def test_a_query_gives_its_columns_and_types_even_where_nothing_was_sent(empty_workspace, name):
    frame = empty_workspace.ask(queries.read(name))

    assert list(frame) == COLUMNS[name].split()
    assert frame.empty
    for kind, columns in KINDS.items():
        assert {column for column, found in frame.dtypes.items() if str(found) == kind} == set(
            frame
        ) & columns


@pytest.mark.parametrize("name", queries.NAMES)
def test_a_query_gives_the_same_types_where_something_was_sent(filled_workspace, empty_workspace, name):
    assert filled_workspace.ask(queries.read(name)).dtypes.equals(
        empty_workspace.ask(queries.read(name)).dtypes
    )


def test_bad_predictions_come_once_each_newest_first(filled_workspace):
    frame = filled_workspace.ask(queries.read("bad_predictions"))

    assert rows(frame, "timestamp", "feedback_id", "feedback_label", "model") == [
        (at(3), "b3", "", NASTY),
        (at(0), "b1", "negative", "m1"),
        (pd.Timestamp("2026-01-01T09:00:00.123456Z"), "b2", "", "m1"),
    ]
    first = frame[frame.feedback_id == "b1"].iloc[0]
    assert [first.tweet_text, first.predicted_label, first.score, first.prediction_id] == [
        'so "bad" 😡\\',
        "positive",
        0.91,
        "p",
    ]


@pytest.mark.parametrize(
    ("model", "found"), [("", 3), ("m1", 2), (NASTY, 1), ("M1", 0), ("m", 0), ('"', 0), ("m1\\", 0)]
)
def test_a_model_is_filtered_by_its_exact_name(filled_workspace, model, found):
    assert len(filled_workspace.ask(queries.read("bad_predictions", model=model))) == found


def test_good_predictions_come_once_each(filled_workspace):
    frame = filled_workspace.ask(queries.read("good_predictions"))

    assert rows(frame, "timestamp", "feedback_id") == [(at(4), "g1"), (at(4), "g2")]


def test_every_feedback_counts_once(filled_workspace):
    assert rows(filled_workspace.ask(queries.read("feedback"))) == [
        (at(4), "g1", True),
        (at(4), "g2", True),
        (at(3), "b3", False),
        (at(0), "b1", False),
        (pd.Timestamp("2026-01-01T09:00:00.123456Z"), "b2", False),
    ]


def test_the_feedback_rate_is_per_prediction_and_the_bad_rate_per_feedback(filled_workspace):
    # m1: 11 texts, 1 good, 2 bad; m2 was never asked here, and the other model was asked three
    # times and judged bad once
    assert rows(filled_workspace.ask(queries.read("feedback_rate"))) == [
        (NASTY, 3, 0, 1, pytest.approx(1 / 3), 1.0),
        ("m1", 11, 1, 2, pytest.approx(3 / 11), pytest.approx(2 / 3)),
        ("m2", 0, 1, 0, None, 0.0),
    ]


def test_models_are_those_that_predicted_or_were_judged(filled_workspace):
    assert rows(filled_workspace.ask(queries.read("models"))) == [
        ("m1", at(9)),
        ("m2", at(4)),
        (NASTY, at(3)),
    ]


def test_the_alert_does_not_see_feedback_that_was_sent_again_later(filled_workspace):
    frame = filled_workspace.ask(queries.read("alert"))

    assert {"b1", "b3"} <= set(frame["feedback_id"])
    assert "b2" not in set(frame["feedback_id"])


def test_records_of_samples_come_once_each_newest_first(filled_workspace):
    frame = filled_workspace.ask(queries.read("sampled_predictions"))

    assert rows(frame, "prediction_id", "TimeGenerated", "reason", "probability", "signature") == [
        ("p2", at(3), "disagreement", 0.1, "s2"),
        ("p2", at(1), "low confidence", 0.5, "s1"),
        ("p1", at(0), "random", None, ""),
    ]


def test_the_shadow_is_compared_by_its_agreement_and_its_changes(filled_workspace):
    frame = filled_workspace.ask(queries.read("shadow"))

    assert rows(frame) == [("m2", "s", 3, pytest.approx(2 / 3), 0, 0, 1)]
