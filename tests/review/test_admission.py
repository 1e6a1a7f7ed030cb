"""Admission to the dataset of validated feedback: what may join, and how much of it."""

from __future__ import annotations

from itertools import pairwise

from base_dataset import BASE, TEST
from review_fixtures import NOW, report

from sentiment.review.admission import Caps, Known, choose_rows, to_rows, week_of
from sentiment.review.items import AuditDraw, Item, Settled

FREE = Caps(1, 1)


def settled(number, *, sources=("s",), draws=(), probability=None, **changes):
    values = {
        "item_id": report(number).feedback_id,
        "text": " ".join(f"item{number}word{position}" for position in range(5)),
        **changes,
    }
    label = values.pop("label", "negative")
    item = Item(
        values["item_id"],
        values["text"],
        "neutral",
        "negative",
        0.5,
        "m",
        "p",
        "feedback",
        values.get("received_at", NOW),
        1,
        (),
        1.0,
        1,
    )
    return Settled(item, label, ("ann",), NOW, sources, draws, probability)


def draw(number, probability=0.01):
    return AuditDraw(f"f{number}", f"p{number}", "neutral", f"m{number}", probability)


def test_nothing_joins_that_is_unclear_or_near_a_test_text():
    choice = choose_rows(
        [settled(0, label="unclear"), settled(1, text=TEST.texts[1] + "!"), settled(2)], BASE, FREE
    )

    assert [row.item.item_id for row in choice.admitted] == [report(2).feedback_id]
    assert choice.refused == {"unclear": 1, "near a test text": 1}


def test_one_source_and_one_week_may_only_add_their_share():
    many = [settled(number) for number in range(10)]
    by_source = choose_rows(many, BASE, Caps(0.1, 1))
    by_week = choose_rows(
        [settled(number, sources=(f"s{number}",)) for number in range(10)], BASE, Caps(1, 0.05)
    )
    earlier = [settled(number) for number in range(4)]
    later = choose_rows(
        [*earlier, settled(9)], BASE, Caps(0.1, 1), Known({row.item.item_id for row in earlier})
    )

    assert (len(by_source.admitted), by_source.refused) == (4, {"over the source's cap": 6})
    assert (len(by_week.admitted), by_week.refused) == (2, {"over the week's cap": 8})
    assert (len(later.admitted), later.refused) == (0, {"over the source's cap": 1})


def test_an_attacker_with_two_addresses_gets_no_more_than_one_and_a_copied_honest_report_still_joins():
    attack = [settled(number, sources=("a", "b")) for number in range(10)]
    copied = settled(20, sources=("a", "honest"))
    choice = choose_rows([*attack, copied], BASE, Caps(0.1, 1))

    assert choice.refused == {"over the source's cap": 6}
    assert copied in choice.admitted


def test_a_row_is_what_people_settled():
    (row,) = to_rows(settled(0))

    assert (row.drawn, row.weight) == ("complaint", "")
    assert (row.label, row.feedback_id, row.annotators) == ("negative", report(0).feedback_id, "ann")
    assert week_of(NOW) == "2026-W48"
    assert all(
        first <= second for first, second in pairwise([row.validated_at, to_rows(settled(1))[0].validated_at])
    )


def test_each_draw_of_the_audit_is_a_row_with_its_weight_and_other_items_are_one():
    rows = to_rows(settled(0, draws=(draw(1), draw(2, 0.3))))

    assert [(row.feedback_id, row.prediction_id, row.model, row.weight) for row in rows] == [
        ("f1", "p1", "m1", "100"),
        ("f2", "p2", "m2", "3.33333333333"),
    ]
    assert {(row.drawn, row.text, row.label) for row in rows} == {("audit", settled(0).item.text, "negative")}
    (uncertain,) = to_rows(settled(0, probability=0.5))
    assert (uncertain.drawn, uncertain.weight) == ("uncertain", "2")


def test_neither_a_cap_nor_a_test_text_keeps_the_audit_out():
    audit = [settled(number, draws=(draw(number),)) for number in range(10)]
    near = settled(11, text=TEST.texts[1] + "!", draws=(draw(11),))
    choice = choose_rows([*audit, near, settled(12)], BASE, Caps(0.05, 0.05))

    assert len(choice.admitted) == 12
    assert choice.refused == {}


def test_a_draw_becomes_a_row_when_its_turn_has_come_and_once():
    first, second = sorted((draw(1), draw(2)), key=lambda one: one.order)
    both = settled(0, draws=(first, second))
    known = Known((), frontier=second.order)
    choice = choose_rows([both], BASE, FREE, known)

    assert (len(choice.admitted), choice.refused) == (1, {"before its turn in the audit": 1})
    assert [row.feedback_id for row in to_rows(both, known)] == [first.feedback_id]
    later = Known((first.feedback_id,))
    assert [row.feedback_id for row in to_rows(both, later)] == [second.feedback_id]
    assert choose_rows([both], BASE, FREE, Known(("f1", "f2"))).admitted == ()


def test_what_was_a_row_before_it_was_drawn_still_counts_for_its_source_and_its_copies_join():
    earlier = [settled(number, draws=(draw(number),)) for number in range(4)]
    known = Known({one.item.item_id for one in earlier})
    choice = choose_rows([*earlier, settled(9)], BASE, Caps(0.1, 1), known)

    assert choice.admitted == tuple(earlier)
    assert choice.refused == {"over the source's cap": 1}
