"""When a week's texts are news: they differ from training, and from what is known."""

import pytest
from drifting import drawn, training_of, tweets_about

from models import LABELS
from sentiment.drift.two_sample import Difference, distinct
from sentiment.drift.week import Look, is_news, measure_week

LOOK = Look("2026-11-16T00:00:00+00:00", "2026-11-23T00:00:00+00:00")


def far(p_value):
    return Difference(0.5, 0.1, p_value, (1000, 100))


def measured(kind, known=(), look=LOOK):
    training = training_of(tweets_about("flights", 100))
    return measure_week(look, drawn(tweets_about(kind, 60, seed=1)), training, known, now="now")


@pytest.mark.parametrize(
    ("training", "known", "expected"),
    [
        (far(0.005), None, True),
        (far(0.006), None, False),
        (far(0.001), far(0.006), False),
        (far(0.006), far(0.001), False),
        (far(0.001), far(0.001), True),
        (None, None, False),
        (None, far(0.001), False),
    ],
)
def test_news_differs_from_training_and_from_what_is_known(training, known, expected):
    assert is_news(training, known, look=1) is expected


def test_all_looks_at_a_week_together_raise_a_false_alarm_at_most_once_in_a_hundred_weeks():
    limits = [
        max(step for step in range(1, 10_000) if is_news(far(step / 1e6), None, look=look)) / 1e6
        for look in range(1, 8)
    ]

    assert limits[0] == 0.005
    assert sum(limits) < 0.01


def test_a_shift_is_an_alarm_once_and_known_from_then_on():
    first = measured("football")
    assert first.alarmed == "now"
    assert (first.training.p_value, first.known) == (0.001, None)
    assert {word.word for word in first.new} == {"goal", "striker", "keeper", "pitch"}
    assert {word.word for word in first.vanished} >= {"gate", "crew"}

    known = distinct(tweets_about("football", 60, seed=2))
    second = measured("football", known)
    assert second.training.p_value == 0.001
    assert (second.alarmed, second.known.p_value > 0.01) == ("", True)


def test_texts_like_those_of_training_are_no_alarm_even_if_they_are_news_to_production():
    assert measured("flights", distinct(tweets_about("football", 60, seed=2))).alarmed == ""


def test_a_week_keeps_the_alarm_of_an_earlier_look():
    again = Look(LOOK.start, LOOK.until, number=2, alarmed="yesterday")

    assert measured("football", look=again).alarmed == "yesterday"


def test_labels_and_scores_are_those_of_the_week_and_of_each_model():
    texts = tweets_about("flights", 60)
    rows = [*drawn(texts[:40]), *drawn(texts[40:], model="tweet-sentiment:two")]
    week = measure_week(LOOK, rows, training_of(texts), (), now="now")

    assert week.answers.texts == week.texts == 60
    assert sum(week.answers.labels.values()) == pytest.approx(1)
    assert [(group.model[-3:], group.texts) for group in week.by_model] == [("one", 40), ("two", 20)]
    assert week.expected.labels == dict(zip(LABELS, (0.5, 0.25, 0.25), strict=True))
