"""The history file of the alert: one line for each change."""

import json

from alert_fixtures import BURST, MINUTE, NAME, NOON, Logs, evaluate, lines

from sentiment.errors import AlertError
from sentiment.supervision.alert_rule import read_rule
from sentiment.supervision.alert_watch import Watch


def test_the_history_file_has_a_line_for_each_change(tmp_path):
    evaluate(Watch(read_rule(), Logs(*BURST, 0.4), [], tmp_path), *range(20))

    fired = (NOON + MINUTE).isoformat()
    assert lines(tmp_path) == [
        {"change": "fired", "fired": fired, "at": fired, "value": 4.0, "most": 4.0},
        {
            "change": "resolved",
            "fired": fired,
            "at": (NOON + 15 * MINUTE).isoformat(),
            "value": 0.0,
            "most": 4.0,
        },
    ]


def test_the_history_file_goes_on_after_half_a_line(tmp_path):
    path = tmp_path / "alerts" / f"{NAME}.jsonl"
    path.parent.mkdir()
    path.write_text('{"change": "fi')

    evaluate(Watch(read_rule(), Logs(*BURST), [], tmp_path), 1)

    broken, whole = path.read_text().splitlines()
    assert broken == '{"change": "fi'
    assert json.loads(whole)["change"] == "fired"


def test_a_line_that_was_written_before_a_crash_is_not_written_again(tmp_path, mailbox):
    watch = Watch(read_rule(), Logs(*BURST), [mailbox], tmp_path)
    mailbox.fault = AlertError("down")
    evaluate(watch, 1)
    path = tmp_path / "alerts" / f"{NAME}.json"

    path.write_text(path.read_text().replace('"inbox"', '"history"'))
    evaluation = evaluate(watch, 2)

    assert evaluation.undelivered == 0
    assert [line["change"] for line in lines(tmp_path)] == ["fired"]
