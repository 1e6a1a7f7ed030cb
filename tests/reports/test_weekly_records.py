"""The records of a period: feedback by the span in which it was given."""

from made_up_week import WEEK, at, bad

from sentiment.reports.weekly_records import split_feedback


def test_feedback_belongs_to_the_span_in_which_it_was_given_and_counts_once():
    frame = bad(
        (WEEK.end, "at the end", "neutral", "negative"),
        (at(2), "again", "neutral", "negative", "m", 0.5, "same"),
        (at(1), "first", "neutral", "negative", "m", 0.5, "same"),
        (WEEK.start, "at the start", "neutral", "negative"),
        (at(-1), "before", "neutral", "negative"),
    )

    assert list(split_feedback(frame, WEEK)["tweet_text"]) == ["at the start", "first"]
    assert list(split_feedback(frame, WEEK.before)["tweet_text"]) == ["before"]
