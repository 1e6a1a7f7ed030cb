"""The HTML page of a report: complete, escaped, self-contained and reproducible."""

import base64
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

from made_up_week import HOSTILE, WEEK, at, bad, page_of, records, without_pictures

from models import LABELS
from sentiment.reports.canvas import as_png
from sentiment.reports.weekly_findings import find
from sentiment.reports.weekly_pictures import draw_weekly
from sentiment.reports.weekly_records import split_feedback
from sentiment.reports.weekly_report import analyse
from sentiment.reports.weekly_summary import make_headline
from sentiment.supervision.alert_state import Episode


class Reader(HTMLParser):
    """Collect every tag with its attributes, and the text between the tags."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def test_an_alert_that_began_before_the_period_and_lasts_is_shown_but_not_counted():
    still = Episode(WEEK.start - timedelta(minutes=3), None, 5)

    weekly = analyse(WEEK, records(hours=[(at(0), 1, 1, 0, 0, 0.7, 0)]), records(), [still])

    assert weekly.measures["alerts"].now == 0
    assert find(weekly)["alerts"].headline == "An earlier alert was still open"
    assert "not by the end" in page_of(weekly)


def test_an_empty_period_is_said_and_nothing_is_drawn(empty_week):
    page = page_of(empty_week)

    assert empty_week.is_empty
    assert draw_weekly(empty_week, find(empty_week)) == {}
    period = "from 16 Nov 2026, 00:00 UTC to 23 Nov 2026, 00:00 UTC"
    assert f"Nothing was recorded {period}: no request and no feedback." in page
    assert "nan" not in page.lower()
    assert "<img" not in page
    assert make_headline(empty_week) in page
    assert set(empty_week.metrics.values()) == {0}


def test_a_week_without_feedback_draws_the_service_alone():
    now = records(hours=[(at(0), 10, 3, 3, 2, 0.7, 0.1)], latency=[(at(0), 1, 2, 3)])

    weekly = analyse(WEEK, now, records(), [])

    assert list(draw_weekly(weekly, find(weekly))) == ["service", "confidence"]
    assert "nan" not in without_pictures(page_of(weekly)).lower()


def test_a_single_feedback_without_any_request_makes_a_whole_page():
    weekly = analyse(WEEK, records(bad((at(0), "alone", "neutral", None))), records(), [])

    page = page_of(weekly)

    assert "1 of 1 feedback says wrong" in page
    assert "no label given" in page
    assert "<NA>" not in page
    assert "nan" not in without_pictures(page).lower()


def test_a_week_without_any_right_prediction_has_no_share_among_them():
    wrong = [(at(n % 7), f"not the gate again {n}", "neutral", "negative") for n in range(40)]
    weekly = analyse(WEEK, records(bad(*wrong)), records(), [])

    page = page_of(weekly)

    assert "<td dir='auto'>gate</td><td dir='auto'>40 (100%)</td><td dir='auto'>0 (–)</td>" in page
    assert "words" in draw_weekly(weekly, find(weekly))


def test_text_from_tweets_is_escaped_wherever_it_stands(busy_week):
    odd = "<b>bold</b>&amp;"
    busy_week = replace(
        busy_week,
        tables={
            **busy_week.tables,
            "models": busy_week.tables["models"].assign(model=[odd, odd]),
            "errors": busy_week.tables["errors"].assign(name=odd),
        },
    )
    page = page_of(busy_week)

    seen = Reader(page)

    assert HOSTILE in "".join(seen.text)
    assert not {tag for tag, _ in seen.tags} & {"script", "b onerror", "iframe", "object", "link", "form"}
    assert all(not name.startswith("on") for _, attributes in seen.tags for name in attributes)
    assert odd not in page
    assert "".join(seen.text).count(odd) >= 4


def test_nothing_on_the_page_loads_from_elsewhere(weekly_page):
    seen = Reader(weekly_page)

    sources = [
        value
        for _, attributes in seen.tags
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "data", "action")
    ]
    assert len(sources) == 7 + 8
    assert all(value.startswith(("data:image/png;base64,", "#")) for value in sources)
    style = re.search("<style>(.*)</style>", weekly_page, re.DOTALL)[1]
    assert not re.search(r"url\(|@import|//", style)
    policy = next(
        attributes["content"] for tag, attributes in seen.tags if tag == "meta" and "http-equiv" in attributes
    )
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    ids = {attributes["id"] for _, attributes in seen.tags if "id" in attributes}
    assert {value[1:] for value in sources if value.startswith("#")} <= ids


def test_the_page_tells_the_figures_the_tweets_and_the_rule(weekly_page):
    text = re.sub(r"\s+", " ", " ".join(Reader(weekly_page).text))

    assert "Feedback that says wrong 40% before: 60% ▼ lower" in text
    assert "POST /predict 503 4" in text
    assert "21 Nov 2026, 00:00 UTC 21 Nov 2026, 00:16 UTC 4" in text
    assert "too few to tell" in text
    assert "Made on 23 Nov 2026, 15:04 UTC" in text
    assert "python -m flows.analyse --days 7 --end 2026-11-23T00:00:00+00:00" in text


def test_the_same_records_make_the_same_bytes(busy_week, weekly_page):
    pictures = [as_png(figure, scale=2) for figure in draw_weekly(busy_week, find(busy_week)).values()]

    assert page_of(busy_week) == weekly_page
    assert all(base64.b64encode(picture).decode() in weekly_page for picture in pictures)


def test_the_order_in_which_the_logs_answer_does_not_matter():
    rows = [
        (
            at(n % 7, n % 5),
            f"not {n % 11} late {'xyz'[n % 3]}",
            LABELS[n % 3],
            LABELS[(n + 1) % 3],
            f"m:{n % 2}",
            (n % 4) / 4,
        )
        for n in range(50)
    ]
    frame = bad(*rows)

    pages = [
        page_of(analyse(WEEK, records(split_feedback(part, WEEK)), records(), []))
        for part in (frame, frame[::-1], frame.sample(frac=1, random_state=3))
    ]

    assert pages[0] == pages[1] == pages[2]
