"""The alert on the accuracy in production: one message when it begins, one when it ends."""

from datetime import UTC, datetime, timedelta

import pytest
from alert_fixtures import Inbox
from audited_rows import answers, audited

from sentiment.config import Settings
from sentiment.errors import ReviewError
from sentiment.supervision.production_alert import watch_production

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MODEL = "tweet-sentiment:a"


@pytest.fixture
def told():
    return Inbox()


def watching(home, told, rows, *, bound=0.7, champion=MODEL):
    return watch_production(
        Settings(home=home, production_bound=bound), [told], lambda: rows, lambda: champion
    )


def test_it_tells_once_that_it_begins_and_once_that_it_ends(tmp_path, told):
    rows = answers(100, 100)
    watch = watching(tmp_path, told, rows)

    for hour in range(3):
        watch.evaluate(NOON + hour * HOUR)
    rows += answers(400, 0)
    for hour in range(3, 7):
        watch.evaluate(NOON + hour * HOUR)

    assert told.got == [("fired", NOON), ("resolved", NOON + 4 * HOUR)]
    fired, resolved = told.notices
    assert fired.text.startswith("Accuracy in production, at most: 62.")
    assert "in 4 weeks (limit: less than 70.0%), since 2026-11-24 12:00 UTC" in fired.text
    assert "over since" in resolved.text


@pytest.mark.parametrize(
    ("rows", "champion"),
    [
        (answers(100, 60), MODEL),  # 62%, but not certain to be below 70%
        (answers(5, 10), MODEL),  # too few labels
        (answers(10, 190), "tweet-sentiment:b"),  # of another model
        ([audited()] * 500, MODEL),  # nobody has judged them
        (answers(10, 190, predicted_at=NOON - timedelta(weeks=5)), MODEL),  # long ago
    ],
)
def test_it_is_quiet_while_the_champion_may_be_good_enough(tmp_path, told, rows, champion):
    watching(tmp_path, told, rows, champion=champion).evaluate(NOON)

    assert told.got == []


def test_without_a_known_champion_the_model_that_answered_last_is_watched(tmp_path, told):
    old = answers(190, 10, model="tweet-sentiment:old", predicted_at=NOON - 48 * HOUR)

    watching(tmp_path, told, [*old, *answers(10, 190)], champion=None).evaluate(NOON)

    assert told.got == [("fired", NOON)]


def test_a_queue_that_does_not_answer_leaves_the_alert_as_it_is(tmp_path, told):
    def fail():
        raise ReviewError("the review queue cannot be used: check it")

    settings = Settings(home=tmp_path, production_bound=0.7)
    evaluation = watch_production(settings, [told], fail, lambda: MODEL).evaluate(NOON)

    assert isinstance(evaluation.error, ReviewError)
    assert told.got == []


def test_without_a_bound_nothing_is_watched(tmp_path, told):
    assert watching(tmp_path, told, [], bound=0) is None
