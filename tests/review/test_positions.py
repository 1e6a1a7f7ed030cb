"""What is kept of each item for speed equals what a look at everything would say."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from review_fixtures import NOW, audit_report, report
from sqlalchemy import create_engine, func, select, text

from sentiment.errors import ReviewError
from sentiment.review.agreement import agree
from sentiment.review.audit import is_audit_turn
from sentiment.review.items import SKIPPED, UNCLEAR, to_text
from sentiment.review.queue import ReviewQueue
from sentiment.review.standings import read_standings
from sentiment.review.tables import ADJUDICATOR, ANNOTATOR, HOLDS, ITEMS, JUDGEMENTS, LEASES

PEOPLE = ("ann", "bob", "cem", "dee")


def plain_next(connection, annotator, now, share):
    """The rule of the queue as one query over everything, as versions before 0.2.0 had it."""
    judged = select(JUDGEMENTS).where(HOLDS, JUDGEMENTS.c.role == ANNOTATOR)
    own = judged.where(JUDGEMENTS.c.annotator == annotator).subquery()
    number = connection.scalar(select(func.count()).select_from(own)) or 0
    others = count(judged.where(JUDGEMENTS.c.annotator != annotator, JUDGEMENTS.c.label != SKIPPED))
    leased = count(select(LEASES).where(LEASES.c.annotator != annotator, LEASES.c.until > to_text(now)))
    taken = func.coalesce(others.c.number, 0) + func.coalesce(leased.c.number, 0)
    adjudicated = select(JUDGEMENTS.c.item_id).where(HOLDS, JUDGEMENTS.c.role == ADJUDICATOR)
    is_audits = is_audit_turn(number, share)
    query = (
        select(ITEMS.c.item_id)
        .outerjoin(own, own.c.item_id == ITEMS.c.item_id)
        .outerjoin(others, others.c.item_id == ITEMS.c.item_id)
        .outerjoin(leased, leased.c.item_id == ITEMS.c.item_id)
        .where(ITEMS.c.exported_at.is_(None), ITEMS.c.item_id.not_in(adjudicated), taken < ITEMS.c.needed)
        .where(own.c.label.is_(None) | (own.c.label == SKIPPED))
        .order_by(
            own.c.label.is_not(None),
            own.c.number,
            ITEMS.c.audit_order.is_(None) if is_audits else ITEMS.c.audit_order.is_not(None),
            ITEMS.c.audit_order,
            ITEMS.c.priority.desc(),
            ITEMS.c.item_id,
        )
    )
    return connection.scalar(query.limit(1))


def count(rows):
    rows = rows.subquery()
    return select(rows.c.item_id, func.count().label("number")).group_by(rows.c.item_id).subquery()


def plain_progress(connection):
    standings = read_standings(connection)
    settled = [each.decision.label for each in standings if each.decision]
    disputed = sum(each.is_disputed for each in standings)
    waiting = sum(each.is_waiting for each in standings)
    mine = Counter(name for each in standings for name in each.judged)
    touched = select(JUDGEMENTS.c.item_id).where(HOLDS)
    unseen = ITEMS.c.exported_at.is_(None) & ITEMS.c.item_id.not_in(touched)
    frontier = connection.scalar(select(func.min(ITEMS.c.audit_order)).where(unseen))
    return len(standings), len(settled), settled.count(UNCLEAR), disputed, waiting, mine, frontier


def check(queue, url, now):
    """Compare everything that the queue says with a look at all of its tables."""
    engine = create_engine(url)
    with engine.begin() as connection:
        items, settled, unclear, disputed, waiting, mine, frontier = plain_progress(connection)
        firsts = {name: plain_next(connection, name, now, 0.5) for name in PEOPLE}
    engine.dispose()
    progress = queue.progress("ann")
    said = (progress.items, progress.settled, progress.unclear, progress.disagreements, progress.waiting)
    assert said == (items, settled, unclear, disputed, waiting)
    assert [queue.progress(name).mine for name in PEOPLE] == [mine[name] for name in PEOPLE]
    states = Counter(state for _, state, _ in queue.audit_states())
    assert sum(states.values()) == progress.audit.drawn
    assert queue.audit_frontier() == (float("inf") if frontier is None else frontier)
    assert queue.agreement() == agree(
        (row["item_id"], row["annotator"], row["label"]) for row in queue.judgements()
    )
    assert len(queue.disagreements()) == disputed == len(queue.disagreements(limit=99))
    name = PEOPLE[items % len(PEOPLE)]
    given = queue.next_item(name, now=now)
    assert (given.item_id if given else None) == firsts[name]


def step(queue, chance, now):
    """One thing that anybody may do."""
    name = chance.choice(PEOPLE)
    item = queue.next_item(name, now=now)
    act = chance.randrange(10)
    if act == 0:
        number = chance.randrange(40)
        kinds = (report(number), audit_report(number), audit_report(number, 0.5), report(number + 100))
        queue.add([chance.choice(kinds), report(number + 200, text=kinds[0].text)])
    elif act == 1:
        queue.undo(name, now=now)
    elif act == 2 and (disputed := queue.disagreements()):
        queue.adjudicate(disputed[0][0].item_id, name, "neutral", now=now)
    elif act == 3:
        queue.close_items([settled.item.item_id for settled in queue.settled()][:2], now=now)
    elif item and act == 4:
        queue.skip(item.item_id, name, now=now)
    elif item and act < 9:
        queue.judge(item.item_id, name, chance.choice(("neutral", "neutral", "positive", UNCLEAR)), now=now)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_the_queue_says_what_a_look_at_everything_says(any_queue_url, seed):
    chance, now = random.Random(seed), NOW
    with ReviewQueue(any_queue_url, overlap=0.5) as queue:
        queue.add([(audit_report if number % 3 else report)(number) for number in range(12)])
        for number in range(40):
            now += timedelta(minutes=chance.choice((0, 1, 7)))
            try:
                step(queue, chance, now)
            except ReviewError:
                continue  # such as a judgement on what is in the dataset already
            if number % 5 == 0:
                check(queue, any_queue_url, now)


def test_a_queue_of_an_earlier_version_is_taken_over_as_it_stands(any_queue_url):
    chance = random.Random(7)
    with ReviewQueue(any_queue_url, overlap=0.5) as queue:
        queue.add([(audit_report if number % 3 else report)(number) for number in range(12)])
        for _ in range(40):
            step(queue, chance, NOW)
        before = (queue.progress("ann"), queue.agreement(), queue.audit_frontier())
    engine = create_engine(any_queue_url)
    with engine.begin() as connection:
        names = ("number", "state", "draws", "lane", "judge", "place", "unseen")
        empty = ", ".join(f"{name} = NULL" for name in names)
        connection.execute(text(f"UPDATE review_items SET {empty}"))
        connection.execute(text("DROP TABLE review_counts"))
    engine.dispose()
    with ReviewQueue(any_queue_url, overlap=0.5) as queue:
        assert (queue.progress("ann"), queue.agreement(), queue.audit_frontier()) == before
        check(queue, any_queue_url, NOW)


def work_off(queue, name, given):
    while item := queue.next_item(name, now=NOW):
        queue.judge(item.item_id, name, "neutral", now=NOW)
        given.append((item.item_id, name))


@pytest.mark.parametrize("people", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_annotators_at_once_judge_each_item_as_often_as_it_needs(any_queue_url, people):
    with ReviewQueue(any_queue_url, overlap=0.5) as queue:
        queue.add([(audit_report if number % 3 else report)(number) for number in range(3 * people)])
        needed = {item.item_id: item.needed for item in queue.items()}
        given: list[tuple[str, str]] = []
        with ThreadPoolExecutor(people) as pool:
            list(pool.map(lambda number: work_off(queue, f"person {number}", given), range(people)))

        assert Counter(item_id for item_id, _ in given) == needed
        assert len(set(given)) == len(given) == len(queue.judgements())
        assert queue.progress().settled == len(needed)


def test_what_people_disagree_on_is_found_in_its_order_without_sorting(tmp_path):
    url = f"sqlite:///{tmp_path / 'review.db'}"
    with ReviewQueue(url) as queue:
        queue.disagreements(limit=1)
    disputed = ITEMS.c.state == "disputed"
    chosen = select(ITEMS).where(disputed).order_by(ITEMS.c.priority.desc(), ITEMS.c.item_id).limit(1)
    with create_engine(url).connect() as connection:
        query = str(chosen.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = " ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}")))

    assert "items_by_priority" in plan
    assert "TEMP B-TREE" not in plan
