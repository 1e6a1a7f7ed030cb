"""The watch over an alert: each change once, despite stops, failures and other watches."""

import json
import logging
from datetime import timedelta

import pandas as pd
import pytest
from alert_fixtures import BURST, FIRED, MINUTE, NAME, NOON, RESOLVED, Logs, evaluate

from sentiment.errors import AlertError, QueryError
from sentiment.supervision.alert_rule import parse_rule, read_rule
from sentiment.supervision.alert_watch import MOST_MISSED, Watch


def test_one_message_of_each_change_and_what_it_says(mailbox, tmp_path):
    watch = Watch(read_rule(), Logs(*BURST, 0.4), [mailbox], tmp_path)

    first = evaluate(watch, 0, 1)
    last = evaluate(watch, *range(2, 30))

    assert (first.at, first.value, first.state.fired) == (NOON + MINUTE, 4, NOON + MINUTE)
    (notice,) = first.changes
    assert (notice.change, notice.fired, notice.at, notice.value, notice.most) == (
        "fired",
        NOON + MINUTE,
        NOON + MINUTE,
        4,
        4,
    )
    assert (last.value, last.state.fired, last.undelivered) == (0, None, 0)
    assert mailbox.got == [FIRED, RESOLVED]


def test_the_window_ends_at_the_full_minute_and_is_as_long_as_the_rule_says(tmp_path):
    logs = Logs()
    rule = read_rule()
    properties = json.loads(rule.model_dump_json(by_alias=True, exclude_unset=True))
    properties["criteria"]["allOf"][0]["failingPeriods"] = {
        "numberOfEvaluationPeriods": 3,
        "minFailingPeriodsToAlert": 3,
    }

    Watch(rule, logs, [], tmp_path).evaluate(NOON + timedelta(seconds=59))
    Watch(parse_rule(properties), logs, [], tmp_path / "other").evaluate(NOON)

    assert logs.asked == [(NOON - 5 * MINUTE, NOON), (NOON - 15 * MINUTE, NOON)]


def test_an_evaluation_is_made_once_however_often_it_is_asked_for(mailbox, tmp_path):
    logs = Logs(*BURST)
    watch, other = (Watch(read_rule(), logs, [mailbox], tmp_path) for _ in range(2))

    evaluate(watch, 1, 1.2, 1.5)
    evaluation = evaluate(other, 1.9)

    assert len(logs.asked) == 1
    assert mailbox.got == [FIRED]
    assert (evaluation.at, evaluation.value, evaluation.changes) == (NOON + MINUTE, 3, ())


def test_a_watch_that_starts_again_goes_on_where_the_last_one_was(mailbox, tmp_path):
    logs = Logs(*BURST)
    for minute in range(20):
        evaluate(Watch(read_rule(), logs, [mailbox], tmp_path), minute)

    assert mailbox.got == [FIRED, RESOLVED]


def test_evaluations_missed_while_stopped_are_made_up_for(mailbox, tmp_path):
    watch = Watch(read_rule(), Logs(10.1, 10.2, 10.3), [mailbox], tmp_path)

    evaluation = evaluate(watch, 0, 40)

    assert mailbox.got == [("fired", NOON + 11 * MINUTE), ("resolved", NOON + 25 * MINUTE)]
    assert [notice.change for notice in evaluation.changes] == ["fired", "resolved"]


def test_a_long_stop_is_made_up_for_within_bounds(mailbox, tmp_path):
    logs = Logs(*BURST, 1000.1, 1000.2, 1000.3)
    watch = Watch(read_rule(), logs, [mailbox], tmp_path)

    evaluate(watch, 1, 2, 1440)

    assert len(logs.asked) == 2 + MOST_MISSED
    assert logs.asked[-1][1] == NOON + 1440 * MINUTE
    assert mailbox.got == [FIRED, ("resolved", NOON + (1440 - MOST_MISSED + 10) * MINUTE)]


def test_what_could_not_be_asked_is_neither_met_nor_quiet(mailbox, tmp_path, caplog):
    logs = Logs(*BURST, 14.5, 14.6, 14.7)
    watch = Watch(read_rule(), logs, [mailbox], tmp_path)
    evaluate(watch, 0, 1)

    logs.is_down = True
    evaluation = evaluate(watch, *range(2, 31))
    logs.is_down = False
    after = evaluate(watch, 31)

    assert isinstance(evaluation.error, QueryError)
    assert (evaluation.at, evaluation.state.fired) == (NOON + MINUTE, NOON + MINUTE)
    assert after.error is None
    assert mailbox.got == [FIRED, ("resolved", NOON + 29 * MINUTE)]
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "do not answer" in warnings[0]


def test_quiet_evaluations_around_a_long_gap_do_not_add_up(mailbox, tmp_path):
    logs = Logs(*BURST)
    watch = Watch(read_rule(), logs, [mailbox], tmp_path)
    evaluate(watch, *range(15))  # fired, then quiet for nine evaluations

    evaluate(watch, 14 + MOST_MISSED + 1)

    assert mailbox.got == [FIRED, ("resolved", NOON + (14 + 1 + 10) * MINUTE)]


def test_the_watch_goes_on_from_there_when_the_clock_goes_back(mailbox, tmp_path, caplog):
    logs = Logs(*BURST)
    watch = Watch(read_rule(), logs, [mailbox], tmp_path)
    evaluate(watch, *range(3))

    evaluate(watch, 0, 1, 2)
    assert len(logs.asked) == 3
    evaluation = evaluate(watch, -60, *range(-59, 30))

    assert "the clock went back" in caplog.text
    assert evaluation.at == NOON + 29 * MINUTE
    assert [change for change, _ in mailbox.got] == ["fired", "resolved", "fired", "resolved"]
    assert mailbox.got[1] == ("resolved", NOON - 51 * MINUTE)


def test_a_clock_that_jumps_ahead_and_back_does_not_stop_the_watch(mailbox, tmp_path):
    watch = Watch(read_rule(), Logs(*BURST), [mailbox], tmp_path)

    evaluate(watch, -1, 60 * 24 * 365, *range(30))

    assert mailbox.got == [FIRED, RESOLVED]


def test_a_state_that_cannot_be_read_is_said_and_left_alone(tmp_path):
    path = tmp_path / "alerts" / f"{NAME}.json"
    path.parent.mkdir()
    path.write_text('{"evaluated": "yesterday"}')

    with pytest.raises(AlertError, match="repair it or delete it"):
        evaluate(Watch(read_rule(), Logs(), [], tmp_path), 1)
    assert path.read_text() == '{"evaluated": "yesterday"}'


def test_the_state_holds_no_text_of_a_tweet(tmp_path, mailbox):
    rows = pd.DataFrame({"TimeGenerated": [NOON] * 3, "tweet_text": ["canary4711"] * 3})
    mailbox.fault = AlertError("down")

    Watch(read_rule(), lambda *_: rows, [mailbox], tmp_path).evaluate(NOON)

    assert mailbox.name in (tmp_path / "alerts" / f"{NAME}.json").read_text()
    assert all("canary4711" not in path.read_text() for path in (tmp_path / "alerts").iterdir())
