"""Reasons to train again: rows that are new, or an alert, since the last attempt began."""

from datetime import UTC, datetime, timedelta

from sentiment.config import read_settings
from sentiment.supervision.alert_history import last_fired
from sentiment.supervision.alert_rule import read_rule
from sentiment.training.retraining import no_alert, too_few_rows

NOW = datetime.now(UTC)


def test_an_alert_since_the_last_training_began_is_a_reason(home):
    rule, folder = read_rule(), read_settings().alert_home
    history = folder / "alerts" / f"{rule.name}.jsonl"
    history.parent.mkdir(parents=True)
    last = {"started_at": NOW.isoformat(), "trained_at": (NOW + timedelta(hours=2)).isoformat()}
    history.write_text(f'{{"change": "fired", "fired": "{(NOW - timedelta(days=1)).isoformat()}"}}\n{{"cha')
    assert "has not fired" in no_alert(last_fired(rule, folder), last)
    history.write_text(f'{{"change": "fired", "fired": "{(NOW + timedelta(hours=1)).isoformat()}"}}\n')
    assert no_alert(last_fired(rule, folder), last) == ""


def test_an_alert_that_never_fired_is_no_reason():
    assert "unknown when" in no_alert(None, {})


def test_rows_count_from_those_that_the_last_attempt_knew():
    assert too_few_rows(30, 10, {"feedback_rows": "20"}) == ""
    assert too_few_rows(29, 10, {"feedback_rows": "20"}) == "9 validated rows are new, 10 are asked for"
    assert too_few_rows(10, 10, {}) == ""
