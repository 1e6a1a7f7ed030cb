"""The alert rules on the service itself: their definition, what Azure gets, and their queries."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alert_fixtures import Inbox

from infra import learning_job
from monitor.envelopes import Row
from sentiment.supervision.alert_rule import read_service_rule, read_service_rules
from sentiment.supervision.alert_watch import Watch

BICEP = Path(__file__).parents[2] / "infra" / "modules" / "service_alerts.bicep"
MINUTE = timedelta(minutes=1)


def test_every_rule_of_the_definition_can_be_read_and_azure_gets_its_query():
    rules, text = read_service_rules(), BICEP.read_text("utf-8")
    loaded = dict(re.findall(r"(\w+): loadTextContent\('\.\./\.\./([\w/.]+)'\)", text))

    assert rules.keys() == loaded.keys()
    for name, rule in rules.items():
        assert (BICEP.parents[2] / loaded[name]).read_text("utf-8") == rule.criterion.query
        assert rule.description.endswith(".")
    assert "items(definition.serviceRules)" in text


def requests(time, answered, failed):
    return [
        Row(
            "AppRequests",
            {"TimeGenerated": time, "Name": "POST /predict", "ResultCode": code, "ItemCount": 1},
        )
        for code, count in (("200", answered - failed), ("503", failed))
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("sent", "value", "told"),
    [((100, 5), 0.05, ["fired"]), ((100, 4), 0.04, []), ((19, 19), None, [])],
    ids=["a twentieth", "less", "too few to tell"],
)
def test_a_twentieth_of_errors_fires(monitor_logs, tmp_path, sent, value, told):
    day, inbox = monitor_logs.new_day(), Inbox()
    monitor_logs.write(requests(day - MINUTE, *sent))

    evaluation = Watch(read_service_rule("errors"), monitor_logs.frame, [inbox], tmp_path).evaluate(day)

    assert (evaluation.error, evaluation.value) == (None, value)
    assert [change for change, _ in inbox.got] == told


@pytest.mark.parametrize(("minutes", "rows"), [(30, 1), (5, 0)], ids=["silent", "speaking"])
def test_metrics_that_stopped_fire_and_those_that_go_on_do_not(monitor_logs, minutes, rows):
    now = datetime.now(UTC)
    monitor_logs.write(
        [
            Row(
                "AppMetrics",
                {"TimeGenerated": now - minutes * MINUTE, "Name": "requests", "Sum": 1.0, "ItemCount": 1},
            )
        ]
    )
    start = now - (timedelta(hours=1) if rows else 10 * MINUTE)

    assert len(monitor_logs.frame(read_service_rule("silence").criterion.query, start, now)) == rows


def test_what_jobs_print_is_what_the_rule_on_learning_looks_for():
    query = read_service_rule("learning").criterion.query
    source = Path(learning_job.__file__).read_text("utf-8")

    for words in ("alarm: drift", "alarm: failed"):
        assert f'"{words}"' in query
        assert f'f"{words} ' in source
    assert '"Accuracy in production, at most:"' in query
