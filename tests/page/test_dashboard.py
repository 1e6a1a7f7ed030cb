"""The monitor's dashboard without a browser: its panels and figures in every state."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path

import pandas as pd
from dashboard_answers import COLUMNS, DOWN, NOW, answers, at, bad_prediction, frame, view

from page.answers import Answer
from page.dashboard import PANELS, PARTS, panel, render
from page.headline import figures
from page.monitor_texts import MONITOR_TEXTS
from page.questions import view_questions
from page.texts import TEXTS
from sentiment.errors import QueryError
from sentiment.supervision import panels

ROOT = Path(__file__).parents[2]


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


def test_an_unknown_path_is_told_in_the_language_of_the_reader():
    rows = ("GET (unknown path)", 404, 4, at(3)), ("POST /predict", 503, 1, at(2))
    parts = render(view("fr"), answers(errors=frame("errors", *rows)))

    assert re.findall("<code>(.*?)</code>", parts["errors"]) == ["GET (chemin inconnu)", "POST /predict"]
