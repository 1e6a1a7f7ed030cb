"""Admission to the dataset of validated feedback: what may join, and how much of it."""

from __future__ import annotations

from itertools import pairwise

from base_dataset import BASE, TEST
from review_fixtures import NOW, report

from sentiment.review.admission import Caps, choose_rows, to_row, week_of
from sentiment.review.items import Item, Settled

FREE = Caps(1, 1)


def settled(number, *, sources=("s",), **changes):
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
    return Settled(item, label, ("ann",), NOW, sources)


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
    later = choose_rows([*earlier, settled(9)], BASE, Caps(0.1, 1), {row.item.item_id for row in earlier})

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
    row = to_row(settled(0))

    assert (row.label, row.feedback_id, row.annotators) == ("negative", report(0).feedback_id, "ann")
    assert week_of(NOW) == "2026-W48"
    assert all(
        first <= second for first, second in pairwise([row.validated_at, to_row(settled(1)).validated_at])
    )
