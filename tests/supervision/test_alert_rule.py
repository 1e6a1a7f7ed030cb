"""The alert rule: the committed one, and every definition that is refused."""

import copy

import pytest
from alert_fixtures import MINUTE, definition, rule

from sentiment.errors import AlertError
from sentiment.supervision import alert_rule
from sentiment.supervision.alert_rule import parse_rule, read_rule


def test_the_committed_rule_is_the_one_of_the_contract():
    given = read_rule()

    assert given.name == "bad-predictions"
    assert (given.evaluation_frequency, given.window_size) == (MINUTE, 5 * MINUTE)
    assert (given.criterion.time_aggregation, given.criterion.operator, given.criterion.threshold) == (
        "Count",
        "GreaterThanOrEqual",
        3,
    )
    assert (given.severity, given.auto_mitigate, given.quiet_evaluations) == (2, True, 10)
    assert given.criterion.query == alert_rule.QUERY_FILE.read_text("utf-8")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dimensions": [{"name": "model", "operator": "Include", "values": ["*"]}]}, "dimensions"),
        ({"muteActionsDuration": "PT1H"}, "muteActionsDuration"),
        ({"timeAggregation": "Median"}, "timeAggregation"),
        ({"operator": "Equal"}, "operator"),
        ({"threshold": "3"}, "threshold"),
        ({"windowSize": "5 minutes"}, "windowSize"),
        ({"windowSize": 300}, "windowSize"),
        ({"windowSize": "PT30S"}, "windowSize"),
        ({"evaluationFrequency": "PT2M"}, "evaluationFrequency is PT1M"),
        ({"evaluationFrequency": "PT10M"}, "windowSize is shorter"),
        ({"severity": 5}, "severity"),
        ({"displayName": "…"}, "displayName"),
        ({"metricMeasureColumn": "score"}, "metricMeasureColumn"),
        ({"timeAggregation": "Total"}, "metricMeasureColumn"),
        (
            {"failingPeriods": {"numberOfEvaluationPeriods": 2, "minFailingPeriodsToAlert": 3}},
            "minFailingPeriodsToAlert",
        ),
        (
            {"failingPeriods": {"numberOfEvaluationPeriods": 7, "minFailingPeriodsToAlert": 1}},
            "numberOfEvaluationPeriods",
        ),
    ],
)
def test_a_rule_that_is_not_understood_is_refused(changes, words):
    with pytest.raises(AlertError, match=words):
        rule(**changes)


def test_a_rule_with_two_criteria_or_without_a_name_is_refused():
    two, nameless = definition(), definition()
    two["criteria"]["allOf"] *= 2
    del nameless["displayName"]

    for given in (two, nameless):
        with pytest.raises(AlertError, match="correct the rule"):
            parse_rule(given)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"criteria": {"allOf": []}}', '{"criteria": 1}'])
def test_a_file_that_is_no_rule_is_refused(tmp_path, content):
    (tmp_path / "rule.json").write_text(content)

    with pytest.raises(AlertError, match="is no alert rule"):
        read_rule(tmp_path / "rule.json")
    with pytest.raises(AlertError, match="restore the file"):
        read_rule(tmp_path / "none.json")


def test_a_rule_does_not_change_once_it_is_read():
    given = rule()

    with pytest.raises(ValueError, match="frozen"):
        given.severity = 0
    assert given == parse_rule(copy.deepcopy(definition()))
