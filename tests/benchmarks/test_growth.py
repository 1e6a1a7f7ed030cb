"""The made-up queue of benchmarks.growth is one that the queue itself could have made."""

import pytest
from sqlalchemy import create_engine, text

from benchmarks import growth_inbox, growth_queue
from benchmarks.growth import exponent
from sentiment.feedback.inbox import Inbox
from sentiment.review.queue import ReviewQueue


def test_the_exponent_is_the_slope_of_the_logarithms():
    assert exponent({10: 2.0, 100: 20.0, 1000: 200.0}) == pytest.approx(1)
    assert exponent({10: 5.0, 1000: 5.0}) == pytest.approx(0)
    assert exponent({10: 5.0}) is None


def test_what_the_made_up_queue_says_is_what_a_look_at_everything_says(any_queue_url):
    growth_queue.fill(any_queue_url, 300)
    with ReviewQueue(any_queue_url) as queue:
        said = (queue.progress("person 1"), queue.agreement(), queue.audit_frontier())
    engine = create_engine(any_queue_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE review_items SET number = NULL"))
        connection.execute(text("DELETE FROM review_counts"))
    engine.dispose()
    with ReviewQueue(any_queue_url) as queue:  # works everything out anew
        assert (queue.progress("person 1"), queue.agreement(), queue.audit_frontier()) == said


def test_the_made_up_inbox_is_read_as_one_of_many_days(tmp_path, monkeypatch):
    monkeypatch.setattr(growth_inbox, "_NEW", 5)
    inbox = Inbox(str(tmp_path))
    taken = growth_inbox.fill(inbox, 200)
    assert len({part.day for part in inbox.listing().parts}) == 100
    assert set(growth_inbox.measure(inbox, taken)) == {
        "record 1,000",
        "collect 1,000 new",
        "collect 1,000 new, processor",
    }
