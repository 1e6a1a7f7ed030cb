"""The findings and caveats of a report, as sentences."""

from made_up_week import WEEK, at, bad, good, records

from sentiment.reports.weekly_findings import caveats, find
from sentiment.reports.weekly_report import analyse
from sentiment.reports.wording import moment


def test_findings_say_what_the_tables_say(busy_week):
    headlines = {topic: finding.headline for topic, finding in find(busy_week).items()}

    assert headlines == {
        "production": "two is right in 67% (55% to 76%) of the tweets of four weeks",
        "feedback": "Less of the feedback says wrong: 40%, after 60%",
        "mistakes": "Most often the model says neutral where people say negative: 30 of 39 mistakes",
        "words": "“gate” goes with mistakes: in 75% of the mistakes, 0% of the rest",
        "models": "No clear difference between one and two: wrong in 50% against 25% of their feedback",
        "service": "1,680 requests; 95% of predictions within 80 ms; 4 server errors",
        "confidence": "The model is unsure less often: 12% of predictions, after 25%",
        "alerts": "The alert fired once (before: 1)",
    }
    assert "40 of 100 feedbacks say wrong, a share between 31% and 50%." in find(busy_week)["feedback"].text
    assert caveats(busy_week) == []


def test_few_data_give_no_trend():
    now = records(
        bad((at(1), "a", "neutral", "negative")), good(*[(at(1), f"t{n}", "neutral") for n in range(4)])
    )
    before = records(good=good(*[(at(-6), f"u{n}", "neutral") for n in range(9)]))

    findings = find(analyse(WEEK, now, before, []))

    assert findings["feedback"].headline == "1 of 5 feedbacks says wrong: too few to tell a trend"
    assert findings["mistakes"].headline == "1 mistake with the right label named: too few for a pattern"
    assert findings["words"].headline == "No word stands in two of the tweets predicted wrong"


def test_with_nothing_before_few_feedbacks_are_counted_and_many_are_a_share():
    few, many = (bad(*[(at(1), f"t{n}", "neutral", "negative") for n in range(count)]) for count in (3, 30))

    headlines = [
        find(analyse(WEEK, records(frame), records(), []))["feedback"].headline for frame in (few, many)
    ]

    assert headlines[0] == "3 of 3 feedbacks say wrong; nothing before to compare"
    assert headlines[1] == "100% of the feedback says wrong; nothing before to compare"


def test_a_period_before_that_is_empty_or_begins_late_is_named():
    now = records(hours=[(at(0), 10, 3, 3, 2, 0.7, 0.1)])

    before = f"from {moment(WEEK.before.start)} to {moment(WEEK.start)}"
    assert caveats(analyse(WEEK, now, records(), [])) == [
        f"The logs hold nothing {before}, so there is no trend."
    ]
    late = records(hours=[(at(-2), 10, 3, 3, 2, 0.7, 0.1)])
    assert "begin only on 14 Nov 2026, 00:00 UTC" in caveats(analyse(WEEK, now, late, []))[0]
    prompt = records(hours=[(at(-7, 16), 10, 3, 3, 2, 0.7, 0.1)])
    assert caveats(analyse(WEEK, now, prompt, [])) == []
