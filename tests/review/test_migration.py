"""A review database of an earlier version: its columns are added at first use, its items stay."""

import multiprocessing

import pytest
from review_fixtures import NOW, audit_report, report
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from sentiment.review.admission import to_rows
from sentiment.review.items import AuditProgress
from sentiment.review.queue import ReviewQueue

NEW = {
    "review_items": ("audit_order",),
    "review_reports": ("drawn", "probability", "prediction_id", "predicted_label", "model"),
}


@pytest.fixture
def old_url(queue_url):
    """A database as version 0.1.0 made it, with a sample and a complaint."""
    with ReviewQueue(queue_url, overlap=0) as queue:
        queue.add([report(0, origin="random", feedback_label=None, source=None), report(1)])
    engine = create_engine(make_url(queue_url))
    with engine.begin() as connection:
        for table, columns in NEW.items():
            for column in columns:
                connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
    engine.dispose()
    return queue_url


def test_what_was_sampled_before_is_no_audit_since_nobody_knows_its_probability(old_url):
    with ReviewQueue(old_url, overlap=0) as queue:
        for number in range(2):
            queue.judge(report(number).feedback_id, "ann", "negative", now=NOW)
        queue.add([audit_report(5)])

        rows = [row for each in queue.settled() for row in to_rows(each)]
        assert {(row.drawn, row.weight) for row in rows} == {("complaint", "")}
        assert len(rows) == 2
        assert queue.progress().audit == AuditProgress(1, 0, 0, 0, 1)


def test_what_the_logs_now_say_of_an_earlier_sample_is_taken_up(old_url):
    with ReviewQueue(old_url, overlap=0) as queue:
        added = queue.add([audit_report(0)])
        queue.judge(report(0).feedback_id, "ann", "negative", now=NOW)

        assert (added.new, added.collapsed) == (0, 1)
        (settled,) = queue.settled()
        assert [row.weight for row in to_rows(settled)] == ["100"]


def use(url):
    with ReviewQueue(url) as queue:
        assert len(queue.items()) == 2


def test_two_programs_may_come_at_once(old_url):
    context = multiprocessing.get_context("spawn")
    programs = [context.Process(target=use, args=(old_url,)) for _ in range(3)]
    for program in programs:
        program.start()
    for program in programs:
        program.join(60)

    assert [program.exitcode for program in programs] == [0, 0, 0]
