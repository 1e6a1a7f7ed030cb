"""The kept weeks: which looks are due, what becomes known, and the file."""

from datetime import timedelta

import pytest
from drifting import MONDAY, tweets_about, week

from sentiment.drift.history import FILE, History, Known, as_moment
from sentiment.drift.week import Look
from sentiment.errors import AlertError

TEXTS = tweets_about("flights", 40)


def test_the_file_gives_back_what_was_written(tmp_path):
    history = History(
        (week(training=None), week(1, known=(0.2, 0.5), alarmed="a")), Known("a", ("one", "two"))
    )
    history.write(tmp_path)

    assert History.read(tmp_path) == history
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    assert History.read(tmp_path / "none") == History()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"weeks": [{}], "known": null}', "\udc80"])
def test_a_damaged_file_is_an_error_that_says_what_to_do(tmp_path, content):
    (tmp_path / FILE).write_text(content, "utf-8", "surrogateescape")

    with pytest.raises(AlertError, match="move it away"):
        History.read(tmp_path)


def test_weeks_begin_on_monday_and_those_that_ended_before_their_last_look_are_done_with():
    now = MONDAY + timedelta(days=9, hours=5)
    looks = History((week(-1), week(0))).due(now, weeks=3)

    assert looks == [Look(as_moment(MONDAY + timedelta(days=7)), as_moment(now))]
    first, *_, last = History().due(now, weeks=4)
    assert (first.start, first.until) == (
        as_moment(MONDAY - timedelta(days=14)),
        as_moment(MONDAY - timedelta(days=7)),
    )
    assert (last.number, last.alarmed) == (1, "")


def test_a_week_is_looked_at_again_until_one_look_is_after_its_end():
    history = History()
    for number, days in enumerate((2, 5, 8), start=1):
        look = history.due(MONDAY + timedelta(days=days), weeks=2)[-2 if days > 7 else -1]
        assert (look.start, look.number) == (as_moment(MONDAY), number)
        measured = week(alarmed="a" if number > 1 else "")
        history = history.after(type(measured)(**{**vars(measured), "look": look}), TEXTS)

    assert [one.start for one in history.due(MONDAY + timedelta(days=9), weeks=2)] == [
        as_moment(MONDAY + timedelta(days=7))
    ]


def test_the_texts_of_an_alarm_are_known():
    quiet = History().after(week(), TEXTS)
    alarmed = quiet.after(week(1, alarmed="2026-11-25"), TEXTS)

    assert (quiet.known, quiet.last_alarm) == (None, None)
    assert alarmed.known.since == "2026-11-25"
    assert sorted(alarmed.known.texts) == sorted(TEXTS)
    assert alarmed.last_alarm.isoformat() == "2026-11-25T00:00:00"


def test_what_a_champion_learned_from_is_known_unless_later_texts_are():
    learned = History().learned("2026-11-20", TEXTS)

    assert learned.known.since == "2026-11-20"
    assert learned.learned("2026-11-20", tweets_about("football", 40)) == learned
    assert learned.learned("2026-11-19", tweets_about("football", 40)) == learned
    assert learned.learned("2026-11-21", TEXTS[:5]) == learned
    assert learned.learned("2026-11-21", TEXTS).known.since == "2026-11-21"
