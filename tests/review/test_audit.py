"""The audit in the queue: its share and order, what takes nothing out of it, and its progress."""

import random
from datetime import timedelta
from itertools import islice

import pytest
from review_fixtures import NOW, audit_report, report

from flows.review import status
from sentiment.review.admission import Known, to_rows
from sentiment.review.assignment import LEASE
from sentiment.review.items import FLOOD, AuditProgress
from sentiment.review.queue import ReviewQueue


def by_order(reports):
    return [one.feedback_id for one in sorted(reports, key=lambda one: one.audit_order)]


def picks(queue, annotator="ann", label="neutral"):
    """Judge items one after the other, and give their ids."""
    while item := queue.next_item(annotator, now=NOW):
        queue.judge(item.item_id, annotator, label, now=NOW)
        yield item.item_id


def rows(queue, known=()):
    """The rows of the audit that may join the dataset now."""
    all_known = Known(known, queue.audit_frontier())
    return [row for each in queue.settled() for row in to_rows(each, all_known) if row.drawn == "audit"]


AUDIT = [audit_report(number) for number in range(6)]
OTHERS = [report(number, score=number / 20) for number in range(6, 12)]


@pytest.mark.parametrize(
    ("share", "turns"),
    [(0.5, "oaoaoaoaoaoa"), (1, "aaaaaaoooooo"), (0, "ooooooaaaaaa"), (0.25, "oooaoooaaaaa")],
)
def test_annotators_get_the_audit_in_its_share_and_order_and_the_rest_by_information(queue_url, share, turns):
    with ReviewQueue(queue_url, overlap=0, audit_share=share) as queue:
        queue.add([*OTHERS, *AUDIT])
        waiting = [item.item_id for item in queue.items(waiting=True)]
        by_information = [item.item_id for item in queue.items() if item.audit_order is None]
        audit, others = iter(by_order(AUDIT)), iter(by_information)
        expected = [next(audit) if turn == "a" else next(others) for turn in turns]

        assert waiting == expected
        assert list(picks(queue)) == expected


def test_what_an_annotator_skipped_comes_last_and_keeps_its_place_for_the_others(queue):
    queue.add([*AUDIT[:2], OTHERS[0]])
    first, second = by_order(AUDIT[:2])
    for _ in range(3):
        item = queue.next_item("ann", now=NOW)
        act = queue.skip if item.item_id == first else lambda *a, **k: queue.judge(*a, "neutral", **k)
        act(item.item_id, "ann", now=NOW)

    assert queue.next_item("ann", now=NOW).item_id == first
    assert queue.next_item("bob", now=NOW + LEASE + timedelta(1)).item_id == first
    assert queue.progress().audit == AuditProgress(drawn=2, settled=1, unclear=0, skipped=1, waiting=0)
    assert [row.feedback_id for row in rows(queue)] == [second]


def complain_of_all(queue, audit):
    queue.add([report(number, feedback_label="positive") for number in range(len(audit))])


def complain_first(queue, audit):
    """Done before the audit arrives; see the test."""


def copy_all(queue, audit):
    queue.add([report(n, feedback_id=f"copy{n}", text=f"RT @bob: {audit[n].text}!") for n in range(6)])


def flood(queue, audit):
    queue.add([report(100 + n, source="bot", received_at=NOW) for n in range(2 * FLOOD)])
    queue.add([report(n, source="bot", received_at=NOW) for n in range(6)])


def skip_all(queue, audit):
    for one in audit:
        queue.skip(one.feedback_id, "mallory", now=NOW)


def call_it_uncertain(queue, audit):
    again = {"drawn": "uncertain", "origin": "low confidence", "probability": 1.0}
    queue.add([audit_report(number, **again) for number in range(6)])


def claim_less(queue, audit):
    queue.add([audit_report(number, probability=0.001) for number in range(6)])


@pytest.mark.parametrize(
    "attack",
    [complain_of_all, complain_first, copy_all, flood, skip_all, call_it_uncertain, claim_less],
)
def test_nothing_takes_a_prediction_out_of_the_audit_or_changes_its_order_or_weight(queue, attack):
    if attack is complain_first:
        complain_of_all(queue, AUDIT)
    queue.add(AUDIT)
    attack(queue, AUDIT)
    ours = {one.feedback_id for one in AUDIT}
    audit = [item_id for item_id in picks(queue) if item_id in ours]

    assert audit == by_order(AUDIT)
    assert sorted(row.feedback_id for row in rows(queue)) == sorted(ours)
    assert {(row.drawn, row.weight) for row in rows(queue)} == {("audit", "100")}


def test_a_disagreement_seen_after_the_plain_draw_has_the_higher_probability_and_an_earlier_place(queue):
    queue.add(AUDIT)
    last = max(AUDIT, key=lambda one: one.audit_order)
    number = AUDIT.index(last)
    added = queue.add([audit_report(number, probability=0.9, origin="disagreement")])

    assert added.collapsed == 1
    assert next(iter(picks(queue))) == last.feedback_id
    assert [row.weight for row in rows(queue)] == ["1.11111111111"]
    assert queue.progress().audit.drawn == 6


def test_a_complaint_that_is_reviewed_first_and_an_audit_that_arrives_later_give_a_row_of_the_audit(queue):
    queue.add([report(0)])
    queue.judge(report(0).feedback_id, "ann", "negative", now=NOW)
    queue.close_items([report(0).feedback_id], now=NOW)
    queue.add([audit_report(0, feedback_id="later", prediction_id="later", text=f"{report(0).text} !")])
    (settled,) = queue.settled()

    assert [(row.feedback_id, row.label, row.drawn) for row in to_rows(settled, Known())] == [
        ("later", "negative", "audit")
    ]
    assert queue.next_item("bob", now=NOW) is None


def test_what_is_settled_out_of_turn_waits_for_its_turn(queue):
    """Somebody complains of some texts; when the audit draws them again, their label is known."""
    queue.add([report(number) for number in range(12)])
    list(picks(queue))
    repeated = [
        audit_report(n, feedback_id=f"r{n}", prediction_id=f"r{n}", text=f"{report(n).text}!")
        for n in range(12)
    ]
    fresh = [audit_report(number) for number in range(100, 124)]
    queue.add([*repeated, *fresh])
    assert queue.progress().audit.settled == 12
    list(islice(picks(queue), 12))

    limit = sorted(one.audit_order for one in fresh)[12]
    joined = {row.feedback_id for row in rows(queue)}
    assert joined == {one.feedback_id for one in [*repeated, *fresh] if one.audit_order < limit}
    list(picks(queue))
    assert len(rows(queue)) == 36


@pytest.mark.parametrize("seed", range(4))
def test_at_any_time_what_joins_is_all_that_lies_below_a_place_in_the_random_order(queue, seed):
    """Under arrivals, complaints, skips, undone judgements and two annotators in any sequence."""
    chance, arrived, number = random.Random(seed), {}, 0
    for _ in range(40):
        who, act = chance.choice(("ann", "bob")), chance.choice(("arrive", "judge", "judge", "skip", "undo"))
        if act == "arrive":
            new = [audit_report(number + n, probability=chance.choice((0.01, 0.1))) for n in range(3)]
            arrived |= {one.feedback_id: one.audit_order for one in new}
            queue.add([*new, report(200 + number), report(number)])
            number += 3
        elif act == "undo":
            queue.undo(who, now=NOW)
        elif item := queue.next_item(who, now=NOW):
            if act == "skip":
                queue.skip(item.item_id, who, now=NOW)
            else:
                queue.judge(item.item_id, who, "neutral", now=NOW)
        seen = {row["item_id"] for row in queue.judgements()}
        frontier, joined = queue.audit_frontier(), {row.feedback_id for row in rows(queue)}
        assert joined == {one for one in seen & set(arrived) if arrived[one] < frontier}
        assert len(joined) + queue.progress().audit.skipped >= sum(o < frontier for o in arrived.values())


def test_the_progress_says_what_is_missing_and_why(queue_url):
    with ReviewQueue(queue_url, overlap=1, audit_share=1) as queue:
        queue.add([*AUDIT, audit_report(0, feedback_id="copy", prediction_id="copy")])
        labels = {0: ("neutral", "neutral"), 1: ("unclear", "unclear"), 2: ("neutral", "negative")}
        for number, given in labels.items():
            for who, label in zip(("ann", "bob"), given, strict=True):
                queue.judge(AUDIT[number].feedback_id, who, label, now=NOW)
        queue.skip(AUDIT[3].feedback_id, "ann", now=NOW)

        assert queue.progress().audit == AuditProgress(drawn=7, settled=2, unclear=1, skipped=1, waiting=3)
        assert "audit: 7 drawn, 2 settled, 1 unclear, 1 skipped, 3 waiting" in status(queue)
