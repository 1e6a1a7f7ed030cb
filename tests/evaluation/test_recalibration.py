"""Temperature and threshold from labels of production: on scores whose truth is known."""

import numpy as np
import pytest

from models import LABELS
from models.calibration import soften
from sentiment.evaluation.recalibration import recalibrate, safe_threshold


def made_up(rows, seed=0, temperature=1.0, spread=0.5):
    """Labels that occur as often as scores say, and those scores made surer than is true."""
    chance = np.random.default_rng(seed)
    true = chance.dirichlet([spread] * len(LABELS), rows)
    labels = [LABELS[chance.choice(len(LABELS), p=row)] for row in true]
    return labels, soften(true, temperature)


def test_scores_that_promise_too_much_are_softened_as_much_as_is_true():
    labels, scores = made_up(1500, temperature=0.5)

    learned = recalibrate(labels, scores, [1.0] * 1500)

    assert learned.temperature == pytest.approx(2, abs=0.25)
    assert learned.error_after < 0.5 * learned.error_before
    assert learned.error_after < 2 * learned.error_by_chance


def test_true_scores_are_left_as_they_are():
    kept = [
        recalibrate(labels, scores, [1.0] * 300).temperature == 1
        for labels, scores in (made_up(300, seed) for seed in range(20))
    ]

    assert sum(kept) >= 17


def test_a_threshold_keeps_its_promise_and_more_labels_keep_more():
    labels, scores = made_up(20_000, 1, spread=0.2)
    truth = np.array([LABELS.index(label) for label in labels])
    is_right, sure = scores.argmax(axis=1) == truth, scores.max(axis=1)
    kept = {}
    for rows in (200, 1000):
        thresholds = [
            safe_threshold(is_right[start : start + rows], sure[start : start + rows], np.ones(rows))
            for start in range(0, 20_000, 1000)
        ]
        found = [2.0 if threshold is None else threshold for threshold in thresholds]
        risks = [1 - is_right[sure >= threshold].mean() for threshold in found if threshold < 2]
        assert sum(risk > 0.1 for risk in risks) <= 1
        kept[rows] = np.mean([(sure >= threshold).mean() for threshold in found])

    assert 0 < kept[200] < kept[1000] < 0.9


def test_where_nothing_is_wrong_no_tweet_is_set_aside_and_where_all_is_none_is_kept():
    sure = np.linspace(0.4, 1, 200)

    assert safe_threshold(np.ones(200, bool), sure, np.ones(200)) == 0
    assert safe_threshold(np.zeros(200, bool), sure, np.ones(200)) is None


def test_tweets_that_stand_for_many_count_more():
    labels, scores = made_up(1000, temperature=0.5)
    true_labels, true_scores = made_up(1000, 1)
    both = recalibrate(labels + true_labels, np.vstack([scores, true_scores]), [1.0] * 1000 + [50.0] * 1000)

    assert both.temperature == pytest.approx(1, abs=0.1)


def test_few_heavy_tweets_promise_less():
    is_right, sure = np.ones(100, bool), np.linspace(0.4, 1, 100)

    assert safe_threshold(is_right, sure, np.ones(100)) == 0
    assert safe_threshold(is_right, sure, np.array([0.01] * 90 + [100.0] * 10)) is None
