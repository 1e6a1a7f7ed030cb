"""The monitor's dashboard without a browser: ranges, clocks, charts, shared answers, every state of every part; then a real monitor."""

from __future__ import annotations

import re
import threading
import xml.etree.ElementTree as ET
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import monitor_story
import pandas as pd
import pytest
from monitor_fixtures import served

from page.alert_banner import banner, head_badge
from page.answers import Answer, Answers, Question
from page.chart import Plot, Series, draw, scale, spread
from page.clock import Clock
from page.dashboard import PANELS, PARTS, panel, render
from page.headline import figures
from page.monitor_charts import by_step, chart, most_in_step
from page.monitor_tab import Monitor
from page.monitor_texts import MONITOR_TEXTS
from page.questions import View, alert_questions, view_questions
from page.ranges import RANGES, floor
from page.texts import TEXTS
from sentiment.config import read_settings
from sentiment.errors import QueryError
from sentiment.supervision import panels
from sentiment.supervision.alert_rule import read_rule

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 12, 0, 10, tzinfo=UTC)
RULE = read_rule()
DOWN = QueryError("the monitor at http://127.0.0.1:8600 does not answer: start it", "unreachable")
COLUMNS = {
    "requests_per_minute": {"timestamp": "time", "requests": "Int64", "requests_per_minute": "float64"},
    "latency": {"timestamp": "time", "p50": "float64", "p95": "float64", "p99": "float64"},
    "label_mix": {"timestamp": "time", "negative": "Int64", "neutral": "Int64", "positive": "Int64"},
    "confidence": {
        "timestamp": "time",
        "mean_score": "float64",
        "low_confidence_share": "float64",
        "predictions": "Int64",
    },
    "errors": {"name": "string", "status": "string", "requests": "Int64", "last_seen": "time"},
    "bad_predictions": {
        "timestamp": "time",
        **dict.fromkeys(("tweet_text", "predicted_label", "feedback_label", "model"), "string"),
        "score": "float64",
        **dict.fromkeys(("prediction_id", "feedback_id"), "string"),
    },
    "feedback_rate": {
        "model": "string",
        **dict.fromkeys(("predictions", "good", "bad"), "Int64"),
        **dict.fromkeys(("feedback_rate", "bad_rate"), "float64"),
    },
    "shadow": {
        **dict.fromkeys(("model", "shadow_model"), "string"),
        "compared": "Int64",
        "agreement": "float64",
        **dict.fromkeys(("to_negative", "to_neutral", "to_positive"), "Int64"),
    },
    "alert_history": {"evaluation": "time", "bad_predictions": "Int64"},
    "alert": {"TimeGenerated": "time", "feedback_id": "string"},
    "models": {"model": "string", "last_seen": "time"},
}
COLUMNS |= {"latency_overall": COLUMNS["latency"], "alert_day": COLUMNS["alert_history"]}


def frame(name, *rows):
    """Return an answer to a query, typed as the reader types it."""
    made = pd.DataFrame(list(rows), columns=list(COLUMNS[name]))
    return made.astype(
        {column: "datetime64[us, UTC]" if kind == "time" else kind for column, kind in COLUMNS[name].items()}
    )


def bad_prediction(
    text="the flight was late", *, at=NOW, predicted="positive", said="negative", model="tweet-sentiment:abc"
):
    return at, text, predicted, said, model, 0.71, "p-1", "f-1"


def view(language="en", key="1h", model="", zone="Europe/Paris"):
    return View(Clock.of(language, zone), RANGES[key], model, RULE, 0.5, NOW)


def answers(**frames):
    """Return fresh answers without rows, but for the given ones."""
    return {name: Answer(frames.get(name, frame(name)), NOW, None, is_waiting=False) for name in COLUMNS}


def at(minutes):
    return floor(NOW, timedelta(minutes=1)) - timedelta(minutes=minutes)


def history(*counts):
    """Return what the alert counted at the last evaluations, the newest last."""
    return frame(
        "alert_history",
        *((at(len(counts) - 1 - place), count) for place, count in enumerate(counts) if count),
    )


# --- ranges and clocks


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


# --- charts


def plot(*values, kind="lines", **options):
    series = [Series(f"line {place}", line, f"style-{place}") for place, line in enumerate(values)]
    return Plot(
        kind,
        series,
        ["note"] * len(values[0]),
        [(0.5, "noon")],
        "summary",
        lambda value: f"{value:g}",
        **options,
    )


def paths(html, style):
    return re.findall(rf'<path class="[a-z]+ {style}" d="([^"]+)"', html)


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (0, [0, 1]),
        (0.3, [0, 0.1, 0.2, 0.3]),
        (1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (12, [0, 5, 10, 15]),
        (87, [0, 20, 40, 60, 80, 100]),
        (3000, [0, 1000, 2000, 3000]),
    ],
)
def test_the_scale_is_round_and_holds_the_highest_value(highest, ticks):
    assert scale(highest) == pytest.approx(ticks)


@pytest.mark.parametrize("highest", [1, 2, 3, 4, 7, 99, 1e6])
def test_counts_have_whole_values_at_the_side(highest):
    ticks = scale(highest, is_whole=True)

    assert all(tick == int(tick) for tick in ticks)
    assert ticks[-1] >= highest


def test_a_line_breaks_where_nothing_was_measured_and_a_lone_value_is_a_dot():
    assert paths(draw(plot([10, 10, None, 5, None])), "style-0") == ["M0.5 0L1.5 0M3.5 50", "M3.5 50h.01"]
    assert len(paths(draw(plot([10, 5])), "style-0")) == 1


def test_areas_stand_on_each_other_with_the_first_at_the_bottom():
    html = draw(plot([1, 3], [1, 1], kind="area", is_whole=True))

    assert paths(html, "style-0") == ["M0 100V75h1V25h1V100Z"]
    assert paths(html, "style-1") == ["M0 100V50h1V0h1V100Z"]
    assert html.index("style-1") < html.index("style-0")  # the lower one covers the upper


def test_a_limit_is_always_inside_the_chart():
    html = draw(plot([1, 0], kind="area", limit=3, is_whole=True))

    assert paths(html, "limit") == ["M0 0H2"]
    assert ">3</span>" in html


def test_names_at_the_ends_of_lines_never_touch_nor_leave_the_chart():
    places = spread([50, 51, 99, 100])

    assert all(after - before >= 10 for before, after in pairwise(places))
    assert 0 <= places[0] <= places[-1] <= 100


def test_a_chart_is_well_formed_and_says_in_words_what_it_shows():
    html = chart(
        view(), "latency", frame("latency", (at(5), 12.6, 40.0, 51.0), (at(1), 10.0, 1234.0, 2000.0)), NOW
    )

    root = ET.fromstring(f"<div>{html}</div>")
    [picture] = [svg for svg in root.iter("svg") if svg.get("role") == "img"]
    assert "p95: lowest 40\u00a0ms, highest 1,234\u00a0ms, last 1,234\u00a0ms." in picture.get("aria-label")
    assert "12:55 p50 13\u00a0ms p95 40\u00a0ms p99 51\u00a0ms" in [
        step.get("data-note") for step in root.iter("i")
    ]
    assert len(list(root.iter("i"))) == len(RANGES["1h"].steps(NOW))


def test_counts_without_rows_are_zero_and_times_are_gaps():
    starts = [at(2), at(1), at(0)]
    rows = frame("latency", (at(1), 5.0, float("nan"), 7.0))

    assert by_step(rows, ["p50", "p95"], starts, None) == {
        "p50": [None, 5.0, None],
        "p95": [None, None, None],
    }
    assert by_step(rows, ["p50"], starts, 0.0) == {"p50": [0.0, 5.0, 0.0]}


def test_a_step_shows_the_most_that_the_alert_counted_in_it():
    rows = frame("alert_history", (at(7), 2), (at(6), 4), (at(4), 1))

    assert most_in_step(rows, [at(10), at(5), at(0)], timedelta(minutes=5)) == [4, 1, 0]
    quarters = [at(4) + timedelta(seconds=15 * place) for place in range(-1, 5)]
    assert most_in_step(rows, quarters, timedelta(seconds=15)) == [0, 1, 1, 1, 1, 0]


# --- answers for all viewers


class StandIn:
    """A reader that notes what it is asked and answers as the test says."""

    def __init__(self, answer):
        self.answer, self.asked, self.at_once, self.most = answer, [], 0, 0
        self.lock = threading.Lock()

    def frame(self, query, period):
        with self.lock:
            self.asked.append((query, period))
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        try:
            return self.answer(query)
        finally:
            with self.lock:
                self.at_once -= 1


class Time:
    """A clock that the test moves."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


def shared(answer):
    reader, time = StandIn(answer), Time()
    return reader, time, Answers(lambda: reader, time)


QUESTION = Question("AppTraces | take 1", timedelta(hours=1), timedelta(minutes=1))


def test_ten_viewers_cost_one_set_of_queries_until_five_seconds_are_over():
    release = threading.Event()
    reader, time, asks = shared(lambda query: (release.wait(5), frame("alert"))[1])
    questions = list(view_questions(view()).values())

    with ThreadPoolExecutor(10) as viewers:
        looks = [viewers.submit(asks.ask, questions, 10) for _ in range(10)]
        release.set()
        assert all(answer.frame is not None for look in looks for answer in look.result())
    # Latency is asked with two steps.
    assert Counter(query for query, _ in reader.asked).most_common(1)[0][1] <= 2
    asks.ask(questions, 10)
    assert len(reader.asked) == len(set(questions)) == 13

    time.now += timedelta(seconds=5)
    asks.ask(questions, 10)
    assert len(reader.asked) == 26


def test_queries_run_side_by_side_but_no_more_than_azure_takes():
    barrier = threading.Barrier(5, timeout=5)
    reader, _, asks = shared(lambda query: barrier.wait())

    asks.ask([Question(f"T{number}", timedelta(hours=1)) for number in range(10)], 10)

    assert reader.most == 5


def test_a_question_is_asked_for_whole_steps_up_to_now():
    reader, _, asks = shared(lambda query: frame("alert"))

    asks.ask([QUESTION], 5)

    assert reader.asked == [
        (QUESTION.query, (datetime(2026, 11, 23, 11, 0, tzinfo=UTC), NOW + timedelta(seconds=5)))
    ]


def test_after_a_failure_the_last_good_rows_stay_with_their_time_and_the_reason():
    outcome = [frame("alert", (NOW, "f-1"))]

    def answer(query):
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    _, time, asks = shared(answer)
    [first] = asks.ask([QUESTION], 5)
    outcome[0], time.now = DOWN, NOW + timedelta(seconds=30)
    [second] = asks.ask([QUESTION], 5)

    assert (len(second.frame), second.at, second.error) == (1, first.at, DOWN)
    outcome[0], time.now = frame("alert"), NOW + timedelta(seconds=60)
    [third] = asks.ask([QUESTION], 5)
    assert (len(third.frame), third.error) == (0, None)


def test_an_answer_that_is_late_is_not_asked_for_twice():
    release = threading.Event()
    reader, time, asks = shared(lambda query: (release.wait(5), frame("alert"))[1])

    assert asks.ask([QUESTION], 0.01) == [Answer()]
    time.now += timedelta(seconds=30)
    assert asks.ask([QUESTION], 0.01) == [Answer()]
    release.set()
    [answer] = asks.ask([QUESTION], 5)

    assert (answer.at, answer.is_waiting, len(reader.asked)) == (NOW + timedelta(seconds=5), False, 1)


def test_settings_that_cannot_be_used_are_an_answer_and_not_a_crash(monkeypatch, home):
    monkeypatch.setenv("SENTIMENT_LOGS_ENDPOINT", "http://logs.example.org")
    monitor = Monitor.from_settings(read_settings())

    [answer] = monitor.answers.ask([QUESTION], 5)

    assert "http://logs.example.org" in str(answer.error)


# --- the parts and their states


def test_every_panel_of_the_supervision_is_shown_under_its_own_name():
    assert set(PANELS) == {known.query for known in panels.PANELS}
    assert {known.query: TEXTS[known.query][0] for known in panels.PANELS} == {
        known.query: known.title for known in panels.PANELS
    }


def test_no_word_of_the_monitor_hides_one_of_the_rest_of_the_page():
    others = re.findall(r'^    "(\w+)":', (ROOT / "page" / "texts.py").read_text("utf-8"), re.MULTILINE)

    assert len(others) > 50
    assert not set(others) & set(MONITOR_TEXTS)


def test_without_any_rows_the_page_says_what_to_do():
    parts = render(view("fr"), answers())

    assert "<b>Essayer</b>" in parts["trouble"]
    assert [name for name in PANELS if parts[name]] == []


def test_one_panel_that_fails_leaves_the_others_alone():
    some = answers(requests_per_minute=frame("requests_per_minute", (at(3), 4, 4.0)))
    some["latency"] = Answer(
        None, None, QueryError("p50 is <not> known: correct the query", "query"), is_waiting=False
    )
    some["errors"] = Answer(pd.DataFrame({"other": [1]}), NOW, None, is_waiting=False)

    parts = render(view(), some)

    assert "p50 is &lt;not&gt; known" in parts["latency"]
    assert "KeyError" in parts["errors"]
    assert 'class="area requests_per_minute"' in parts["requests_per_minute"]
    assert parts["trouble"] == ""
    assert "No answer was called wrong" in parts["bad_predictions"]


def test_a_reason_that_all_share_is_said_once():
    parts = render(view(), {name: Answer(None, None, DOWN, is_waiting=False) for name in COLUMNS})

    assert list(parts) == list(PARTS)
    assert "".join(parts.values()).count("does not answer") == 1
    assert 'role="alert"' in parts["trouble"]
    assert parts["figures"].count("<strong>–</strong>") == 4


def test_old_rows_stay_with_the_time_of_the_last_good_answer():
    some = {
        name: Answer(answer.frame, at(2), DOWN)
        for name, answer in answers(errors=frame("errors", ("GET /", "500", 3, NOW))).items()
    }

    parts = render(view(), some)

    assert "As of 12:58:00; the latest attempt failed." in parts["errors"]
    assert "500" in parts["errors"]
    late = Answer(frame("errors"), NOW - timedelta(seconds=40), None)
    assert "the next answer is late" in panel(view(), "errors", late)


def test_what_is_not_there_yet_is_a_grey_shape_of_its_size():
    parts = render(view(), {name: Answer() for name in COLUMNS})

    assert all("skeleton" in parts[name] for name in PANELS)
    assert parts["trouble"] == ""


def test_whatever_people_wrote_is_shown_and_never_run():
    text = '<script>alert(1)</script> <img src=x onerror="alert(2)"> مرحبا 😡 & "so" on'
    rows = frame("bad_predictions", bad_prediction(text, predicted="<b>", said="<i>", model='"><script>'))
    some = answers(
        bad_predictions=rows,
        errors=frame("errors", ("<script>", "<4>", 1, NOW)),
        feedback_rate=frame("feedback_rate", ("<script>", 1, 0, 1, 1.0, 1.0)),
        shadow=frame("shadow", ("<script>", "<img>", 4, 0.75, 0, 0, 1)),
    )

    html = "".join(render(view(), some).values())

    assert "<script" not in html
    assert "<img" not in html
    assert "<4>" not in html
    assert "مرحبا 😡 &amp; &quot;so&quot; on" in html
    assert ET.fromstring(f"<div>{html}</div>") is not None


def test_bad_predictions_have_text_labels_score_model_and_local_time():
    html = panel(
        view("fr"),
        "bad_predictions",
        answers(bad_predictions=frame("bad_predictions", bad_prediction()))["bad_predictions"],
    )

    for shown in (
        "13:00:10",
        "the flight was late",
        "Positif",
        "Négatif",
        "71\u00a0%",
        "tweet-sentiment:abc",
        "Europe/Paris",
    ):
        assert shown in html


def test_a_missing_label_is_said_to_be_missing():
    html = panel(view(), "bad_predictions", Answer(frame("bad_predictions", bad_prediction(said=None)), NOW))

    assert "not given" in html


def test_a_hundred_bad_predictions_are_shown_and_all_are_counted():
    rows = frame("bad_predictions", *(bad_prediction(f"tweet {number}") for number in range(1234)))

    html = panel(view(), "bad_predictions", Answer(rows, NOW))

    assert "newest 100 of 1,234" in html
    assert html.count("<tr>") == 101
    assert "tweet 99<" in html
    assert "tweet 100<" not in html


def test_the_figures_are_those_of_the_whole_range():
    some = answers(
        requests_per_minute=frame("requests_per_minute", (at(30), 100, 100.0), (at(3), 20, 20.0)),
        latency_overall=frame("latency", (at(900_000), 12.0, 1234.4, 2000.0)),
        confidence=frame("confidence", (at(30), 0.9, 0.0, 30), (at(3), 0.5, 0.4, 10)),
        feedback_rate=frame("feedback_rate", ("a", 30, 3, 1, 0.1, 0.25), ("b", 10, 0, 0, 0.0, float("nan"))),
    )

    html = figures(view(), some)

    assert re.findall("<strong>(.*?)</strong>", html) == ["120", "1,234\u00a0ms", "25%", "10.0%"]
    assert "2.0 a minute" in html or "2 a minute" in html
    assert "1 of 4" in html
    assert "of 40 texts, top score below 50%" in html
    assert "no feedback yet" in figures(view(model="b"), some)


def test_the_filter_reaches_every_query_that_knows_models():
    name = 'a"; AppTraces | take 5 //'
    texts = {key: question.query for key, question in view_questions(view(model=name)).items()}

    filtered = {key for key, text in texts.items() if r'"a\"; AppTraces' in text}
    assert filtered == {
        "requests_per_minute",
        "latency",
        "latency_overall",
        "label_mix",
        "confidence",
        "bad_predictions",
    }
    assert all("let step = 1m;" in texts[known] for known in ("latency", "label_mix"))
    assert "all models" in panel(
        view(model=name), "errors", answers(errors=frame("errors", ("GET /", "404", 1, NOW)))["errors"]
    )


# --- the alert


def test_a_calm_alert_says_how_many_there_are_and_when_it_fires():
    some = answers(alert=frame("alert", (NOW, "f-1")), alert_day=history(1, 1))

    html = banner(view(), some)

    assert "1 bad prediction in the last 5 minutes. The alert fires at 3." in html
    assert "calm" in html
    assert head_badge("en", RULE, some) == ""


def test_a_firing_alert_says_how_many_and_since_when():
    some = answers(alert=frame("alert", *((NOW, f"f-{n}") for n in range(4))), alert_day=history(1, 2, 5, 4))

    html = banner(view(), some)

    assert "Alert since 12:59" in html
    assert "4 bad predictions in the last 5 minutes. The most were 5." in html
    assert "after 10 minutes below 3" in html
    assert "Alerte : 4 mauvaises prédictions en 5 minutes" in head_badge("fr", RULE, some)


def test_three_bad_predictions_fire_before_the_next_full_minute():
    some = answers(alert=frame("alert", *((NOW, f"f-{n}") for n in range(3))), alert_day=history(2))

    assert "firing" in banner(view(), some)
    assert "3 bad" in head_badge("en", RULE, some)
    some = answers(alert=frame("alert", *((NOW, f"f-{n}") for n in range(2))), alert_day=history(2))
    assert "calm" in banner(view(), some)


def test_an_alert_stays_open_until_it_was_quiet_for_ten_minutes():
    some = answers(alert_day=history(3, *[0] * 9))
    assert "still open" in head_badge("en", RULE, some)
    assert "0 bad predictions" in banner(view(), some)

    assert "calm" in banner(view(), answers(alert_day=history(3, *[0] * 10)))


def test_an_alert_whose_state_is_not_known_is_never_called_calm():
    some = answers()
    some["alert"] = Answer(None, None, DOWN, is_waiting=False)

    html = banner(view(), some)

    assert "The state of the alert is not known: the monitor at" in html
    assert "calm" not in html
    assert head_badge("en", RULE, some) == ""
    some["alert"], some["alert_day"] = Answer(frame("alert"), NOW), Answer(pd.DataFrame({"x": [1]}), NOW)
    assert "not known" in banner(view(), some)


def test_an_old_state_of_the_alert_says_how_old_it_is():
    some = {name: Answer(answer.frame, at(2), DOWN) for name, answer in answers().items()}

    assert "As of 12:58:00; the latest attempt failed." in banner(view(), some)


def test_past_alerts_show_when_they_fired_and_ended():
    counts = [0, 3, 4, 2, *[0] * 12]
    html = panel(view(), "alert_history", answers(alert_history=history(*counts))["alert_history"])

    assert re.findall(r'<td class="[a-z]+">(.*?)</td>', html) == ["12:46", "12:57", "4"]
    assert 'class="band' in html
    assert "alert from 3" in html


def test_an_alert_that_ended_before_the_range_is_not_shown():
    rows = frame("alert_history", (at(75), 3))

    html = panel(view(), "alert_history", Answer(rows, NOW))

    assert "did not fire" in html
    assert 'class="band' not in html.replace('class="band "', "")


def test_an_alert_that_was_open_when_the_range_began_is_known():
    question = view_questions(view(key="15m"))["alert_history"]

    assert question.length == timedelta(minutes=15) + timedelta(minutes=5) + timedelta(minutes=10)
    rows = frame("alert_history", (at(20), 4))
    assert re.findall(
        r'<td class="[a-z]+">(.*?)</td>', panel(view(key="15m"), "alert_history", Answer(rows, NOW))
    ) == [
        "12:40",
        "12:50",
        "4",
    ]


def test_the_shadow_has_its_agreement_and_its_changes():
    html = panel(
        view(),
        "shadow",
        answers(shadow=frame("shadow", ("tweet-sentiment:a", "tweet-sentiment:c", 40, 0.875, 1, 0, 4)))[
            "shadow"
        ],
    )

    cells = [cell.text or "".join(cell.itertext()) for cell in ET.fromstring(f"<div>{html}</div>").iter("td")]
    assert cells == ["tweet-sentiment:a", "tweet-sentiment:c", "40", "88%", "1", "0", "4"]


# --- a real monitor behind it


@pytest.fixture(scope="module")
def told_monitor(tmp_path_factory):
    """A monitor of this process that was told some hours of a service."""
    now = datetime.now(UTC)
    with served(tmp_path_factory.mktemp("dashboard")) as client:
        monitor_story.send(monitor_story.tell(now), client.address)
        yield client, now


def look(client, settings, **choices):
    monitor = Monitor.from_settings(settings.model_copy(update={"logs_endpoint": client.address}))
    chosen = View(
        Clock.of("en", "UTC"),
        RANGES[choices.get("key", "6h")],
        choices.get("model", ""),
        RULE,
        0.5,
        monitor.answers.now(),
    )
    questions = view_questions(chosen)
    return chosen, dict(zip(questions, monitor.answers.ask(questions.values(), 30), strict=True))


def test_every_question_is_answered_by_a_real_monitor(told_monitor, home):
    chosen, got = look(told_monitor[0], read_settings())

    assert {name: answer.error for name, answer in got.items()} == dict.fromkeys(got)
    parts = render(chosen, got)
    assert all(f">{TEXTS[name][0]}" in parts[name] for name in PANELS)
    assert not any('class="nothing' in parts[name] for name in PANELS)
    assert "Great, another Monday without hot water 🙃" in parts["bad_predictions"]
    assert "firing" in banner(chosen, got)
    assert parts["alert_history"].count("<tr>") == 3
    assert ET.fromstring(f"<div>{''.join(parts.values())}</div>") is not None


def test_figures_of_a_real_monitor_are_those_of_what_it_was_told(told_monitor, home):
    _, got = look(told_monitor[0], read_settings(), key="1d")
    requests = [
        envelope["data"]["baseData"]
        for envelope in monitor_story.tell(told_monitor[1])
        if "Request" in envelope["name"]
    ]
    texts = sum(int(base["properties"].get("texts", 0)) for base in requests)

    assert got["requests_per_minute"].frame["requests"].sum() == len(requests)
    assert got["label_mix"].frame[["negative", "neutral", "positive"]].sum().sum() == texts
    assert got["confidence"].frame["predictions"].sum() == texts
    assert len(got["latency_overall"].frame) == 1


def test_a_model_that_nobody_served_has_no_rows(told_monitor, home):
    _, got = look(told_monitor[0], read_settings(), model='none"')
    _, new = look(told_monitor[0], read_settings(), model=monitor_story.NEW)

    assert got["latency"].error is None
    assert got["latency"].frame.empty
    assert set(new["bad_predictions"].frame["model"]) == {monitor_story.NEW}


def test_a_monitor_that_is_gone_is_an_error_with_its_address(home):
    settings = read_settings().model_copy(update={"port_monitor": 9})
    monitor = Monitor.from_settings(settings)
    questions = alert_questions(RULE)

    got = dict(zip(questions, monitor.answers.ask(questions.values(), 30), strict=True))

    assert "http://127.0.0.1:9" in str(got["alert"].error)
    assert head_badge("en", RULE, got) == ""
