"""The flow `validate` on a real queue: the audit's rows and what the manifest says of them."""

from datetime import UTC, datetime

import pytest
from review_fixtures import audit_report, report

from flows.prepare import prepared_dataset
from flows.validate import validate
from sentiment.config import read_settings
from sentiment.data import validated_feedback
from sentiment.review.queue import ReviewQueue

pytestmark = pytest.mark.usefixtures("prefect_server")
NOW = datetime.now(UTC)


@pytest.fixture
def settings(loop_home, monkeypatch, tmp_path):
    monkeypatch.setenv("SENTIMENT_VALIDATED_PATH", str(tmp_path / "feedback_validated.csv"))
    monkeypatch.setenv("SENTIMENT_WEEK_CAP", "0.0001")
    return read_settings()


def test_the_audit_joins_in_its_order_as_it_was_drawn_and_the_manifest_says_what_is_missing(
    settings, corpus_file
):
    test_text = prepared_dataset(str(corpus_file)).test.texts[0]
    audit = [audit_report(n) for n in range(3)] + [audit_report(3, text=test_text)]
    copy = audit_report(0, feedback_id="copy", prediction_id="copy", probability=0.5)
    with ReviewQueue(settings.review_address, overlap=0, audit_share=1) as queue:
        queue.add([*audit, copy, report(7), report(8)])
        left = queue.items(waiting=True)[3]
        for _ in range(3):
            item = queue.next_item("ann", now=NOW)
            queue.judge(item.item_id, "ann", "neutral", now=NOW)
        for number in (7, 8):
            queue.judge(report(number).feedback_id, "ann", "negative", now=NOW)
        manifest = validate(str(corpus_file))
        queue.skip(left.item_id, "ann", now=NOW)

    rows = validated_feedback.read_validated(settings.validated_path)
    reviewed = [one for one in [*audit, copy] if not is_of(one, left)]
    due = [one for one in reviewed if one.audit_order < left.audit_order]
    expected = {one.feedback_id: f"{1 / one.probability:g}" for one in due}
    assert len(due) >= 3
    assert {row.feedback_id: row.weight for row in rows if row.drawn == "audit"} == expected
    assert [row.weight for row in rows if row.drawn == "complaint"] == [""]  # one more is over the cap
    waiting = 5 - len(reviewed)
    assert manifest["audit"] == {
        "drawn": 5,
        "settled": len(reviewed),
        "unclear": 0,
        "skipped": 0,
        "waiting": waiting,
    }
    again = validate(str(corpus_file))
    assert again["new"] == len(reviewed) - len(due)
    assert (again["audit"]["skipped"], again["audit"]["waiting"]) == (waiting, 0)


def is_of(one, item):
    return one.text == item.text
