"""The states of an alert: grid, measures, firing and resolution as in Azure, alerts of a period."""

from datetime import datetime, timedelta
from itertools import pairwise

import pandas as pd
import pytest
from alert_fixtures import MINUTE, NOON, rule

from sentiment.errors import AlertError
from sentiment.supervision.alert_state import (
    AlertState,
    Episode,
    advance,
    episodes,
    is_met,
    last_evaluation,
    measure,
    measure_windows,
)


def test_evaluations_fall_on_whole_periods_of_utc():
    assert last_evaluation(rule(), NOON + timedelta(seconds=59.999999)) == NOON
    assert last_evaluation(rule(), NOON) == NOON
    assert (
        last_evaluation(rule(evaluationFrequency="PT15M", windowSize="PT15M"), NOON + 44 * MINUTE)
        == NOON + 30 * MINUTE
    )


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [("Count", 4.0), ("Total", 6.0), ("Average", 2.0), ("Minimum", 1.0), ("Maximum", 3.0)],
)
def test_each_aggregation_measures_as_its_name_says(aggregation, expected):
    frame = pd.DataFrame({"n": pd.Series([1, 3, 2, None], dtype="Int64")})

    column = {} if aggregation == "Count" else {"metricMeasureColumn": "n"}
    assert measure(rule(timeAggregation=aggregation, **column), frame) == expected


def test_nothing_to_measure_meets_no_condition_but_no_rows_are_a_count_of_zero():
    nothing = pd.DataFrame({"n": pd.Series([], dtype="float64")})
    low = {"operator": "LessThan", "threshold": 1}

    average = rule(timeAggregation="Average", metricMeasureColumn="n", **low)
    assert not is_met(average, measure(average, nothing))
    assert is_met(rule(**low), measure(rule(**low), nothing))


def test_a_column_that_the_query_does_not_return_is_named():
    with pytest.raises(AlertError, match="no column 'n'"):
        measure(rule(timeAggregation="Total", metricMeasureColumn="n"), pd.DataFrame({"m": [1]}))


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("Equals", (False, True, False)),
        ("GreaterThan", (False, False, True)),
        ("GreaterThanOrEqual", (False, True, True)),
        ("LessThan", (True, False, False)),
        ("LessThanOrEqual", (True, True, False)),
    ],
)
def test_each_operator_compares_as_its_name_says(operator, expected):
    assert tuple(is_met(rule(operator=operator), value) for value in (2, 3, 4)) == expected


def test_several_periods_are_windows_one_behind_the_other():
    given = rule(failingPeriods={"numberOfEvaluationPeriods": 3, "minFailingPeriodsToAlert": 2})
    ages = [0, 1, 4.99, 5, 9.99, 10, 14.99]
    frame = pd.DataFrame({"TimeGenerated": [NOON - age * MINUTE for age in ages]})

    assert measure_windows(given, frame, NOON) == [3, 2, 2]
    assert given.lookback == 15 * MINUTE
    assert advance(given, AlertState(), NOON, [3, 2, 2])[1] is None
    assert advance(given, AlertState(), NOON, [0, 3, 3])[1] == "fired"


def run(given, *values):
    """The changes by a sequence of values, as (number of the evaluation, change)."""
    state, changes = AlertState(), []
    for number, value in enumerate(values):
        state, change = advance(given, state, NOON + number * given.evaluation_frequency, [value])
        changes += [(number, change)] if change else []
    return changes


def test_a_stateful_alert_fires_once_and_is_resolved_after_ten_quiet_minutes():
    assert run(rule(), 2, 3, 4, 3, *[0] * 9) == [(1, "fired")]
    assert run(rule(), 2, 3, 4, 3, *[0] * 10) == [(1, "fired"), (13, "resolved")]
    assert run(rule(), 3, *[0] * 9, 3, *[0] * 10) == [(0, "fired"), (20, "resolved")]
    assert run(rule(), 3, *[0] * 10, 3) == [(0, "fired"), (10, "resolved"), (11, "fired")]


def test_a_stateless_alert_fires_at_every_evaluation_that_meets_the_condition():
    assert run(rule(autoMitigate=False), 3, 3, 0, 3, *[0] * 20) == [(0, "fired"), (1, "fired"), (3, "fired")]


@pytest.mark.parametrize(
    ("frequency", "quiet"),
    [("PT1M", 10), ("PT5M", 3), ("PT15M", 3), ("PT30M", 2), ("PT11H", 2), ("PT12H", 1), ("P1D", 1)],
)
def test_how_long_an_alert_must_be_quiet_depends_on_the_frequency_as_in_azure(frequency, quiet):
    given = rule(evaluationFrequency=frequency, windowSize="P1D")

    assert given.quiet_evaluations == quiet
    assert run(given, 3, *[0] * quiet) == [(0, "fired"), (quiet, "resolved")]


def history(*counts, start=NOON):
    """The result of `alert_history`: no row for an evaluation that counted zero."""
    rows = [(start + number * MINUTE, count) for number, count in enumerate(counts) if count]
    frame = pd.DataFrame(rows, columns=["evaluation", "bad_predictions"])
    return frame.astype({"evaluation": "datetime64[us, UTC]", "bad_predictions": "Int64"})


def test_episodes_begin_end_and_know_their_most():
    given = history(1, 3, 5, 4, *[0] * 12, 3)

    alerts = episodes(given, rule(), NOON + 20 * MINUTE)

    assert alerts == [Episode(NOON + 16 * MINUTE, None, 3), Episode(NOON + MINUTE, NOON + 13 * MINUTE, 5)]
    assert [type(episode.fired) for episode in alerts] == [datetime, datetime]


def test_two_bursts_within_the_quiet_time_are_one_episode():
    assert len(episodes(history(3, *[0] * 9, 4), rule(), NOON + 60 * MINUTE)) == 1
    assert len(episodes(history(3, *[0] * 10, 4), rule(), NOON + 60 * MINUTE)) == 2


def test_an_episode_is_open_until_its_last_quiet_minute():
    assert episodes(history(3), rule(), NOON + 9 * MINUTE)[0].resolved is None
    assert episodes(history(3), rule(), NOON + 10 * MINUTE)[0].resolved == NOON + 10 * MINUTE


def test_no_bad_predictions_are_no_episodes():
    assert episodes(history(), rule(), NOON) == []
    assert episodes(history(1, 2, 2, 1), rule(), NOON + 60 * MINUTE) == []


def test_episodes_follow_a_rule_with_several_periods():
    given = rule(failingPeriods={"numberOfEvaluationPeriods": 2, "minFailingPeriodsToAlert": 2})

    assert episodes(history(3, 3, 3), given, NOON + 60 * MINUTE) == []
    alerts = episodes(history(3, 0, 0, 0, 0, 3), given, NOON + 60 * MINUTE)
    assert [episode.fired for episode in alerts] == [NOON + 5 * MINUTE]


def test_every_episode_of_a_month_is_found():
    counts = [number % 30 // 6 for number in range(30 * 24 * 60)]

    alerts = episodes(history(*counts), rule(), NOON + timedelta(days=30))

    assert len(alerts) == 30 * 24 * 2
    assert all(newer.fired > older.fired for newer, older in pairwise(alerts))
