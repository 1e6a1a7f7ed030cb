"""What the trainings of all models share: the temperature and the targets."""

from dataclasses import replace

import numpy as np
import pytest

from models.calibration import best_temperature, soften
from models.learning import TrainingData, metrics_of_parts, soft_targets, trial_metrics


def test_the_best_temperature_undoes_scores_that_are_too_sure_or_not_sure_enough():
    draw = np.random.default_rng(0)
    honest = draw.dirichlet([1, 1, 1], 20_000)
    truth = np.array([draw.choice(3, p=row) for row in honest])

    assert best_temperature(honest, truth) == pytest.approx(1, abs=0.05)
    assert best_temperature(soften(honest, 0.5), truth) == pytest.approx(2, abs=0.1)
    assert best_temperature(soften(honest, 2), truth) == pytest.approx(0.5, abs=0.03)


def test_targets_are_the_labels_softened_by_the_teacher():
    truth = np.array([0, 2])

    assert soft_targets(truth, None).tolist() == [[1, 0, 0], [0, 0, 1]]
    np.testing.assert_allclose(
        soft_targets(truth, np.array([[0.5, 0.5, 0], [0.1, 0.1, 0.8]])), [[0.6, 0.4, 0], [0.08, 0.08, 0.84]]
    )


def test_repeated_data_holds_each_text_with_its_teacher_as_often_as_it_counts():
    validation = (["v"], ["neutral"])
    teacher = np.array([[1, 0, 0], [0, 1, 0]])
    data = TrainingData(["a", "b"], ["negative", "neutral"], validation, teacher, repeats=[1, 3])

    repeated = data.repeated()

    assert (repeated.texts, repeated.labels) == (list("abbb"), ["negative", *["neutral"] * 3])
    assert repeated.teacher_scores.tolist() == [[1, 0, 0], *[[0, 1, 0]] * 3]
    assert repeated.validation == validation
    assert repeated.repeated() is repeated


def test_a_supplement_is_learned_once_with_its_labels_behind_the_texts():
    teacher = np.array([[0.5, 0.5, 0], [0, 1, 0]])
    supplement = (["c", "d"], ["positive", "negative"])
    data = TrainingData(
        ["a", "b"], ["negative", "neutral"], (["v"], ["neutral"]), teacher, [2, 1], supplement
    )

    repeated = data.repeated()

    assert (repeated.texts, repeated.labels[3:]) == (list("aabcd"), ["positive", "negative"])
    assert repeated.teacher_scores.tolist() == [*[[0.5, 0.5, 0]] * 2, [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    assert repeated.supplement == ((), ())
    assert replace(data, repeats=None, teacher_scores=None).repeated().texts == list("abcd")


def test_a_trial_must_do_well_on_both_parts_however_small_one_is():
    truth = np.array([0, 1, 2] * 10 + [0, 1, 2])
    answers = np.array([0, 1, 2] * 10 + [1, 2, 0])
    is_heavy = np.arange(33) >= 30

    assert metrics_of_parts(truth, np.eye(3)[answers], is_heavy)["f1_macro"] == 0.5
    none = np.zeros(33, dtype=bool)
    assert metrics_of_parts(truth, np.eye(3)[answers], none) == trial_metrics(truth, np.eye(3)[answers])
