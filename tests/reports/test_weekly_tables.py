"""The tables of the report, worked out by hand, and as CSV that no spreadsheet runs."""

import csv
import io

import pandas as pd
from made_up_week import WEEK, at, bad, records

from models import LABELS
from sentiment.reports.weekly_report import analyse
from sentiment.reports.weekly_tables import NO_LABEL, to_csv


def test_no_cell_of_a_csv_table_is_a_formula():
    rows = [
        (at(1), "=cmd|' /C calc'!A0 hate it", "neutral", "negative", "@m", 0.9),
        (at(2), "+1 late", "neutral", "", "m", 0.8),
        (at(3), "'=1+1", "neutral", "negative", "m", 0.7),
    ]
    mistakes = analyse(WEEK, records(bad(*rows)), records(), []).tables["mistakes"]

    cells = list(csv.DictReader(io.StringIO(to_csv(mistakes))))

    assert [row["tweet_text"] for row in cells] == ["'=cmd|' /C calc'!A0 hate it", "'+1 late", "''=1+1"]
    assert [row["model"] for row in cells] == ["'@m", "m", "m"]
    assert [float(row["score"]) for row in cells] == [0.9, 0.8, 0.7]
    assert list(mistakes["tweet_text"]) == [row[1] for row in rows]


def test_a_csv_table_keeps_negative_numbers_and_missing_values():
    frame = pd.DataFrame({"number": [-1.5, None], "text": pd.Series(["-1.5", None], dtype="string")})

    assert to_csv(frame) == "number,text\n-1.5,'-1.5\n,\n"


def test_windows_hold_what_happened_in_them(busy_week):
    windows = busy_week.tables["by_window"]

    assert list(windows["period"]) == ["before"] * 7 + ["this"] * 7
    assert list(windows["start"]) == [at(day) for day in range(-7, 7)]
    assert windows["requests"].tolist() == [120] * 7 + [240] * 7
    assert windows["wrong"].sum() == 100
    assert windows.set_index("start").loc[at(-3), "wrong"] == 60
    assert windows.set_index("start").loc[at(3), ["wrong", "right"]].tolist() == [4 + 1 + 2, 9]
    assert windows.loc[windows["period"] == "this", list(LABELS)].sum().tolist() == [504, 504, 336]


def test_confusion_puts_predicted_in_rows_said_in_columns_and_right_on_the_diagonal(busy_week):
    confusion = busy_week.tables["confusion"].set_index("predicted")

    assert list(confusion.columns) == [*LABELS, NO_LABEL]
    assert confusion.to_numpy().tolist() == [[20, 1, 0, 0], [30, 20, 0, 0], [8, 0, 20, 1]]


def test_models_are_compared_on_their_own_feedback(busy_week):
    models = busy_week.tables["models"].set_index("model")

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
