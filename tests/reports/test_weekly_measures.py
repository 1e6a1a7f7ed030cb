"""The headline figures, worked out by hand."""

import pytest
from made_up_week import WEEK, at, records

from sentiment.reports.weekly_report import analyse


def test_headline_figures_are_those_worked_out_by_hand(busy_week):
    expected = {
        "requests": (1680, 840),
        "predictions": (1344, 672),
        "feedback": (100, 100),
        "bad_predictions": (40, 60),
        "bad_share": (0.4, 0.6),
        "feedback_share": (100 / 1344, 100 / 672),
        "low_confidence_share": (0.125, 0.25),
        "refused_share": (30 / 1680, 0),
        "server_error_share": (4 / 1680, 0),
        "latency_ms_p50": (20, 20),
        "latency_ms_p95": (80, 60),
        "latency_ms_p99": (160, 100),
        "mean_score": (0.75, 0.5),
        "alerts": (1, 1),
    }
    of_the_audit = {"production_accuracy", "production_f1_macro", "production_labels"}
    metrics = {key: value for key, value in busy_week.metrics.items() if key not in of_the_audit}

    assert metrics == pytest.approx(
        {
            key + suffix: v
            for key, both in expected.items()
            for suffix, v in zip(("", "_before"), both, strict=True)
        }
    )
    assert [episode.fired for episode in busy_week.alerts] == [at(5)]


def test_mean_confidence_is_weighted_by_predictions():
    hours = [(at(0), 1, 1, 0, 0, 0.9, 0.0), (at(1), 9, 3, 3, 3, 0.4, 1 / 3)]

    weekly = analyse(WEEK, records(hours=hours), records(), [])

    assert weekly.measures["mean_score"].now == pytest.approx((0.9 + 9 * 0.4) / 10)
    assert weekly.measures["low_confidence_share"].now == pytest.approx(3 / 10)
