"""The monitor's time ranges, and times in the reader's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from dashboard_answers import NOW

from page.clock import Clock
from page.ranges import RANGES


@pytest.mark.parametrize("known", RANGES.values(), ids=str)
@pytest.mark.parametrize("moment", [NOW, datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)])
def test_a_range_has_sixty_to_a_hundred_whole_steps(known, moment):
    start, end = known.window(moment)
    steps = known.steps(moment)

    assert 60 <= len(steps) <= 100
    assert steps[0] == start <= moment - known.length
    assert steps[-1] < end <= steps[-1] + known.step
    assert timedelta(days=1) % known.step == timedelta(0)


@pytest.mark.parametrize("known", RANGES.values(), ids=str)
def test_three_to_seven_times_stand_below_a_chart(known):
    ticks = Clock.of("en", "Europe/Paris").ticks(*known.window(NOW))

    assert 3 <= len(ticks) <= 7
    assert all(0 <= share < 1 for share, _ in ticks)
    assert [share for share, _ in ticks] == sorted(share for share, _ in ticks)


def test_times_are_those_of_the_reader_and_of_the_day():
    paris = Clock.of("fr", "Europe/Paris")

    assert paris.moment(NOW, NOW) == "13:00"
    assert paris.moment(NOW - timedelta(days=1), NOW, seconds=True) == "22\u00a0nov., 13:00:10"
    assert Clock.of("en", "Asia/Tokyo").moment(NOW, NOW - timedelta(hours=3)) == "21:00"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "x" * 5000, "\0"])
def test_a_zone_that_is_none_is_utc_and_said_so(zone):
    clock = Clock.of("en", zone)

    assert (clock.name, clock.time(NOW)) == ("UTC", "12:00")


def test_noon_stays_noon_when_the_clocks_change():
    ticks = Clock.of("en", "Europe/Paris").ticks(
        datetime(2026, 3, 28, 22, 0, tzinfo=UTC), datetime(2026, 3, 29, 22, 0, tzinfo=UTC)
    )

    assert [words for _, words in ticks] == ["29\u00a0Mar", "04:00", "08:00", "12:00", "16:00", "20:00"]
