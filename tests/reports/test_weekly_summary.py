"""The report in short: Markdown in which no word of a tweet is markup."""

from dataclasses import replace

from sentiment.reports.weekly_findings import find
from sentiment.reports.weekly_summary import make_summary


def test_a_word_from_a_tweet_has_no_meaning_in_the_markdown(busy_week):
    words = busy_week.tables["words"].assign(word=["*[x](y)<i>", *busy_week.tables["words"]["word"][1:]])

    summary = make_summary(busy_week, find(replace(busy_week, tables={**busy_week.tables, "words": words})))

    assert r"\*\[x\](y)\<i\>" in summary
