"""The picture of the behavioural suite: the share of the cases that each model passes, by capability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sentiment.evaluation.behaviour_report import metric_of
from sentiment.reports.canvas import INK, PAPER, RAMP, add_panel, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sentiment.training.comparison import Comparison

_DARK_CELL = 0.82
_LEAST = 0.3  # rates below are drawn as pale as this one


def draw_behaviour(comparison: Comparison) -> Figure:
    """Return a table of colours, a row per capability and a column per model, what all pass at the bottom."""
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
    panel.set_xticks(
        range(len(models)),
        [f"{'★ ' * (model.family == comparison.winner)}{model.family}" for model in models],
    )
    panel.xaxis.tick_top()
    panel.set_xticks(np.arange(len(models) - 1) + 0.5, minor=True)
    panel.set_yticks(np.arange(len(names) - 1) + 0.5, minor=True)
    panel.grid(which="minor", color=PAPER, linewidth=3)
    panel.tick_params(which="both", length=0, labelsize=14)
    return figure
