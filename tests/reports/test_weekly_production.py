"""Accuracy in production in the weekly report: headline, text, table and figures."""

from made_up_week import audited_weeks

from sentiment.evaluation.production_periods import ProductionHistory
from sentiment.reports.weekly_findings import find
from sentiment.reports.weekly_production import production_words, tabulate_production


def test_the_headline_is_the_champions_accuracy_with_its_interval():
    headline, text = production_words(audited_weeks())

    assert headline.startswith("two is right in 67% (")
    assert "It rests on 75 labels" in text
    assert "the scores of 300 more" in text
    assert "could not tell the label of 6" in text


def test_without_labels_it_says_so():
    assert production_words(ProductionHistory(None, ()))[0] == "No audit labels yet: review some"


def test_the_table_has_a_row_per_week_and_model():
    table = tabulate_production(audited_weeks())

    assert table["model"].tolist() == ["tweet-sentiment:one", "tweet-sentiment:one", "tweet-sentiment:two"]
    assert table["labels"].tolist() == [100, 120, 75]
    assert ((table["low"] < table["accuracy"]) & (table["accuracy"] < table["high"])).all()


def test_the_report_begins_with_it_and_logs_its_figures(busy_week):
    assert next(iter(find(busy_week))) == "production"
    assert busy_week.metrics["production_labels"] == 75
    assert round(busy_week.metrics["production_accuracy"], 2) == 0.67
