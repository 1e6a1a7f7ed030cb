"""The weekly report: numbers worked out by hand, words, honest verdicts, pictures, and a page that is safe and always the same."""

import base64
import io
import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread

from models import LABELS
from sentiment.reports.canvas import as_png
from sentiment.reports.weekly_findings import caveats, find, moment, period_text
from sentiment.reports.weekly_page import make_headline, make_page, make_summary
from sentiment.reports.weekly_pictures import draw_weekly
from sentiment.reports.weekly_report import NO_LABEL, Records, Span, analyse, split_feedback
from sentiment.reports.weekly_shares import (
    HIGHER,
    LOWER,
    NOTHING_BEFORE,
    TOO_FEW,
    UNCLEAR,
    Share,
    compare_shares,
    latency_measure,
)
from sentiment.reports.weekly_words import MOST_WORDS, STOP_WORDS, compare_words, words_of
from sentiment.supervision.alert_rule import Episode

END = datetime(2026, 11, 23, tzinfo=UTC)
WEEK = Span.ending(END, 7)
MADE = datetime(2026, 11, 23, 15, 4, tzinfo=UTC)
HOSTILE = """<script>alert(1)</script> </p><img src=x onerror="x()"> & 'quoted' [link](javascript:x)"""


def table(columns, rows=()):
    kinds = {"text": "string", "number": "Int64", "real": "float64"}
    frame = pd.DataFrame(list(rows), columns=list(columns))
    for name, kind in columns.items():
        if kind == "time":
            frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
        else:
            frame[name] = frame[name].astype(kinds[kind])
    return frame


def bad(*rows):
    """Bad predictions from (moment, text, predicted, said) and whatever of model, score and feedback id is given."""
    columns = {"timestamp": "time", "tweet_text": "text", "predicted_label": "text", "feedback_label": "text"}
    defaults = ("tweet-sentiment:one", 0.8)
    full = [
        (*row[:4], *row[4:6], *defaults[len(row[4:6]) :], f"p{n}", row[6] if len(row) > 6 else f"b{n}")
        for n, row in enumerate(rows)
    ]
    return table(
        {**columns, "model": "text", "score": "real", "prediction_id": "text", "feedback_id": "text"}, full
    )


def good(*rows):
    """Good predictions from (moment, text, predicted) and, where it is given, the model."""
    full = [
        (*row[:3], row[3] if len(row) > 3 else "tweet-sentiment:one", 0.9, f"q{n}", f"g{n}")
        for n, row in enumerate(rows)
    ]
    columns = {
        "timestamp": "time",
        "tweet_text": "text",
        "predicted_label": "text",
        "model": "text",
        "score": "real",
    }
    return table({**columns, "prediction_id": "text", "feedback_id": "text"}, full)


def records(bad=bad(), good=good(), hours=(), *, latency=(), errors=(), models=()):  # noqa: B008, PLR0913
    """Records from hours of (moment, requests, negative, neutral, positive, mean score, share of low confidence)."""
    return Records(
        bad_predictions=bad,
        good_predictions=good,
        requests=table({"timestamp": "time", "requests": "number"}, [hour[:2] for hour in hours]),
        label_mix=table(
            {"timestamp": "time", **dict.fromkeys(LABELS, "number")},
            [(hour[0], *hour[2:5]) for hour in hours],
        ),
        confidence=table(
            {
                "timestamp": "time",
                "mean_score": "real",
                "low_confidence_share": "real",
                "predictions": "number",
            },
            [(hour[0], *hour[5:7], sum(hour[2:5])) for hour in hours],
        ),
        latency=table({"timestamp": "time", "p50": "real", "p95": "real", "p99": "real"}, latency),
        latency_steps=table({"timestamp": "time", "p50": "real", "p95": "real", "p99": "real"}, latency),
        errors=table({"name": "text", "status": "text", "requests": "number", "last_seen": "time"}, errors),
        feedback_rate=table({"model": "text", "predictions": "number"}, models),
    )


def at(days, hours=0):
    return WEEK.start + timedelta(days=days, hours=hours)


@pytest.fixture(scope="module")
def busy():
    """A week with 40 bad and 60 good predictions of two models, after one with 60 bad and 40 good ones."""
    wrong = [
        (
            at(n % 7, n % 24),
            f"not the gate again {n}",
            "neutral",
            "negative",
            "tweet-sentiment:one",
            0.5 + n / 100,
        )
        for n in range(30)
    ]
    wrong += [
        (at(n % 7), f"late 🙄 number {'abcdefgh'[n]}", "positive", "negative", "tweet-sentiment:two", 0.9)
        for n in range(8)
    ]
    wrong += [
        (at(3), HOSTILE, "positive", "", "tweet-sentiment:two", 0.99),
        (at(3), "odd", "negative", "neutral", "tweet-sentiment:two"),
    ]
    right = [
        (at(n % 7), f"lovely crew {n}", LABELS[n % 3], f"tweet-sentiment:{('one', 'two')[n % 2]}")
        for n in range(60)
    ]
    hours = [(at(n // 24, n % 24), 10, 3, 3, 2, 0.75, 0.125) for n in range(168)]
    errors = [("POST /predict", "503", 4, at(2)), ("POST /predict", "400", 30, at(6))]
    models = [("tweet-sentiment:one", 700), ("tweet-sentiment:two", 644)]
    now = records(
        bad(*wrong), good(*right), hours, latency=[(at(0), 20.0, 80.0, 160.0)], errors=errors, models=models
    )
    days = [(at(-7, n), 5, 1, 1, 2, 0.5, 0.25) for n in range(168)]
    old = (
        [(at(-3), f"then {n}", "neutral", "negative") for n in range(60)],
        [(at(-4), f"well {n}", "neutral") for n in range(40)],
    )
    before = records(bad(*old[0]), good(*old[1]), days, latency=[(at(-7), 20.0, 60.0, 100.0)])
    episodes = [
        Episode(at(5), at(5) + timedelta(minutes=16), 4),
        Episode(at(-2), at(-2) + timedelta(minutes=12), 3),
    ]
    return analyse(WEEK, now, before, episodes)


@pytest.fixture(scope="module")
def page(busy):
    return page_of(busy)


@pytest.fixture
def quiet():
    return analyse(WEEK, records(), records(), [])


def page_of(weekly):
    findings = find(weekly)
    pictures = {topic: as_png(figure, scale=2) for topic, figure in draw_weekly(weekly, findings).items()}
    return make_page(weekly, findings, pictures, created_at=MADE, source="http://127.0.0.1:8600")


def without_pictures(page):
    return re.sub(r"base64,[^']+", "", page)


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


def test_a_span_is_whole_days_up_to_the_next_full_hour_and_has_one_before_it():
    span = Span.ending(datetime(2026, 11, 23, 14, 0, 1, tzinfo=UTC), 7)

    assert (span.start, span.end) == (
        datetime(2026, 11, 16, 15, tzinfo=UTC),
        datetime(2026, 11, 23, 15, tzinfo=UTC),
    )
    assert (span.before.start, span.before.end) == (datetime(2026, 11, 9, 15, tzinfo=UTC), span.start)
    assert Span.ending(END, 7).end == END
    assert len(span.starts) == 7
    assert len(Span.ending(END, 1).starts) == 24
    assert period_text(WEEK) == "16 Nov 2026 to 22 Nov 2026"
    assert period_text(span) == "16 Nov 2026, 15:00 UTC to 23 Nov 2026, 15:00 UTC"


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


def test_headline_figures_are_those_worked_out_by_hand(busy):
    expected = {
        "requests": (1680, 840),
        "predictions": (1344, 672),
        "feedback": (100, 100),
        "bad_predictions": (40, 60),
        "bad_share": (0.4, 0.6),
        "feedback_share": (100 / 1344, 100 / 672),
        "low_confidence_share": (0.125, 0.25),
        "refused_share": (30 / 1680, 0),
        "server_error_share": (4 / 1680, 0),
        "latency_ms_p50": (20, 20),
        "latency_ms_p95": (80, 60),
        "latency_ms_p99": (160, 100),
        "mean_score": (0.75, 0.5),
        "alerts": (1, 1),
    }
    assert busy.metrics == pytest.approx(
        {
            key + suffix: v
            for key, both in expected.items()
            for suffix, v in zip(("", "_before"), both, strict=True)
        }
    )
    assert [episode.fired for episode in busy.alerts] == [at(5)]


def test_mean_confidence_is_weighted_by_predictions():
    hours = [(at(0), 1, 1, 0, 0, 0.9, 0.0), (at(1), 9, 3, 3, 3, 0.4, 1 / 3)]

    weekly = analyse(WEEK, records(hours=hours), records(), [])

    assert weekly.measures["mean_score"].now == pytest.approx((0.9 + 9 * 0.4) / 10)
    assert weekly.measures["low_confidence_share"].now == pytest.approx(3 / 10)


def test_windows_hold_what_happened_in_them(busy):
    windows = busy.tables["by_window"]

    assert list(windows["period"]) == ["before"] * 7 + ["this"] * 7
    assert list(windows["start"]) == [at(day) for day in range(-7, 7)]
    assert windows["requests"].tolist() == [120] * 7 + [240] * 7
    assert windows["wrong"].sum() == 100
    assert windows.set_index("start").loc[at(-3), "wrong"] == 60
    assert windows.set_index("start").loc[at(3), ["wrong", "right"]].tolist() == [4 + 1 + 2, 9]
    assert windows.loc[windows["period"] == "this", list(LABELS)].sum().tolist() == [504, 504, 336]


def test_confusion_puts_predicted_in_rows_said_in_columns_and_right_on_the_diagonal(busy):
    confusion = busy.tables["confusion"].set_index("predicted")

    assert list(confusion.columns) == [*LABELS, NO_LABEL]
    assert confusion.to_numpy().tolist() == [[20, 1, 0, 0], [30, 20, 0, 0], [8, 0, 20, 1]]


def test_models_are_compared_on_their_own_feedback(busy):
    models = busy.tables["models"].set_index("model")

    assert models.loc["tweet-sentiment:one", ["predictions", "right", "wrong", "wrong_share"]].tolist() == [
        700,
        30,
        30,
        0.5,
    ]
    assert models.loc["tweet-sentiment:two", ["predictions", "right", "wrong", "wrong_share"]].tolist() == [
        644,
        30,
        10,
        0.25,
    ]


def test_mistakes_are_the_surest_ones_and_each_tweet_is_shown_once():
    rows = [
        (at(1), "same", "neutral", "negative", "m", 0.9),
        (at(2), "same", "neutral", "negative", "m", 0.95),
    ]
    rows += [(at(3), "other", "positive", "", "m", 0.99), (at(4), "third", "positive", "neutral", "m", 0.2)]

    mistakes = analyse(WEEK, records(bad(*rows)), records(), []).tables["mistakes"]

    assert list(mistakes["tweet_text"]) == ["other", "same", "third"]
    assert list(mistakes["score"]) == [0.99, 0.95, 0.2]


def test_wilson_interval_is_that_of_the_literature():
    assert Share(8, 10).interval == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert Share(0, 10).interval == pytest.approx((0, 0.2775), abs=1e-4)
    assert Share(10, 10).interval == pytest.approx((0.7225, 1), abs=1e-4)
    assert Share(0, 0).interval == (0, 1)
    assert math.isnan(Share(0, 0).value)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        # 50 to 69% against 31 to 50%: they end where the other begins.
        (Share(60, 100), Share(40, 100), HIGHER),
        (Share(40, 100), Share(60, 100), LOWER),
        (Share(58, 100), Share(42, 100), UNCLEAR),
        (Share(29, 29), Share(0, 1000), TOO_FEW),
        (Share(30, 30), Share(0, 1000), HIGHER),
        (Share(0, 100), Share(0, 100), UNCLEAR),
    ],
)
def test_a_share_is_called_different_only_if_the_intervals_part(one, other, verdict):
    assert compare_shares(one, other) == verdict


@pytest.mark.parametrize(
    ("milliseconds", "answers", "verdict"),
    [
        ((120, 100), (200, 200), HIGHER),
        ((119, 100), (200, 200), UNCLEAR),
        ((80, 100), (200, 200), LOWER),
        ((300, 100), (199, 5000), TOO_FEW),
        ((300, math.nan), (5000, 0), NOTHING_BEFORE),
        ((math.nan, 100), (0, 5000), TOO_FEW),
    ],
)
def test_a_response_time_is_called_different_from_a_fifth_on(milliseconds, answers, verdict):
    assert latency_measure("p95", "p95", milliseconds, answers).verdict == verdict


def test_words_leave_out_what_says_nothing_and_keep_hashtags_emoji_and_negations():
    text = "RT @user: The #Gate wasn’t open, NOT at 9 😡😡 http mail (email) or (phone) https://t.co/x www.x.com :( <3"

    assert words_of(text) == {"#gate", "wasn't", "open", "not", "😡", "mail", ":(", "<3"}


def test_variants_of_an_emoji_are_one_word_and_joined_ones_stay_joined():
    assert words_of("❤️ ❤ 👍🏽 👍 👨‍👩‍👧 🇫🇷🇩🇪") == {"❤", "👍", "👨‍👩‍👧", "🇫🇷", "🇩🇪"}


def test_words_of_other_scripts_stay_whole():
    assert words_of("हिन्दी 漢字 ÜBER cafe\u0301 snake_case a/b 2026 #2026 ##x") == {
        "हिन्दी",
        "漢字",
        "über",
        "café",
        "snake_case",
        "b",
        "#x",
    }


def test_negations_are_no_stop_words():
    assert not STOP_WORDS & {"not", "no", "never", "nothing", "don't", "can't", "isn't"}


def test_a_word_counts_once_per_tweet_and_a_tweet_once():
    wrong = ["late late late", "late late late", "late again", "gate"]

    words = compare_words(wrong, ["late but fine", "gate"]).set_index("word")

    assert words.loc["late", ["wrong", "right"]].tolist() == [2, 1]
    assert words.loc["late", "wrong_share"] == pytest.approx(2 / 3)
    assert words.loc["late", "right_share"] == 0.5
    assert "gate" not in words.index  # in one wrong tweet only
    assert list(words["verdict"]) == [TOO_FEW]


def test_equally_frequent_words_keep_one_order():
    wrong = ["zebra apple common", "common apple zebra plus"]

    for texts in (wrong, wrong[::-1]):
        assert list(compare_words(texts, ["common thing"])["word"]) == ["apple", "zebra", "common"]


def test_a_word_of_both_sides_is_not_called_special_and_one_of_the_mistakes_is():
    wrong = [f"flight delayed {n}x" for n in range(40)]
    right = [f"flight smooth {n}y" for n in range(60)]

    words = compare_words(wrong, right).set_index("word")

    assert words.loc["delayed", "verdict"] == HIGHER
    assert words.loc["flight", "verdict"] == UNCLEAR


def test_no_more_words_are_listed_than_people_read():
    texts = [" ".join(f"w{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(100))]

    assert len(compare_words([texts[0], texts[0] + " x"], [])) == MOST_WORDS


def test_findings_say_what_the_tables_say(busy):
    headlines = {topic: finding.headline for topic, finding in find(busy).items()}

    assert headlines == {
        "feedback": "Less of the feedback says wrong: 40%, after 60%",
        "mistakes": "Most often the model says neutral where people say negative: 30 of 39 mistakes",
        "words": "“gate” goes with mistakes: in 75% of the mistakes, 0% of the rest",
        "models": "No clear difference between one and two: wrong in 50% against 25% of their feedback",
        "service": "1,680 requests; 95% of predictions within 80 ms; 4 server errors",
        "confidence": "The model is unsure less often: 12% of predictions, after 25%",
        "alerts": "The alert fired once (before: 1)",
    }
    assert "40 of 100 feedbacks say wrong, a share between 31% and 50%." in find(busy)["feedback"].text
    assert caveats(busy) == []


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

    assert caveats(analyse(WEEK, now, records(), [])) == [
        f"The logs hold nothing from {moment(WEEK.before.start)} to {moment(WEEK.start)}, so there is no trend."
    ]
    late = records(hours=[(at(-2), 10, 3, 3, 2, 0.7, 0.1)])
    assert "begin only on 14 Nov 2026, 00:00 UTC" in caveats(analyse(WEEK, now, late, []))[0]
    prompt = records(hours=[(at(-7, 16), 10, 3, 3, 2, 0.7, 0.1)])
    assert caveats(analyse(WEEK, now, prompt, [])) == []


def test_an_alert_that_began_before_the_period_and_lasts_is_shown_but_not_counted():
    still = Episode(WEEK.start - timedelta(minutes=3), None, 5)

    weekly = analyse(WEEK, records(hours=[(at(0), 1, 1, 0, 0, 0.7, 0)]), records(), [still])

    assert weekly.measures["alerts"].now == 0
    assert find(weekly)["alerts"].headline == "An earlier alert was still open"
    assert "not by the end" in page_of(weekly)


def test_an_empty_period_is_said_and_nothing_is_drawn(quiet):
    page = page_of(quiet)

    assert quiet.is_empty
    assert draw_weekly(quiet, find(quiet)) == {}
    assert (
        "Nothing was recorded from 16 Nov 2026, 00:00 UTC to 23 Nov 2026, 00:00 UTC: no request and no feedback."
        in page
    )
    assert "nan" not in page.lower()
    assert "<img" not in page
    assert make_headline(quiet) in page
    assert set(quiet.metrics.values()) == {0}


def test_pictures_carry_their_finding_and_are_as_wide_as_a_phone_can_show(busy):
    findings = find(busy)

    figures = draw_weekly(busy, findings)

    assert list(figures) == ["feedback", "mistakes", "words", "models", "service", "confidence"]
    for topic, figure in figures.items():
        headline = next(text.get_text() for text in figure.texts if text.get_fontsize() == 17)
        assert headline.replace("\n", " ") == findings[topic].headline
        assert imread(io.BytesIO(as_png(figure, scale=2))).shape[1] == 1280


def test_every_text_of_a_picture_lies_within_it(busy):
    for figure in draw_weekly(busy, find(busy)).values():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        width, height = canvas.get_width_height()
        for text in [
            *figure.texts,
            *(
                text
                for panel in figure.axes
                for text in (*panel.texts, *panel.get_xticklabels(), *panel.get_yticklabels())
            ),
        ]:
            box = text.get_window_extent()
            assert not text.get_text() or (
                box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
            ), text


def test_the_mistake_that_is_the_largest_stands_out(busy):
    panel = draw_weekly(busy, find(busy))["mistakes"].axes[0]

    assert [text.get_text() for text in panel.texts if text.get_fontweight() == "bold"] == ["30"]


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


@pytest.mark.parametrize("days", [1, 31])
def test_the_shortest_and_the_longest_period_are_drawn(days):
    span = Span.ending(END, days)
    hours = [(span.start + timedelta(hours=n), 4, 1, 1, 1, 0.7, 0.1) for n in range(24 * days)]
    now = records(good=good((span.start, "fine", "neutral")), hours=hours, latency=[(span.start, 1, 2, 3)])

    figures = draw_weekly(weekly := analyse(span, now, records(), []), find(weekly))

    assert len(figures["service"].axes[0].get_xticklabels()) <= 14
    assert all(as_png(figure, scale=2) for figure in figures.values())


def test_text_from_tweets_is_escaped_wherever_it_stands(busy):
    odd = "<b>bold</b>&amp;"
    busy = replace(
        busy,
        tables={
            **busy.tables,
            "models": busy.tables["models"].assign(model=[odd, odd]),
            "errors": busy.tables["errors"].assign(name=odd),
        },
    )
    page = page_of(busy)

    seen = Reader(page)

    assert HOSTILE in "".join(seen.text)
    assert not {tag for tag, _ in seen.tags} & {"script", "b onerror", "iframe", "object", "link", "form"}
    assert all(not name.startswith("on") for _, attributes in seen.tags for name in attributes)
    assert odd not in page
    assert "".join(seen.text).count(odd) >= 4


def test_a_word_from_a_tweet_has_no_meaning_in_the_markdown(busy):
    words = busy.tables["words"].assign(word=["*[x](y)<i>", *busy.tables["words"]["word"][1:]])

    summary = make_summary(busy, find(replace(busy, tables={**busy.tables, "words": words})))

    assert r"\*\[x\](y)\<i\>" in summary


def test_nothing_on_the_page_loads_from_elsewhere(page):
    seen = Reader(page)

    sources = [
        value
        for _, attributes in seen.tags
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "data", "action")
    ]
    assert len(sources) == 6 + 7
    assert all(value.startswith(("data:image/png;base64,", "#")) for value in sources)
    style = re.search("<style>(.*)</style>", page, re.DOTALL)[1]
    assert not re.search(r"url\(|@import|//", style)
    policy = next(
        attributes["content"] for tag, attributes in seen.tags if tag == "meta" and "http-equiv" in attributes
    )
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    ids = {attributes["id"] for _, attributes in seen.tags if "id" in attributes}
    assert {value[1:] for value in sources if value.startswith("#")} <= ids


def test_the_page_tells_the_figures_the_tweets_and_the_rule(page):
    text = re.sub(r"\s+", " ", " ".join(Reader(page).text))

    assert "Feedback that says wrong 40% before: 60% ▼ lower" in text
    assert "POST /predict 503 4" in text
    assert "21 Nov 2026, 00:00 UTC 21 Nov 2026, 00:16 UTC 4" in text
    assert "too few to tell" in text
    assert "Made on 23 Nov 2026, 15:04 UTC" in text
    assert "python -m flows.analyse --days 7 --end 2026-11-23T00:00:00+00:00" in text


def test_the_same_records_make_the_same_bytes(busy, page):
    pictures = [as_png(figure, scale=2) for figure in draw_weekly(busy, find(busy)).values()]

    assert page_of(busy) == page
    assert all(base64.b64encode(picture).decode() in page for picture in pictures)


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
