"""The quality in production today and by week and model."""

from datetime import timedelta

from audited_rows import PREDICTED_AT, answers, audited

from sentiment.evaluation.production_periods import (
    RECENT,
    latest_model,
    next_midnight,
    recent_standing,
    weekly_standings,
)

DAY = timedelta(days=1)


def test_today_is_the_last_four_weeks_of_one_model():
    rows = [
        *answers(30, 10),
        *answers(0, 50, model="tweet-sentiment:b"),
        *answers(0, 50, predicted_at=PREDICTED_AT - RECENT),
        *[audited(state="unclear")] * 3,
        *[audited(state="skipped")] * 2,
        *[audited()] * 5,
    ]

    standing = recent_standing(rows, "tweet-sentiment:a", PREDICTED_AT + DAY)

    assert standing.quality.labels == 40
    assert standing.states == {"labelled": 40, "unclear": 3, "skipped": 2, "waiting": 5}
    assert (standing.drawn, standing.judged) == (50, 45)


def test_weeks_count_back_from_the_end_each_model_for_itself():
    end = next_midnight(PREDICTED_AT)
    rows = [
        *answers(30, 10),
        *answers(5, 0, model="tweet-sentiment:b"),
        *answers(20, 20, predicted_at=PREDICTED_AT - 7 * DAY),
        *answers(20, 20, predicted_at=PREDICTED_AT - 70 * DAY),
    ]

    weeks = weekly_standings(rows, end - 28 * DAY, end)

    assert [(end - week.end) // DAY for week in weeks] == [7, 0, 0]
    assert [week.model[-1] for week in weeks] == ["a", "a", "b"]
    assert [week.quality and week.quality.accuracy.value for week in weeks] == [0.5, 0.75, None]


def test_the_latest_model_is_that_of_the_latest_prediction():
    later = audited(model="tweet-sentiment:b", predicted_at=PREDICTED_AT + DAY)

    assert latest_model([later, audited()]) == "tweet-sentiment:b"
    assert latest_model([]) is None
