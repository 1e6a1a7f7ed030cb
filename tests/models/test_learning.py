"""What the trainings of all models share: the temperature and the targets."""

import numpy as np
import pytest

from models.calibration import best_temperature, soften
from models.learning import soft_targets


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
