"""The picture of the loop: macro F1 in production against the labels that people gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sentiment.gate.verdict import Decision
from sentiment.reports.canvas import (
    ACCENT,
    INK,
    LABEL_COLOURS,
    QUIET,
    add_panel,
    as_png,
    name_axes,
    new_figure,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.loop_weeks import Week

_COLOURS = (ACCENT, LABEL_COLOURS["negative"], LABEL_COLOURS["positive"], QUIET)


def draw_curves(lived: Mapping[tuple[str, int], Sequence[Week]], ends: tuple[float, float]) -> bytes:
    """Return a PNG: challengers by labels for each way to draw, promotions as filled points.

    `ends` are the macro F1 of the champion of the base, and of the model of all traffic.
    """
    figure = new_figure(
        12, 7, "What labels are worth", "macro F1 in production of each week's challenger; filled: promoted"
    )
    panel = add_panel(figure, (0.08, 0.12, 0.62, 0.68))
    start, bound = (100 * end for end in ends)
    names = list(dict.fromkeys(draw for draw, _ in lived))
    for name, colour in zip(names, _COLOURS, strict=False):
        runs = [weeks for (draw, _), weeks in lived.items() if draw == name]
        labels = [0, *(week.labels for week in runs[0])]
        heights = [start, *(100 * np.mean([[week.challenger for week in run] for run in runs], axis=0))]
        panel.plot(labels, heights, color=colour, linewidth=2.5)
        for number, week in enumerate(runs[0], start=1):
            is_promoted = week.decision is Decision.PROMOTE
            face = colour if is_promoted else "white"
            panel.plot(
                labels[number], heights[number], "o", color=colour, markerfacecolor=face, markersize=10
            )
        panel.plot([], [], color=colour, linewidth=2.5, label=f"{name}: {heights[-1]:.1f}")
    for height, style, words in ((bound, "--", "all labels of the traffic"), (start, ":", "no labels")):
        panel.axhline(height, color=QUIET, linestyle=style, linewidth=1.2)
        panel.text(labels[-1] * 1.06, height, f"{words}: {height:.1f}", size=13, color=QUIET, va="center")
    panel.legend(
        loc="center left",
        bbox_to_anchor=(1.03, 0.55),
        frameon=False,
        fontsize=13,
        labelcolor=INK,
        title="how labels are drawn",
        title_fontsize=13,
        alignment="left",
    )
    name_axes(panel, "labels given by people", "macro F1, points")
    return as_png(figure)
