"""The picture of the behavioural suite: each model's pass rate by capability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sentiment.evaluation.behaviour_report import metric_of
from sentiment.reports.canvas import INK, PAPER, RAMP, add_panel, new_figure, separate_cells

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sentiment.training.comparison import Comparison

_DARK_CELL = 0.82
_LEAST = 0.3  # rates below are drawn as pale as this one


def draw_behaviour(comparison: Comparison) -> Figure:
    """Return a heat map of pass rates: a row per capability, a column per model, hardest on top."""
    cases, models = comparison.behaviour["cases"], comparison.models
    average = {name: np.mean([model.metrics[metric_of(name)] for model in models]) for name in cases}
    names = sorted(cases, key=lambda name: average[name])
    rates = np.array([[model.metrics[metric_of(name)] for model in models] for name in names])
    subtitle = (
        f"{sum(cases.values())} templated cases; the share that each model passes, what is hardest on top"
    )
    figure = new_figure(10, 9, f"Hardest for them: {names[0]}", subtitle)
    panel = add_panel(figure, (0.3, 0.03, 0.67, 0.82))
    panel.imshow(rates, cmap=RAMP, vmin=_LEAST, vmax=1, aspect="auto")
    for (row, column), rate in np.ndenumerate(rates):
        colour = PAPER if rate > _DARK_CELL else INK
        panel.text(column, row, f"{rate:.0%}", ha="center", va="center", size=14, weight="bold", color=colour)
    panel.set_yticks(range(len(names)), [f"{name} ({cases[name]})" for name in names])
    families = [f"{'★ ' * (model.family == comparison.winner)}{model.family}" for model in models]
    panel.set_xticks(range(len(models)), families)
    panel.xaxis.tick_top()
    separate_cells(panel, *rates.shape)
    panel.tick_params(labelsize=14)
    return figure
