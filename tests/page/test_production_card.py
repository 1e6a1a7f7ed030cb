"""The card on accuracy in production: the figure, its honest absence, the weeks, the reading."""

from datetime import timedelta

from audited_rows import PREDICTED_AT, answers, audited
from review_fixtures import NOW as REVIEWED
from validated_rows import audit_row, row

from page.audit import Audit
from page.clock import Clock
from page.production_card import production_card
from sentiment.config import Settings
from sentiment.data.validated_feedback import append
from sentiment.evaluation.production_periods import ProductionHistory, next_midnight, production_history

NOW = PREDICTED_AT + timedelta(hours=1)
MODEL = "tweet-sentiment:a"
WEEK = timedelta(weeks=1)


def card(rows, language="en", bound=0.0):
    return production_card(
        Clock.of(language, "UTC"), production_history(rows, MODEL, next_midnight(NOW)), bound
    )


ROWS = [
    *answers(80, 20),
    *answers(60, 40, predicted_at=PREDICTED_AT - WEEK),
    *[audited(state="unclear")] * 7,
    *[audited(state="skipped")] * 3,
    *[audited()] * 1200,
]


def test_the_figure_has_its_interval_and_says_what_it_rests_on():
    shown = card(ROWS)

    assert "<strong>70.0%</strong> between 63" in shown
    assert "200 labels · 7 unclear · 3 skipped · 1,200 not judged yet" in shown
    assert "Macro F1" in shown
    assert shown.count('class="line whisker"') == 2
    assert "80.0%, between" in shown


def test_it_speaks_french():
    shown = card(ROWS, "fr")

    assert "<strong>70,0\u00a0%</strong> entre 63" in shown
    assert "200 étiquettes · 7 pas clairs" in shown


def test_the_bound_is_a_line():
    assert "line limit" in card(ROWS, bound=0.6)
    assert "line limit" not in card(ROWS)


def test_without_labels_it_says_so_and_draws_nothing():
    unknown = production_card(Clock.of("en", "UTC"), ProductionHistory(None, ()), 0.0)
    for nothing in (card([]), unknown, card([audited()] * 50)):
        assert "No audit labels yet: review some" in nothing
        assert "<svg" not in nothing


def test_few_labels_make_no_figure():
    shown = card([*answers(5, 6), *[audited()] * 50])

    assert "11 audit labels of the last four weeks; a figure needs 20" in shown
    assert "%" not in shown


def test_a_models_name_is_escaped():
    history = production_history(answers(30, 0, model="tweet-sentiment:<i>"), None, next_midnight(NOW))

    assert "<i>" not in production_card(Clock.of("en", "UTC"), history, 0.0)


def test_the_audit_is_read_from_the_dataset_and_a_damaged_one_is_said(tmp_path):
    path = tmp_path / "validated.csv"
    append(path, [*(audit_row(number) for number in range(30)), row(99)], {})
    settings = Settings(home=tmp_path, validated_path=path)

    assert "30 labels" in Audit(settings).card(Clock.of("en", "UTC"), REVIEWED + 2 * WEEK)
    path.write_text("damaged", "utf-8")
    assert "The audit cannot be read" in Audit(settings).card(Clock.of("en", "UTC"), REVIEWED + 2 * WEEK)
