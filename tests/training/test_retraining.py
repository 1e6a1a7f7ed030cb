"""Reasons to train again since the last attempt began, and the exam of a new training."""

from datetime import UTC, datetime, timedelta

from sentiment.config import read_settings
from sentiment.supervision.alert_history import last_fired
from sentiment.supervision.alert_rule import read_rule
from sentiment.training.retraining import exam_start, no_alert, no_drift, too_few_rows

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


def test_drift_is_a_reason_if_it_was_found_since_and_a_row_is_new():
    last = {"started_at": NOW.isoformat(), "feedback_rows": "20"}
    later, earlier = NOW + timedelta(hours=1), NOW - timedelta(hours=1)

    assert no_drift(later, 21, last) == ""
    assert "no validated row is new" in no_drift(later, 20, last)
    assert (
        no_drift(earlier, 21, last) == f"no drift was found since the last training began ({NOW.isoformat()})"
    )
    assert "no drift was found" in no_drift(None, 21, {})


def test_rows_count_from_those_that_the_last_attempt_knew():
    assert too_few_rows(30, 10, {"feedback_rows": "20"}) == ""
    assert too_few_rows(29, 10, {"feedback_rows": "20"}) == "9 validated rows are new, 10 are asked for"
    assert too_few_rows(10, 10, {}) == ""


def test_an_exam_grows_while_its_champion_reigns():
    champion = {"feedback_rows": "300", "exam_from": "0"}

    assert exam_start(champion, {}) == 300
    assert exam_start(champion, {"feedback_rows": "400", "exam_from": "300"}) == 300
    assert exam_start(champion, {"feedback_rows": "900", "exam_from": "300"}) == 300


def test_a_new_exam_begins_when_the_champion_changes_or_the_exam_is_spent():
    promoted = {"feedback_rows": "900", "exam_from": "300"}
    assert exam_start(promoted, promoted) == 900

    spent = {"feedback_rows": "3300", "exam_from": "300", "exam_spent": "true"}
    assert exam_start({"feedback_rows": "300"}, spent) == 3300


def test_rows_that_an_exam_used_are_in_no_exam_again_after_a_rollback_or_a_training_by_hand():
    after_the_promoted_one = {"feedback_rows": "1200", "exam_from": "900"}

    assert exam_start({"feedback_rows": "300"}, after_the_promoted_one) == 900
    assert exam_start({}, after_the_promoted_one) == 900


def test_without_a_champion_and_feedback_the_exam_begins_with_the_file():
    assert exam_start({}, {}) == 0
