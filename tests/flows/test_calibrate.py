"""The flow that learns how to read the champion's scores, and the service that reads them so."""

import sys

import pytest
from promotion_fixtures import GOOD
from validated_rows import audit_row, row

from flows.calibrate import calibrate, main
from sentiment.champions import store
from sentiment.champions.calibration import read_calibration
from sentiment.config import read_settings
from sentiment.data.validated_feedback import append
from sentiment.errors import StoreError
from sentiment.promotion.recalibration import unlearned_audit
from sentiment.promotion.saved_models import find_champion

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def audited_champion(registered_home, gate, tweets, monkeypatch):
    """A champion, and a function that appends audit rows of test tweets, a share mislabelled."""
    monkeypatch.setenv("SENTIMENT_VALIDATED_PATH", str(registered_home / "feedback.csv"))
    gate(GOOD)

    def add(rows, wrong=0.4):
        chosen = list(zip(tweets.test.texts, tweets.test.labels, strict=True))[:rows]
        made = [
            audit_row(
                number, text=text, label="neutral" if number < wrong * rows else label, predicted_label=label
            )
            for number, (text, label) in enumerate(chosen)
        ]
        append(read_settings().validated_path, made, {})

    return add


def test_scores_that_promise_too_much_are_softened_and_the_labels_stay(audited_champion, monkeypatch, capsys):
    audited_champion(200)
    champion = find_champion()
    monkeypatch.setattr(sys, "argv", ["calibrate"])

    main()

    calibration = read_calibration(champion.name)
    assert calibration.temperature > 1
    assert calibration.labels == 200
    told = capsys.readouterr().out
    assert f"A temperature of {calibration.temperature:.2f} makes them less sure" in told
    assert store.pointer() == champion.name


def test_a_second_calibration_from_the_same_labels_changes_nothing(audited_champion):
    audited_champion(200)
    calibrate()
    first = read_calibration(store.pointer())

    calibrate()

    second = read_calibration(store.pointer())
    assert second.temperature == pytest.approx(first.temperature)
    assert second.labels == first.labels


def test_too_few_labels_change_nothing_and_say_what_to_do(audited_champion):
    audited_champion(99)

    told = calibrate()

    assert told.startswith("99 audit tweets that tweet-sentiment:")
    assert "100 are needed" in told
    assert read_calibration(store.pointer()).labels == 0


def test_without_a_champion_it_says_so(registered_home):
    with pytest.raises(StoreError, match="there is no champion"):
        calibrate()


def test_only_audit_tweets_that_the_champion_has_not_learned_count_each_once(registered_home, gate, tweets):
    gate(GOOD)
    champion = find_champion()
    rows = [
        audit_row(1, text="so late again", label="neutral", weight=10),
        row(2, text="a complaint about this"),
        audit_row(3, text=tweets.train.texts[0]),
        audit_row(4, text="So  late again", label="negative", weight=30),
    ]

    assert unlearned_audit(champion, rows) == [("So  late again", "negative", 40)]
