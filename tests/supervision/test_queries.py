"""The queries: each gives the right answer on the real monitor, worked out by hand."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
from kql_fixtures import ALL, HOUR, NASTY, Workspace, open_workspace

from sentiment import queries
from sentiment.errors import QueryError

MINUTE = timedelta(minutes=1)
COLUMNS = {
    "bad_predictions": "timestamp tweet_text predicted_label feedback_label model score prediction_id feedback_id",
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
    "sampled_predictions": "TimeGenerated tweet_text predicted_label score model prediction_id reason",
    "shadow": "model shadow_model compared agreement to_negative to_neutral to_positive",
}
KINDS = {
    "datetime64[us, UTC]": {"timestamp", "last_seen", "TimeGenerated", "evaluation"},
    "Int64": {"requests", "negative", "neutral", "positive", "predictions", "good", "bad", "bad_predictions"}
    | {"compared", "to_negative", "to_neutral", "to_positive"},
    "float64": {
        "score",
        "requests_per_minute",
        "p50",
        "p95",
        "p99",
        "mean_score",
        "low_confidence_share",
        "feedback_rate",
        "bad_rate",
        "agreement",
    },
    "boolean": {"is_correct"},
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A workspace in which nothing was ever sent."""
    with open_workspace(tmp_path_factory.mktemp("empty")) as opened:
        yield opened


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A workspace with an hour whose figures are worked out below."""
    with open_workspace(tmp_path_factory.mktemp("filled")) as opened:
        _fill(opened)
        yield opened


def _fill(w: Workspace) -> None:
    # 12:00  five requests stand behind one row; one text each, negative, unsure
    w.predicted(HOUR, counts=(1, 0, 0), low=1, score=0.4, items=5, ms=20)
    # 12:00  two batches of three texts, one of them unsure
    w.predicted(HOUR + timedelta(seconds=59.999999), counts=(1, 0, 2), low=1, score=2.0, items=2, ms=100)
    # 12:01  another model
    w.predicted(HOUR + MINUTE, counts=(0, 1, 0), score=0.8, model=NASTY, items=3, ms=40)
    # refused, failed, unknown: no properties at all
    w.request("POST /predict", HOUR + MINUTE, status=400, ms=1, items=2)
    w.request("POST /predict", HOUR + 2 * MINUTE, status=400, ms=1)
    w.request("POST /predict_batch", HOUR + 2 * MINUTE, status=503, ms=3)
    w.request("GET (unknown path)", HOUR + 2 * MINUTE, status=404, ms=1, items=4)
    w.request("GET /", HOUR + 2 * MINUTE, ms=900)
    # feedback: b1 comes twice, b2 is sent again after days, b3 only says "wrong", g1 is good and
    # comes twice, too
    w.feedback("b1", HOUR, tweet_text='so "bad" 😡\\', feedback_label="negative", score="0.91")
    w.feedback("b1", HOUR + 9 * MINUTE, tweet_text='so "bad" 😡\\', feedback_label="negative", score="0.91")
    w.feedback("b2", HOUR + 2 * MINUTE, received_at="2026-01-01T09:00:00.123456+00:00")
    w.feedback("b3", HOUR + 3 * MINUTE, model=NASTY)
    w.feedback("g1", HOUR + 4 * MINUTE, is_good=True)
    w.feedback("g1", HOUR + 5 * MINUTE, is_good=True)
    w.feedback("g2", HOUR + 4 * MINUTE, is_good=True, model="m2")
    # samples for review: one comes twice; the shadow disagrees once in three
    for moment, number in ((HOUR, 1), (HOUR + MINUTE, 2), (HOUR + 2 * MINUTE, 1)):
        keys = {
            "tweet_text": "so so",
            "predicted_label": "neutral",
            "score": "0.4",
            "model": "m2",
            "reason": "random",
        }
        w.trace("Sampled prediction", moment, prediction_id=f"p{number}", **keys)
    for label in ("negative", "negative", "positive"):
        keys = {
            "predicted_label": "negative",
            "score": "0.5",
            "model": "m2",
            "shadow_score": "0.6",
            "shadow_model": "s",
        }
        w.trace("Shadow prediction", HOUR, shadow_label=label, **keys)
    # what is no feedback of ours: no keys at all, another message
    w.trace("Bad prediction", HOUR)
    w.trace("Bad predictions", HOUR, feedback_id="x")
    w.send()


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple]:
    return [
        tuple(None if pd.isna(value) else value for value in row)
        for row in frame[list(columns) or list(frame)].itertuples(index=False)
    ]


def at(minutes: float, seconds: float = 0) -> pd.Timestamp:
    return pd.Timestamp(HOUR + timedelta(minutes=minutes, seconds=seconds))


def test_the_files_are_the_queries_that_are_documented_here():
    assert set(queries.NAMES) == set(COLUMNS)


@pytest.mark.parametrize("name", queries.NAMES)
def test_a_query_gives_its_columns_and_types_even_where_nothing_was_sent(empty, name):
    frame = empty.ask(queries.read(name))

    assert list(frame) == COLUMNS[name].split()
    assert frame.empty
    for kind, columns in KINDS.items():
        assert {column for column, found in frame.dtypes.items() if str(found) == kind} == set(
            frame
        ) & columns


@pytest.mark.parametrize("name", queries.NAMES)
def test_a_query_gives_the_same_types_where_something_was_sent(filled, empty, name):
    assert filled.ask(queries.read(name)).dtypes.equals(empty.ask(queries.read(name)).dtypes)


def test_bad_predictions_come_once_each_newest_first(filled):
    frame = filled.ask(queries.read("bad_predictions"))

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
def test_a_model_is_filtered_by_its_exact_name(filled, model, found):
    assert len(filled.ask(queries.read("bad_predictions", model=model))) == found


def test_good_predictions_come_once_each(filled):
    frame = filled.ask(queries.read("good_predictions"))

    assert rows(frame, "timestamp", "feedback_id") == [(at(4), "g1"), (at(4), "g2")]


def test_every_feedback_counts_once(filled):
    assert rows(filled.ask(queries.read("feedback"))) == [
        (at(4), "g1", True),
        (at(4), "g2", True),
        (at(3), "b3", False),
        (at(0), "b1", False),
        (pd.Timestamp("2026-01-01T09:00:00.123456Z"), "b2", False),
    ]


def test_requests_count_those_that_sampling_left_out(filled):
    # 12:00 5 + 2, 12:01 3 + 2, 12:02 1 + 1 + 4 + 1
    assert rows(filled.ask(queries.read("requests_per_minute"))) == [
        (at(0), 7, 7.0),
        (at(1), 5, 5.0),
        (at(2), 7, 7.0),
    ]


def test_a_longer_step_gives_a_rate_per_minute_still(filled):
    frame = filled.ask(queries.read("requests_per_minute", step=timedelta(minutes=5)))

    assert rows(frame) == [(at(0), 19, 3.8)]


def test_requests_of_one_model_are_its_predictions(filled):
    assert rows(filled.ask(queries.read("requests_per_minute", model=NASTY))) == [(at(1), 3, 3.0)]


def test_latency_is_of_predictions_alone(filled):
    frame = filled.ask(queries.read("latency"))

    # 12:00 {20, 100}, 12:01 {40, 1}, 12:02 {1, 3}; on two values every percentile is one of them
    assert rows(frame, "timestamp", "p99") == [(at(0), 100.0), (at(1), 40.0), (at(2), 3.0)]
    assert rows(filled.ask(queries.read("latency", model=NASTY)), "p50", "p95", "p99") == [(40.0, 40.0, 40.0)]


def test_percentiles_of_a_hundred_requests_are_the_textbooks(tmp_path):
    with open_workspace(tmp_path) as w:
        for number in range(1, 101):
            w.request("POST /predict", HOUR + timedelta(milliseconds=number), ms=number)
        frame = w.ask(queries.read("latency"))

    assert frame[["p50", "p95", "p99"]].iloc[0].tolist() == pytest.approx([50.5, 95, 99], abs=1)


def test_errors_are_counted_by_name_and_status(filled):
    assert rows(filled.ask(queries.read("errors"))) == [
        ("GET (unknown path)", "404", 4, at(2)),
        ("POST /predict", "400", 3, at(2)),
        ("POST /predict_batch", "503", 1, at(2)),
    ]


def test_the_label_mix_counts_texts_not_requests(filled):
    # 12:00 five times one negative, then twice one negative and two positive
    assert rows(filled.ask(queries.read("label_mix"))) == [(at(0), 7, 0, 4), (at(1), 0, 3, 0)]
    assert rows(filled.ask(queries.read("label_mix", model="m1", step=timedelta(hours=1)))) == [
        (at(0), 7, 0, 4)
    ]


def test_confidence_weighs_every_text_alike(filled):
    # 12:00 (5 * 0.4 + 2 * 2.0) / (5 + 2 * 3), and 5 + 2 of these 11 unsure
    assert rows(filled.ask(queries.read("confidence"))) == [
        (at(0), pytest.approx(6 / 11), pytest.approx(7 / 11), 11),
        (at(1), pytest.approx(0.8), 0.0, 3),
    ]


def test_the_feedback_rate_is_per_prediction_and_the_bad_rate_per_feedback(filled):
    # m1: 11 texts, 1 good, 2 bad; m2 was never asked here, and the other model was asked three
    # times and judged bad once
    assert rows(filled.ask(queries.read("feedback_rate"))) == [
        (NASTY, 3, 0, 1, pytest.approx(1 / 3), 1.0),
        ("m1", 11, 1, 2, pytest.approx(3 / 11), pytest.approx(2 / 3)),
        ("m2", 0, 1, 0, None, 0.0),
    ]


def test_models_are_those_that_predicted_or_were_judged(filled):
    assert rows(filled.ask(queries.read("models"))) == [("m1", at(9)), ("m2", at(4)), (NASTY, at(3))]


def test_the_alert_does_not_see_feedback_that_was_sent_again_later(filled):
    frame = filled.ask(queries.read("alert"))

    assert {"b1", "b3"} <= set(frame["feedback_id"])
    assert "b2" not in set(frame["feedback_id"])


def test_a_period_cuts_what_a_query_sees(filled):
    frame = filled.ask(queries.read("requests_per_minute"), (HOUR + MINUTE, HOUR + 2 * MINUTE))

    assert rows(frame) == [(at(1), 5, 5.0)]


def test_the_reader_pages_through_the_monitor(filled):
    filled.send()
    whole = filled.reader.rows(queries.read("bad_predictions"), ALL)

    filled.client.set_faults(query={"status": 206, "times": 6})  # each of six answers holds one row
    paged = filled.reader.rows(queries.read("bad_predictions"), ALL)

    pd.testing.assert_frame_equal(paged, whole)
    assert filled.reader.rows(queries.read("bad_predictions"), None).equals(whole)


def test_the_reader_waits_when_the_monitor_throttles(filled):
    filled.client.set_faults(query={"status": 429, "times": 1, "retry_after": 1})

    assert len(filled.ask(queries.read("models"))) == 3


def test_a_query_that_is_no_kql_is_refused_with_its_place(filled):
    with pytest.raises(QueryError, match=r"'wherex'.*line 2, position 3") as caught:
        filled.ask("AppTraces\n| wherex Message == ''")

    assert caught.value.reason == "query"


def test_a_column_that_is_not_there_is_named(filled):
    with pytest.raises(QueryError, match="Mesage") as caught:
        filled.ask("AppTraces | where Mesage == ''")

    assert caught.value.reason == "query"


def test_a_parameter_cannot_break_out_of_its_text(filled):
    for sign in ('"; AppTraces | take 1 //', "\\", "\\\\", '\\"', "\x00", "\u2029", "\ud83d"):
        assert filled.ask(queries.read("bad_predictions", model=sign)).empty


def test_samples_come_once_each_newest_first(filled):
    frame = filled.ask(queries.read("sampled_predictions"))

    assert rows(frame, "prediction_id", "TimeGenerated") == [("p2", at(1)), ("p1", at(0))]


def test_the_shadow_is_compared_by_its_agreement_and_its_changes(filled):
    frame = filled.ask(queries.read("shadow"))

    assert rows(frame) == [("m2", "s", 3, pytest.approx(2 / 3), 0, 0, 1)]
