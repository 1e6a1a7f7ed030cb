"""Calibration of scores by one temperature, learned from the validation texts; it changes no label.

Source: Guo et al. 2017, On Calibration of Modern Neural Networks.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from models.text import Scores

TEMPERATURES = (0.25, 4.0)
_LEAST_SCORE = 1e-12


def soften(scores: Scores, temperature: float) -> Scores:
    """Return scores at a temperature: above 1 less sure, below 1 surer, in the same order.

    >>> soften(np.array([[0.8, 0.2]]), 2).round(3).tolist()
    [[0.667, 0.333]]
    """
    logits = np.log(np.maximum(scores, _LEAST_SCORE)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    softened: Scores = powers / powers.sum(axis=1, keepdims=True)
    return softened


def best_temperature(
    scores: Scores, truth: NDArray[np.int64], weights: NDArray[np.float64] | None = None
) -> float:
    """Return the temperature, within TEMPERATURES, at which the true labels are likeliest.

    `weights` say how much each text counts; None: all the same.
    """
    from scipy.optimize import minimize_scalar  # here, because serving needs no SciPy

    def mean_log_loss(log_temperature: float) -> float:
        likelihoods = soften(scores, math.exp(log_temperature))[np.arange(len(truth)), truth]
        return -float(np.average(np.log(likelihoods), weights=weights))

    bounds = tuple(math.log(bound) for bound in TEMPERATURES)
    return math.exp(minimize_scalar(mean_log_loss, bounds=bounds, method="bounded").x)
