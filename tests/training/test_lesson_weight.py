"""How much validated tweets count beside the base's."""

from sentiment.training.lesson_weight import MOST_REPEATS, lesson_repeats

BASE = [f"base {number}" for number in range(100)]


def test_few_lessons_count_several_times_and_the_base_once():
    repeats = lesson_repeats([*BASE, "new", "newer"], ["newer", "new"])

    assert repeats == (1,) * 100 + (MOST_REPEATS,) * 2


def test_all_lessons_together_count_no_more_than_a_quarter_of_the_base():
    lessons = [f"new {number}" for number in range(30)]

    assert lesson_repeats([*BASE, *lessons[:8]], lessons) == (1,) * 100 + (3,) * 8
    # Counted once each, these are more than a quarter.
    assert set(lesson_repeats([*BASE, *lessons], lessons)) == {1}


def test_without_lessons_nothing_is_repeated():
    assert lesson_repeats(BASE, []) is None
    assert lesson_repeats(BASE, ["left out, since it is near a test tweet"]) is None
